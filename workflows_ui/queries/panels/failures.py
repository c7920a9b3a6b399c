from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Min, QuerySet
from django.utils import timezone
from django.utils.text import get_text_list

from workflows_ui.models import SeenInstance
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.charts import PERIODS
from workflows_ui.presenters.failures import pattern_of
from workflows_ui.presenters.words import number
from workflows_ui.queries.panels.seen import (
    SeenLine,
    chosen,
    period_of,
    rows_of,
    seen_line,
    watched_at,
)
from workflows_ui.watching import Board

NEWEST = 3
"""Where there are more kinds than rows, one row of so many is for those that began last: a new
error is seen although others are more frequent."""
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failures of one kind: how many, since when, of which workflows, and the latest of them."""

    count: int
    first: datetime | None
    last: datetime | None
    sample: SeenLine
    text: str
    url: str
    of: str

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
    groups = shown(told, rows_of(settings))
    every = told.aggregate(kinds=Count("fingerprint", distinct=True), count=Count("pk"))
    unread = failed.filter(fingerprint="").count()
    places = places_of(failed, groups)
    samples = SeenInstance.objects.in_bulk([group["sample"] for group in groups])
    name = next(name for name, one in PERIODS.items() if one == period)
    globs = [("workflow", glob) for glob in settings.get("workflows") or ()]
    asked = urlencode([("period", name), *globs])
    return {
        "groups": [
            group_of(board, group, samples[group["sample"]], asked, place)
            for group, place in zip(groups, places, strict=True)
        ],
        "more_kinds": every["kinds"] - len(groups),
        "more": every["count"] - sum(group["count"] for group in groups),
        "unread": unread,
        "total": every["count"] + unread,
        "period": period,
        "watched": watched_at(board.account, settings),
    }


def shown(told: QuerySet[SeenInstance], most: int) -> Sequence[Mapping[str, Any]]:
    """At most so many kinds, the most frequent first."""
    kinds = (
        told.order_by()
        .values("fingerprint")
        .annotate(count=Count("pk"), first=Min("ended"), last=Max("ended"), sample=Max("pk"))
        .annotate(workflows=Count("workflow", distinct=True))
    )
    by_count = kinds.order_by("-count", "-last")
    found = list(by_count[: most + 1])
    if len(found) <= most:
        return found
    frequent = found[: most - most // NEWEST]
    rest = kinds.exclude(fingerprint__in=[kind["fingerprint"] for kind in frequent])
    newest = sorted(rest.order_by("-first")[: most // NEWEST], key=lambda kind: -kind["count"])
    return [*frequent, *newest]


def places_of(failed: QuerySet[SeenInstance], groups: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Of which workflows each kind is: by name, or how many where they are more than a few."""
    few = [group["fingerprint"] for group in groups if group["workflows"] <= MOST_NAMED]
    found = failed.filter(fingerprint__in=few).order_by("workflow")
    names: dict[str, list[str]] = {}
    for kind, workflow in found.values_list("fingerprint", "workflow").distinct():
        names.setdefault(kind, []).append(workflow)
    for group in groups:
        named = names.get(group["fingerprint"])
        yield get_text_list(named, "and") if named else f"{number(group['workflows'])} workflows"


def group_of(
    board: Board, group: Mapping[str, Any], sample: SeenInstance, asked: str, of: str
) -> FailureGroup:
    page = address_of("failure-group", board.slug, sample.fingerprint)
    return FailureGroup(
        count=group["count"],
        first=group["first"],
        last=group["last"],
        sample=seen_line(sample, board.slug),
        text=pattern_of(sample.error_message),
        url=f"{page}?{asked}" if page else "",
        of=of,
    )
