from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.audit import acts
from console.audit.queries import Filter
from workflows_ui.presenters.trail import act_line
from workflows_ui.watching import Board

MOST = 30


def read(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Who did what lately, from the trail."""
    most = min(int(settings.get("rows") or 10), MOST)
    page = acts.acts(Filter(account_ids=[board.account.pk]), acts.Place())
    return {"lines": [act_line(act, account=board.slug) for act in page.acts[:most]]}
