from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows_ui.presenters.addresses import address_of
from workflows_ui.queries.boards import all_workflows
from workflows_ui.queries.panels.counts import fits
from workflows_ui.queries.panels.seen import rows_of
from workflows_ui.watching import Board

MOST = 20
"""Of a panel that was not told how many."""


def read(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The next run of every schedule, the soonest first (4.1), and how many are left out."""
    reading = all_workflows(board)
    slug = board.slug
    runs = [
        {
            "workflow": workflow.name,
            "url": address_of("workflow-detail", slug, workflow.name),
            "cron": schedule.cron,
            "at": schedule.next_instance,
        }
        for workflow in reading.value
        if fits(workflow, settings.get("workflows"))
        for schedule in workflow.schedules
    ]
    runs.sort(key=lambda run: (run["at"] is None, run["at"]))
    most = rows_of(settings, MOST)
    return {"runs": runs[:most], "more": max(len(runs) - most, 0), "reading": reading}
