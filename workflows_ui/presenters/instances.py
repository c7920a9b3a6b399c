"""Instances as lists and pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from console.audit.queries import Creator
from workflows_ui.cloudflare import InstanceDetail, InstanceRow
from workflows_ui.models import Snapshot
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.status import Look, look_of
from workflows_ui.presenters.words import CutText, cut

TRIGGERS = {
    "api": ("api", "Created through the API"),
    "binding": ("binding", "Created by a Worker through its binding"),
    "cron": ("cron", "Created by a schedule"),
    "event": ("event", "Created by an event trigger"),
}


@dataclass(frozen=True, slots=True)
class TriggerLook:
    label: str
    icon: str
    title: str


def trigger_look(source: str | None) -> TriggerLook | None:
    if not source:
        return None
    icon, title = TRIGGERS.get(source, ("info", "How it was triggered"))
    return TriggerLook(source, icon, title)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end`; without an end it still goes on."""

    start: datetime | None
    end: datetime | None

    @property
    def length(self) -> timedelta | None:
        return self.end - self.start if self.start and self.end else None


@dataclass(frozen=True, slots=True)
class InstanceLine:
    row: InstanceRow
    id: CutText
    url: str
    look: Look
    span: Span
    trigger: TriggerLook | None
    version: str
    version_url: str
    again: str
    """What names it to the trigger form."""
    by: Creator | None = None


def instance_line(
    row: InstanceRow, *, account: str, workflow: str, by: Creator | None = None
) -> InstanceLine:
    """`by` is who triggered it through the console."""
    version = row.version_id or ""
    return InstanceLine(
        row=row,
        id=cut(row.id),
        url=instance_url(account, workflow, row.id),
        look=look_of(row.status),
        span=Span(row.started_on, row.ended_on),
        trigger=trigger_look(row.trigger_source),
        version=version[:8],
        version_url=version_url(account, workflow, version),
        again=f"?from={quote(row.id, safe='')}",
        by=by,
    )


def instance_url(account: str, workflow: str, instance: str, name: str = "detail") -> str:
    return address_of(f"instance-{name}", account, workflow, instance)


def snapshot_url(snapshot: Snapshot, account: str, name: str = "detail") -> str:
    place = (account, snapshot.workflow, snapshot.instance_id, str(snapshot.pk))
    return address_of(f"snapshot-{name}", *place)


def version_url(account: str, workflow: str, version: str) -> str:
    return address_of("version-detail", account, workflow, version)


def instance_span(detail: InstanceDetail) -> Span:
    """How long it ran; queueing is not running."""
    return Span(detail.start, detail.end)
