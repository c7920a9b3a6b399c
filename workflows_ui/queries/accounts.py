"""Which accounts a person sees first."""

from __future__ import annotations

from dataclasses import dataclass

from console.team.models import Account, Membership, User
from console.team.roles import Role
from console.vault.models import ApiToken
from console.vault.queries import team_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account in the person's list. `token` is their own, None when they have none; `lent_by`
    is who lends one to the team there."""

    account: Account
    role: str
    token: ApiToken | None
    lent_by: str = ""


def accounts_of(user: User) -> list[AccountRow]:
    """The accounts that the person is a member of, by name. No call goes out."""
    memberships = (
        Membership.objects.filter(user=user)
        .select_related("account")
        .order_by("account__name", "account__pk")
    )
    own = ApiToken.objects.filter(owner=user, is_default=True)
    tokens = {token.account_id: token for token in own}
    # the latest lent come first, and the last one written stays
    lent = {
        token.account_id: token.owner.get_username()
        for token in reversed(team_tokens().filter(account__members=user))
    }
    return [
        AccountRow(
            account=membership.account,
            role=Role(membership.role).label,
            token=tokens.get(membership.account_id),
            lent_by=lent.get(membership.account_id, ""),
        )
        for membership in memberships
    ]
