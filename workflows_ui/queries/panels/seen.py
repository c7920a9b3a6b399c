"""What panels ask of the instances that the sampler saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from console.team.models import Account
from workflows_ui.cloudflare import FINISHED
from workflows_ui.models import CountSample, SeenInstance, Span
from workflows_ui.presenters.charts import PERIODS, Period
from workflows_ui.presenters.instances import Span as Length
from workflows_ui.presenters.instances import instance_url
from workflows_ui.presenters.status import Look, look_of
from workflows_ui.presenters.words import CutText, cut
from workflows_ui.queries.history import ALIVE, sampling_of

OVER = (*FINISHED, "gone")
MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class SeenLine:
    """An instance of any workflow, as lists on panels show it."""

    row: SeenInstance
    id: CutText
    url: str
    look: Look
    span: Length


def seen_line(row: SeenInstance, account: str) -> SeenLine:
    return SeenLine(
        row=row,
        id=cut(row.instance_id),
        url=instance_url(account, row.workflow, row.instance_id),
        look=look_of(row.status),
        span=Length(row.started, row.ended),
    )


def fitting_names(account: Account, globs: Sequence[str]) -> list[str] | None:
    """The workflows that were seen lately whose names fit; None when all do."""
    if not globs:
        return None
    lately = timezone.now() - timedelta(days=40)
    names = (
        CountSample.objects.filter(account=account, span=Span.DAY, at__gte=lately)
        .values_list("workflow", flat=True)
        .distinct()
    )
    return [name for name in names if any(fnmatchcase(name, glob) for glob in globs)]


def chosen(account: Account, settings: Mapping[str, Any]) -> QuerySet[SeenInstance]:
    """The instances of the workflows that a panel is set to."""
    rows = SeenInstance.objects.filter(account=account)
    names = fitting_names(account, settings.get("workflows") or ())
    return rows if names is None else rows.filter(workflow__in=names)


def alive(account: Account, settings: Mapping[str, Any]) -> QuerySet[SeenInstance]:
    return chosen(account, settings).exclude(status__in=OVER)


def rows_of(settings: Mapping[str, Any], unset: int = 10) -> int:
    return min(int(settings.get("rows") or unset), MOST_ROWS)


def period_of(settings: Mapping[str, Any]) -> Period:
    return PERIODS.get(str(settings.get("period")), PERIODS["24h"])


@dataclass(frozen=True, slots=True)
class Watched:
    """Every instance was seen since `since` (None: nobody ever watched). `until` is up to when,
    where that is not now: somebody `still` watches and is behind, or nobody does any more."""

    since: datetime | None = None
    until: datetime | None = None
    still: bool = False

    def holds(self, at: datetime, length: timedelta) -> bool:
        """Whether the whole piece of time that begins at `at` was watched, as far as it is over.
        Of the one that goes on, while somebody watches, as far as that somebody is."""
        if self.since is None or at < self.since:
            return False
        if self.until is None or at + length <= self.until:
            return True
        return self.still and at < self.until and at + length > timezone.now()


def watched_at(account: Account, settings: Mapping[str, Any] | None = None) -> Watched:
    """From when to when the account was watched, or those of its workflows that fit a panel's
    settings."""
    sampling = sampling_of(account)
    if sampling is None or sampling.sampled is None:
        return Watched()
    still = sampling.sampled > timezone.now() - ALIVE
    globs = (settings or {}).get("workflows") or ("*",)
    behind = sampling.behind_on(
        name for name in sampling.unread if any(fnmatchcase(name, glob) for glob in globs)
    )
    ends = [None if still else sampling.sampled, behind]
    return Watched(sampling.whole_since, min(filter(None, ends), default=None), still)
