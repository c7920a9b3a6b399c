"""Which accounts a person sees first."""

from __future__ import annotations

from dataclasses import dataclass

from console.team.models import Account, Membership, User
from console.team.roles import Role
from console.vault.models import ApiToken


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account in the person's list. `token` is their own, None when they have none."""

    account: Account
    role: str
    token: ApiToken | None


def accounts_of(user: User) -> list[AccountRow]:
    """The accounts that the person is a member of, by name. No call goes out."""
    memberships = (
        Membership.objects.filter(user=user)
        .select_related("account")
        .order_by("account__name", "account__pk")
    )
    tokens = {token.account_id: token for token in ApiToken.objects.filter(owner=user)}
    return [
        AccountRow(
            account=membership.account,
            role=Role(membership.role).label,
            token=tokens.get(membership.account_id),
        )
        for membership in memberships
    ]
