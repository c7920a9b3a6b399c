from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from workflows_ui.presenters.charts import PERIODS
from workflows_ui.queries.panels.seen import alive, chosen, rows_of, seen_line, watched_at
from workflows_ui.watching import Board

FILTERS = {
    "status": "status",
    "trigger": "trigger_source",
    "version": "version_id__startswith",
    "begins": "instance_id__startswith",
}

LONGEST = {"status": "running"}
"""What it means that a panel was not told: others wait for days and are meant to."""


def read(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The newest instances of all chosen workflows that fit what else the panel is set to."""
    rows = chosen(board.account, settings).filter(**wanted(settings))
    return listed(board, rows.order_by("-created"), settings)


def wanted(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The filters that a panel sets; a panel from before there was one of them sets less."""
    asked = {FILTERS[name]: settings[name] for name in FILTERS if settings.get(name)}
    if period := PERIODS.get(str(settings.get("created"))):
        asked["created__gte"] = timezone.now() - period.length
    return asked


def longest(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those that have been under way for longest; of one status, unless the panel wants all."""
    rows = alive(board.account, settings).filter(started__isnull=False)
    if status := {**LONGEST, **settings}["status"]:
        rows = rows.filter(status=status)
    return listed(board, rows.order_by("started"), settings)


def listed(board: Board, rows: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "lines": [seen_line(row, board.slug) for row in rows[: rows_of(settings)]],
        "watched": watched_at(board.account, settings),
    }
