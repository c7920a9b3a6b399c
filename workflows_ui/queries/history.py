"""What the sampler has kept of an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from console.team.models import Account
from workflows_ui.models import Sampling, SeenInstance

ALIVE = timedelta(minutes=3)
MOST_SHOWN = 100


def sampling_of(account: Account) -> Sampling | None:
    """How far the sampler is; None when it never came by."""
    return Sampling.objects.filter(account=account).first()


@dataclass(frozen=True, slots=True)
class Watch:
    """Whether the account is watched: `alive` when a worker came by in the last minutes, `problem`
    when it could not look."""

    alive: bool
    problem: str
    whole_since: datetime | None


def watch_of(account: Account) -> Watch:
    """How the sampler of the account is doing."""
    found = sampling_of(account)
    if found is None:
        return Watch(False, "", None)
    alive = found.tried is not None and found.tried > timezone.now() - ALIVE
    return Watch(alive, found.problem, found.whole_since)


@dataclass(frozen=True, slots=True)
class FailuresLike:
    """Failures of one kind. At most MOST_SHOWN are in `by_workflow`; `total` counts all."""

    by_workflow: dict[str, list[SeenInstance]]
    total: int
    sample: SeenInstance | None


def failures_like(account: Account, fingerprint: str) -> FailuresLike:
    """The latest failures with this fingerprint that are still errored, as last seen."""
    rows = SeenInstance.objects.filter(
        account=account, fingerprint=fingerprint, status="errored"
    ).order_by("-ended")
    by_workflow: dict[str, list[SeenInstance]] = {}
    for row in rows[:MOST_SHOWN]:
        by_workflow.setdefault(row.workflow, []).append(row)
    return FailuresLike(by_workflow, rows.count(), rows.first())
