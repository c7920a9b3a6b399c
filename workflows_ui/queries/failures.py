"""Failures of one kind, as the sampler saw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.utils import timezone

from console.team.models import Account
from workflows_ui.models import SeenInstance
from workflows_ui.presenters.failures import pattern_of
from workflows_ui.queries.panels.seen import chosen

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class FailuresLike:
    """At most MOST_SHOWN are in `by_workflow`; `total` counts all that were asked for, `ever` those
    of any time and workflow. `sample` is the latest of these."""

    by_workflow: dict[str, list[SeenInstance]]
    total: int
    ever: int
    sample: SeenInstance
    oldest: datetime | None

    @property
    def text(self) -> str:
        """The message without what differs from one to the next."""
        return pattern_of(self.sample.error_message)

    @property
    def shown(self) -> int:
        return min(self.total, MOST_SHOWN)

    @property
    def cut(self) -> bool:
        return self.total > self.shown


def failures_like(
    account: Account,
    fingerprint: str,
    *,
    within: timedelta | None = None,
    workflows: Sequence[str] = (),
) -> FailuresLike | None:
    """The latest failures of the kind that are still errored, as last seen: those of the last time
    and of the workflows that are asked for. None when there is none at all."""
    alike = SeenInstance.objects.filter(account=account, fingerprint=fingerprint, status="errored")
    sample = alike.order_by("-ended").first()
    if sample is None:
        return None
    asked = chosen(account, {"workflows": workflows}).filter(pk__in=alike.values("pk"))
    if within is not None:
        asked = asked.filter(ended__gte=timezone.now() - within)
    by_workflow: dict[str, list[SeenInstance]] = {}
    for row in asked.order_by("-ended")[:MOST_SHOWN]:
        by_workflow.setdefault(row.workflow, []).append(row)
    every = asked.aggregate(total=Count("pk"), oldest=Min("read"))
    return FailuresLike(
        by_workflow, every["total"], alike.count(), sample=sample, oldest=every["oldest"]
    )
