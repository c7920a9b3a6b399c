"""Panels over time: how much ends how, and how long it takes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from workflows_ui.models import EndedRun, SeenInstance
from workflows_ui.presenters.charts import Column, Period, Series, lines, stacked
from workflows_ui.queries.panels.seen import Watched, fitting_names, period_of, watched_at
from workflows_ui.watching import Board

ENDINGS = ("complete", "errored", "terminated")
ENDED = tuple(map(Series, ENDINGS, ("good", "bad", "muted")))
TOOK = (Series("median", "info"), Series("p95", "warn"))
MOST_ROWS = 50_000


def throughput(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """How many instances ended in each piece of the period, and how."""
    period, watched = period_of(settings), watched_at(board.account, settings)
    buckets = period.buckets(timezone.now())
    rows = ended_since(buckets[0], board, settings, ENDINGS, "status")
    watched = as_far_as(rows, watched)
    counts = [dict.fromkeys(ENDINGS, 0) for _ in buckets]
    for at, status in rows:
        counts[place_in(buckets, at)][status] += 1
    columns = [
        column(at, period, watched, tuple(count[name] for name in ENDINGS))
        for at, count in zip(buckets, counts, strict=True)
    ]
    known = [count for count, piece in zip(counts, columns, strict=True) if piece.known]
    total = sum(sum(count.values()) for count in known)
    failed = sum(count["errored"] for count in known)
    return {
        "chart": stacked(columns, ENDED),
        "total": total,
        "failed": failed,
        "rate": failed / total * 100 if total else None,
        "covered": covered(columns, period),
        "period": period,
        "watched": watched,
    }


def durations(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """How long instances took that ended in each piece of the period: median and p95."""
    period, watched = period_of(settings), watched_at(board.account, settings)
    buckets = period.buckets(timezone.now())
    rows = ended_since(buckets[0], board, settings, ("complete",), "started")
    watched = as_far_as(rows, watched)
    took: list[list[float]] = [[] for _ in buckets]
    for end, start in (row for row in rows if row[1]):
        took[place_in(buckets, end)].append((end - start).total_seconds())
    columns = [
        column(at, period, watched, middle_and_tail(values) if values else (None, None))
        for at, values in zip(buckets, took, strict=True)
    ]
    known = [values for values, piece in zip(took, columns, strict=True) if piece.known]
    everything = [value for values in known for value in values]
    return {
        "chart": lines(columns, TOOK),
        "all": middle_and_tail(everything) if everything else None,
        "count": len(everything),
        "covered": covered(columns, period),
        "period": period,
        "watched": watched,
    }


def middle_and_tail(values: Sequence[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    return median(values), quantiles(values, n=20, method="inclusive")[-1]


def place_in(buckets: Sequence[datetime], at: datetime) -> int:
    return max(bisect_right(buckets, at) - 1, 0)


def ended_since(
    since: datetime, board: Board, settings: Mapping[str, Any], statuses: Sequence[str], what: str
) -> list[Any]:
    """When runs of the chosen workflows ended, and one thing more of each; the newest, where they
    are too many to go through. Those of instances that run again, or are gone, are among them."""
    asked: dict[str, Any] = {"account": board.account, "status__in": statuses, "ended__gte": since}
    names = fitting_names(board.account, settings.get("workflows") or ())
    if names is not None:
        asked["workflow__in"] = names
    same = SeenInstance.objects.filter(
        **{name: OuterRef(name) for name in ("account", "workflow", "instance_id", "ended")},
        status__in=ENDINGS,
    )
    last = SeenInstance.objects.filter(**asked).values_list("ended", what)
    before = EndedRun.objects.filter(~Exists(same), **asked).values_list("ended", what)
    return list(last.union(before, all=True).order_by("-ended")[:MOST_ROWS])


def as_far_as(rows: Sequence[Any], watched: Watched) -> Watched:
    """What the rows tell of: no more than they reach back to, where older ones were left out."""
    if len(rows) < MOST_ROWS or watched.since is None:
        return watched
    return replace(watched, since=max(watched.since, rows[-1][0]))


def covered(columns: Sequence[Column], period: Period) -> timedelta:
    """How much of the period the pieces tell of that were watched."""
    return sum(column.known for column in columns) * period.step


def column(
    at: datetime, period: Period, watched: Watched, values: tuple[float | None, ...]
) -> Column:
    """A piece of the chart, without values where it was not watched."""
    known = watched.holds(at, period.step)
    return Column(at, values if known else (None,) * len(values), known=known)
