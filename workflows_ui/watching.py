"""Whose eyes a dashboard looks with.

What panels read of the API is read with one token for everybody who watches, so that a viewer more
is not a call more: the one that the dashboard's owner lent, else the viewer's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from console.team.models import Account, User
from workflows_ui import cloudflare as cf
from workflows_ui.access import Seat, TokenMissing, local_api, member_upstream


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What panels are read with. `api` is None when no token is at hand: a panel that needs it
    says so, the others work."""

    account: Account
    api: cf.WorkflowsApi | None
    reader: str


def watching(seat: Seat, owner: User) -> Board:
    """What a member watches a dashboard of `owner` with."""
    try:
        api, reader = member_upstream(seat.user.pk, seat.account)
    except TokenMissing:
        return Board(account=seat.account, api=None, reader=f"none{seat.account.pk}")
    return Board(account=seat.account, api=api, reader=reader)


def sampling_api(account: Account) -> cf.WorkflowsApi | None:
    """The client that the sampler looks at the account with; None when nobody lent a token."""
    if account.kind == Account.Kind.LOCAL:
        return local_api(account.base_url)
    return None
