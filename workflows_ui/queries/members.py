"""Who belongs to an account."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from allauth.mfa.models import Authenticator

from console.team.models import Account, Invitation, Membership
from console.team.queries import open_invitations
from console.vault.models import ApiToken
from console.vault.queries import lent_to_team, team_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """A member as everybody of the account may see them. `token` says whose they act with."""

    membership: Membership
    name: str
    role: str
    token: str
    second_factor: bool


def members_of(account: Account) -> list[MemberRow]:
    """The account's members by name. No call goes out."""
    memberships = (
        Membership.objects.filter(account=account).select_related("user").order_by("user__username")
    )
    words = token_words(account)
    protected = second_factors(one.user_id for one in memberships)
    return [
        MemberRow(
            membership=one,
            name=one.user.get_username(),
            role=one.get_role_display(),
            token=words(one.user_id),
            second_factor=one.user_id in protected,
        )
        for one in memberships
    ]


def second_factors(users: Iterable[int]) -> set[int]:
    """Which of these users have one; recovery codes alone are none."""
    factors = Authenticator.objects.filter(user_id__in=list(users)).exclude(
        type=Authenticator.Type.RECOVERY_CODES
    )
    return set(factors.values_list("user_id", flat=True))


def token_words(account: Account) -> Callable[[int], str]:
    """Whose token each user acts with there, in a word or two."""
    if not account.needs_token:
        return lambda user: "needs none"
    owners = set(ApiToken.objects.filter(account=account).values_list("owner_id", flat=True))
    lent = lent_to_team(account)
    lenders = set(team_tokens().filter(account=account).values_list("owner_id", flat=True))

    def word(user: int) -> str:
        if user in owners:
            return "own, lent to the team" if user in lenders else "own"
        return f"lent by {lent.owner.get_username()}" if lent else "none"

    return word


def member_of(account: Account, member: int) -> Membership | None:
    """One membership of the account by its id."""
    return (
        Membership.objects.select_related("user", "account")
        .filter(account=account, pk=member)
        .first()
    )


def invitations_of(account: Account) -> list[Invitation]:
    """The account's invitations that may still be used, newest first."""
    return list(open_invitations().filter(account=account))


def invitation_of(account: Account, invitation: int) -> Invitation | None:
    """One of them by its id."""
    return open_invitations().filter(account=account, pk=invitation).first()
