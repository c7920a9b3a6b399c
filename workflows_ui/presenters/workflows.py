"""Workflows as the pages show them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from workflows_ui.cloudflare import Schedule, Workflow
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.status import LOOKS, Look, look_of


@dataclass(frozen=True, slots=True)
class Segment:
    """One status of a counts bar; `x` and `width` are shares of 100."""

    look: Look
    count: int
    x: float
    width: float
    url: str


@dataclass(frozen=True, slots=True)
class WorkflowLine:
    workflow: Workflow
    url: str
    counts: tuple[Segment, ...] | None
    total: int
    next_run: Schedule | None

    @property
    def live(self) -> bool:
        return any(segment.look.live for segment in self.counts or ())

    @property
    def last_trigger(self) -> datetime | None:
        return self.workflow.triggered_on


def workflow_line(workflow: Workflow, *, account: str) -> WorkflowLine:
    url = address_of("workflow-detail", account, workflow.name)
    counts = None if workflow.instances is None else segments(workflow.instances, url)
    return WorkflowLine(
        workflow=workflow,
        url=url,
        counts=counts,
        total=sum((workflow.instances or {}).values()),
        next_run=next_run(workflow.schedules),
    )


def next_run(schedules: tuple[Schedule, ...]) -> Schedule | None:
    """The schedule that fires first; any of them when the API tells no moments."""
    coming = [(schedule.next_instance, schedule) for schedule in schedules]
    timed = [(moment, schedule) for moment, schedule in coming if moment]
    if timed:
        return min(timed, key=lambda pair: pair[0])[1]
    return schedules[0] if schedules else None


def in_order(statuses: Collection[str]) -> list[str]:
    """The statuses in the order of a life, those that nobody knows last."""
    known = [status for status in LOOKS if status in statuses]
    return known + [status for status in statuses if status not in LOOKS]


def segments(instances: Mapping[str, int], url: str) -> tuple[Segment, ...]:
    """The statuses that have instances, in their order.

    A status with any instance at all keeps a visible width, whatever the others have.
    """
    present = {status: count for status, count in instances.items() if count > 0}
    ordered = in_order(present)
    total = sum(present.values())
    least = 3.0
    shares = [max(present[status] / total * 100, least) for status in ordered]
    scale = 100 / sum(shares) if shares else 1
    found, x = [], 0.0
    for status, share in zip(ordered, shares, strict=True):
        width = share * scale
        link = f"{url}?status={status}" if url else ""
        found.append(Segment(look_of(status), present[status], round(x, 2), round(width, 2), link))
        x += width
    return tuple(found)
