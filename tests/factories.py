"""Rows for tests: plain functions, every value may be given."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.utils import timezone

from console.team.models import Account, Membership, User
from console.team.roles import Role
from console.vault import services as vault
from console.vault.models import ACTIVE, ApiToken

PASSWORD = "correct horse battery"
TOKEN = "simulator-token"
ACCOUNT_ID = "0123456789abcdef0123456789abcdef"

_number = count(1)


def make_user(username: str = "", **values: Any) -> User:
    name = username or f"user-{next(_number)}"
    return User.objects.create_user(name, password=values.pop("password", PASSWORD), **values)


def make_account(**values: Any) -> Account:
    given = {
        "slug": f"account-{next(_number)}",
        "name": "Acme",
        "kind": Account.Kind.CLOUDFLARE,
        "base_url": "http://127.0.0.1:9/client/v4",
        "account_id": ACCOUNT_ID,
    }
    return Account.objects.create(**(given | values))


def make_membership(
    account: Account, user: User, role: str = Role.VIEWER, **values: Any
) -> Membership:
    """A membership, seen a moment ago: looking writes nothing."""
    given = {"seen": timezone.now()} | values
    return Membership.objects.create(account=account, user=user, role=role, **given)


def make_token(owner: User, account: Account, token: str = TOKEN, **values: Any) -> ApiToken:
    """A sealed token, just verified as active."""
    return vault.token_add(
        owner=owner, account=account, token=token, **({"status": ACTIVE} | values)
    )
