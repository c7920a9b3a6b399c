"""Panels over time: how much ends how, and how long it takes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median, quantiles
from typing import Any

from django.utils import timezone

from workflows_ui.presenters.charts import Column, Period, lines, stacked
from workflows_ui.queries.panels.seen import chosen, period_of, watched_since
from workflows_ui.watching import Board

ENDINGS = ("complete", "errored", "terminated")
TONES = ("good", "bad", "muted")
MOST_ROWS = 50_000


def throughput(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """How many instances ended in each piece of the period, and how."""
    period, since = period_of(settings), watched_since(board.account)
    buckets = period.buckets(timezone.now())
    counts = [dict.fromkeys(ENDINGS, 0) for _ in buckets]
    ended = chosen(board.account, settings).filter(ended__gte=buckets[0], status__in=ENDINGS)
    for at, status in ended.order_by().values_list("ended", "status")[:MOST_ROWS]:
        if at:
            counts[place_in(buckets, at)][status] += 1
    columns = [
        Column(at, tuple(count[name] if watched(at, period, since) else None for name in ENDINGS))
        for at, count in zip(buckets, counts, strict=True)
    ]
    total = sum(sum(count.values()) for count in counts)
    failed = sum(count["errored"] for count in counts)
    return {
        "chart": stacked(columns, TONES),
        "names": ENDINGS,
        "total": total,
        "failed": failed,
        "rate": failed / total * 100 if total else None,
        "period": period,
        "since": since,
    }


def durations(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """How long instances took that ended in each piece of the period: median and p95."""
    period, since = period_of(settings), watched_since(board.account)
    buckets = period.buckets(timezone.now())
    took: list[list[float]] = [[] for _ in buckets]
    ended = chosen(board.account, settings).filter(
        ended__gte=buckets[0], status="complete", started__isnull=False
    )
    for start, end in ended.order_by().values_list("started", "ended")[:MOST_ROWS]:
        if start and end:
            took[place_in(buckets, end)].append((end - start).total_seconds())
    columns = [
        Column(at, middle_and_tail(values) if values else (None, None))
        for at, values in zip(buckets, took, strict=True)
    ]
    everything = [value for values in took for value in values]
    return {
        "chart": lines(columns, ("info", "warn")),
        "names": ("median", "p95"),
        "all": middle_and_tail(everything) if everything else None,
        "count": len(everything),
        "period": period,
        "since": since,
    }


def middle_and_tail(values: Sequence[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    return median(values), quantiles(values, n=20, method="inclusive")[-1]


def place_in(buckets: Sequence[datetime], at: datetime) -> int:
    return max(bisect_right(buckets, at) - 1, 0)


def watched(at: datetime, period: Period, since: datetime | None) -> bool:
    """Whether the whole piece that begins at `at` was watched."""
    return since is not None and at + period.step > since
