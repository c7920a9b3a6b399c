from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows_ui.queries.panels.seen import alive, chosen, rows_of, seen_line, watched_at
from workflows_ui.watching import Board


def read(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The newest instances of all chosen workflows, of one status or of any."""
    rows = chosen(board.account, settings)
    if status := settings.get("status"):
        rows = rows.filter(status=status)
    return listed(board, rows.order_by("-created"), settings)


def longest(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those that have been under way for longest."""
    rows = alive(board.account, settings).filter(started__isnull=False)
    return listed(board, rows.order_by("started"), settings)


def listed(board: Board, rows: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "lines": [seen_line(row, board.slug) for row in rows[: rows_of(settings)]],
        "watched": watched_at(board.account),
    }
