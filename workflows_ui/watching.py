"""Whose eyes a dashboard looks with.

What panels read of the API is read with one token for everybody who watches, so that a viewer more
is not a call more: the one that the dashboard's owner lent, else the viewer's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from console.team.models import Account, User
from console.vault.queries import lent_to_dashboards, token_for
from workflows_ui import cloudflare as cf
from workflows_ui.access import Seat, local_api, metered_api, reader_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What panels are read with. `api` is None when no token is at hand: a panel that needs it
    says so, the others work."""

    account: Account
    api: cf.WorkflowsApi | None
    reader: str


def watching(seat: Seat, owner: User) -> Board:
    """What a member watches a dashboard of `owner` with."""
    account = seat.account
    if account.kind == Account.Kind.LOCAL:
        return Board(account=account, api=local_api(account.base_url), reader=f"l{account.pk}")
    token = lent_to_dashboards(account, owner) or token_for(seat.user, account)
    if token is None:
        return Board(account=account, api=None, reader=f"none{account.pk}")
    api = metered_api(token, account, person=seat.user.pk)
    return Board(account=account, api=api, reader=reader_of(token))


def sampling_api(account: Account) -> cf.WorkflowsApi | None:
    """The client that the sampler looks at the account with; None when nobody lent a token."""
    if account.kind == Account.Kind.LOCAL:
        return local_api(account.base_url)
    token = lent_to_dashboards(account)
    return metered_api(token, account, person=token.owner_id) if token else None
