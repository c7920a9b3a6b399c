"""Whose eyes a dashboard looks with.

What panels read of the API is read with one token for everybody who watches, so that a viewer more
is not a call more: the one that the dashboard's owner lends, else the viewer's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from console.team.models import Account, User
from console.vault.models import ApiToken
from console.vault.queries import lent_to_dashboards, token_for
from workflows_ui import cloudflare as cf
from workflows_ui.access import Seat, local_api, metered_api, reader_of
from workflows_ui.budget import SAMPLER, WALL
from workflows_ui.models import Dashboard

PACE = 5
"""Seconds between two ticks of a dashboard, unless the person chose another rate."""
EARLY = 0.5
"""Seconds by which an answer may come late, and the next tick is still answered anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What panels are read with. `api` is None when no token is at hand: a panel that needs it
    says so, the others work. An answer is `fresh` until the one who got it asks again: with a
    shorter time each of many who watch would find it stale in turn, and make a call."""

    account: Account
    api: cf.WorkflowsApi | None
    reader: str
    fresh: float = PACE - EARLY
    linked: bool = True

    @property
    def slug(self) -> str:
        """Where links begin. Empty for who has no log-in: then no address is one (`address_of`)."""
        return self.account.slug if self.linked else ""

    @property
    def metered(self) -> str:
        """The reader whose calls are counted against a budget; empty where nothing is."""
        return self.reader if self.api is not None and self.account.needs_token else ""


def watching(seat: Seat, dashboard: Dashboard) -> Board:
    """What a member watches a dashboard with. Raises CannotOpen."""
    account = seat.account
    if account.kind == Account.Kind.LOCAL:
        return at_pace(local_board(account), seat.user)
    lent = lent_by_owner(account, dashboard) if dashboard.shared else None
    token = lent or token_for(seat.user, account)
    return at_pace(board_of(account, token, person=seat.user.pk), seat.user)


def at_pace(board: Board, person: User) -> Board:
    """For a person who chose to ask more often."""
    return replace(board, fresh=min(person.refresh_seconds or PACE, PACE) - EARLY)


def wall_board(dashboard: Dashboard) -> Board:
    """What somebody watches a dashboard with who is not logged in: what its owner lends, or
    nothing, and no way into the console. Raises CannotOpen."""
    account = dashboard.account
    if account.kind == Account.Kind.LOCAL:
        return replace(local_board(account), linked=False)
    lent = lent_by_owner(account, dashboard)
    return replace(board_of(account, lent, person=WALL), linked=False)


def lent_by_owner(account: Account, dashboard: Dashboard) -> ApiToken | None:
    return lent_to_dashboards(account, dashboard.owner_id)


def sampling_board(account: Account) -> Board:
    """What the sampler looks at the account with: a token that any member lends, or nothing.
    Raises CannotOpen."""
    if account.kind == Account.Kind.LOCAL:
        return local_board(account)
    return board_of(account, lent_to_dashboards(account), person=SAMPLER)


def local_board(account: Account) -> Board:
    return Board(account=account, api=local_api(account.base_url), reader=f"l{account.pk}")


def board_of(account: Account, token: ApiToken | None, *, person: int) -> Board:
    if token is None:
        return Board(account=account, api=None, reader=f"nobody{account.pk}")
    api = metered_api(token, account, person=person)
    return Board(account=account, api=api, reader=reader_of(token))
