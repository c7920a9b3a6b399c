from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from console.audit import acts
from console.audit.queries import Filter
from workflows_ui.presenters.trail import act_line
from workflows_ui.queries.panels.seen import rows_of
from workflows_ui.watching import Board

SUBJECTS = ("instance", "batch", "workflow")
"""What else is in the trail is not for everybody who watches: titles of private dashboards,
refusals, members."""
MOST_PAGES = 4


def read(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Who did what to workflows and instances lately, from the trail."""
    latest = islice(acts_on_workflows(board.account.pk), rows_of(settings))
    return {"lines": [act_line(act, account=board.slug) for act in latest]}


def acts_on_workflows(account_id: int) -> Iterator[acts.Told]:
    """Newest first, among the latest of the account."""
    place = acts.NEWEST
    for _ in range(MOST_PAGES):
        page = acts.acts(Filter(account_ids=[account_id]), place)
        for act in page.acts:
            if act.head.action.partition(":")[0] in SUBJECTS:
                yield act
        if page.older is None:
            return
        place = acts.Place(before=page.older)
