from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Min

from workflows_ui.presenters.addresses import address_of
from workflows_ui.queries.panels.seen import alive, rows_of, watched_at
from workflows_ui.watching import Board

MOST = 20
"""Of a panel that was not told how many."""


def read(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Which events are waited for, by how many instances, since when, the oldest first; how many
    events are left out; and how many instances wait for what was not read yet."""
    waiting = alive(board.account, settings)
    events = (
        waiting.exclude(waits_for="")
        .order_by()
        .values("workflow", "waits_for")
        .annotate(count=Count("pk"), oldest=Min("started"))
        .order_by("oldest")
    )
    most = rows_of(settings, MOST)
    groups = list(events[:most])
    slug = board.slug
    return {
        "groups": [
            {**group, "url": address_of("workflow-detail", slug, group["workflow"])}
            for group in groups
        ],
        "more": events.count() - most if len(groups) == most else 0,
        "unread": waiting.filter(status="waiting", looked_into=None).count(),
        "watched": watched_at(board.account, settings),
    }
