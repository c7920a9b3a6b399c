from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Min, QuerySet
from django.utils import timezone

from workflows_ui.models import SeenInstance
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.charts import PERIODS
from workflows_ui.presenters.failures import pattern_of
from workflows_ui.queries.panels.seen import (
    SeenLine,
    chosen,
    period_of,
    seen_line,
    watched_at,
)
from workflows_ui.watching import Board

MOST, NEWEST = 10, 3
"""How many kinds are shown. Where there are more, the last places are for those that began last:
a new error is seen although others are more frequent."""


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failures of one kind: how many, since when, and the latest of them."""

    count: int
    first: datetime | None
    last: datetime | None
    sample: SeenLine
    text: str
    url: str

    @property
    def row(self) -> SeenInstance:
        return self.sample.row


def read(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What failed in the period, grouped by error and step, the most frequent first; and how many
    kinds and failures are left out."""
    period = period_of(settings)
    failed = chosen(board.account, settings).filter(
        status="errored", ended__gte=timezone.now() - period.length
    )
    told = failed.exclude(fingerprint="")
    groups = shown(told)
    every = told.aggregate(kinds=Count("fingerprint", distinct=True), count=Count("pk"))
    unread = failed.filter(fingerprint="").count()
    samples = SeenInstance.objects.in_bulk([group["sample"] for group in groups])
    name = next(name for name, one in PERIODS.items() if one == period)
    globs = [("workflow", glob) for glob in settings.get("workflows") or ()]
    asked = urlencode([("period", name), *globs])
    return {
        "groups": [group_of(board, group, samples[group["sample"]], asked) for group in groups],
        "more_kinds": every["kinds"] - len(groups),
        "more": every["count"] - sum(group["count"] for group in groups),
        "unread": unread,
        "total": every["count"] + unread,
        "period": period,
        "watched": watched_at(board.account),
    }


def shown(told: QuerySet[SeenInstance]) -> Sequence[Mapping[str, Any]]:
    """At most MOST kinds, the most frequent first."""
    kinds = (
        told.order_by()
        .values("fingerprint")
        .annotate(count=Count("pk"), first=Min("ended"), last=Max("ended"), sample=Max("pk"))
    )
    by_count = kinds.order_by("-count", "-last")
    found = list(by_count[: MOST + 1])
    if len(found) <= MOST:
        return found
    frequent = found[: MOST - NEWEST]
    rest = kinds.exclude(fingerprint__in=[kind["fingerprint"] for kind in frequent])
    newest = sorted(rest.order_by("-first")[:NEWEST], key=lambda kind: -kind["count"])
    return [*frequent, *newest]


def group_of(
    board: Board, group: Mapping[str, Any], sample: SeenInstance, asked: str
) -> FailureGroup:
    page = address_of("failure-group", board.slug, sample.fingerprint)
    return FailureGroup(
        count=group["count"],
        first=group["first"],
        last=group["last"],
        sample=seen_line(sample, board.slug),
        text=pattern_of(sample.error_message),
        url=f"{page}?{asked}" if page else "",
    )
