"""An instance's story: what people did to it and what the engine did, in one order of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.audit.actions import AuditAction
from console.audit.acts import Told
from workflows_ui.cloudflare import InstanceDetail
from workflows_ui.presenters.status import look_of
from workflows_ui.presenters.trail import ActLine, act_line

SHOWN = 12
ICONS: dict[str, str] = {
    AuditAction.INSTANCE_CREATE: "play",
    AuditAction.INSTANCE_PAUSE: "pause",
    AuditAction.INSTANCE_RESUME: "play",
    AuditAction.INSTANCE_RESTART: "restart",
    AuditAction.INSTANCE_RESTART_FROM: "restart",
    AuditAction.INSTANCE_TERMINATE: "stop",
    AuditAction.INSTANCE_DELETE: "trash",
    AuditAction.INSTANCE_EVENT: "event",
    AuditAction.INSTANCE_SNAPSHOT: "copy",
}
FORGETTING = (
    AuditAction.INSTANCE_RESTART,
    AuditAction.INSTANCE_RESTART_FROM,
    AuditAction.INSTANCE_TERMINATE,
    AuditAction.INSTANCE_DELETE,
)
SOURCES = {
    "api": "Triggered through the API, not by this console",
    "binding": "Triggered by a Worker",
    "cron": "Triggered by its schedule",
    "event": "Triggered by an event",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened; `line` is the act, for what a person did."""

    at: datetime
    icon: str
    tone: str
    text: str = ""
    line: ActLine | None = None
    earlier_run: str = ""

    @property
    def note(self) -> str:
        """How it ended, when it did not go well."""
        if self.line is None or self.line.look.label in ("succeeded", "event"):
            return ""
        return ": ".join(part for part in (self.line.look.label, self.line.said) if part)


@dataclass(frozen=True, slots=True)
class Story:
    """The last moments, oldest first, and how many came before them."""

    moments: Sequence[Moment]
    left_out: int


def forgot(acts: Sequence[Told]) -> list[int]:
    """The attempts that may have kept the run that they made Cloudflare forget."""
    return [
        act.entry.attempt_sequence or act.sequence for act in acts if act.head.action in FORGETTING
    ]


def story(
    acts: Sequence[Told], detail: InstanceDetail, runs: Mapping[int, str], *, account: str
) -> Story:
    """`runs` are the addresses of earlier runs by the attempt that ended them."""
    moments = [_told(act, runs, account) for act in acts]
    moments += _own(detail, triggered=any(_triggered(act) for act in acts))
    moments.sort(key=lambda moment: moment.at)
    return Story(moments[-SHOWN:], max(len(moments) - SHOWN, 0))


def _triggered(act: Told) -> bool:
    return act.entry.action == AuditAction.INSTANCE_CREATE and act.entry.outcome != "failed"


def _told(act: Told, runs: Mapping[int, str], account: str) -> Moment:
    line = act_line(act, account=account)
    well = line.look.label in ("succeeded", "event")
    return Moment(
        at=act.head.at,
        icon=ICONS.get(act.entry.action, "info") if well else line.look.icon,
        tone="info" if well else line.look.tone,
        line=line,
        earlier_run=runs.get(act.entry.attempt_sequence or act.sequence, ""),
    )


def _own(detail: InstanceDetail, *, triggered: bool) -> list[Moment]:
    """The engine's own moments. Who triggered it is told by its source when the trail can't."""
    found = []
    if detail.queued:
        source = SOURCES.get(detail.trigger_source or "", "Queued")
        text = "Queued" if triggered else source
        found.append(Moment(at=detail.queued, icon="status-queued", tone="neutral", text=text))
    if detail.start:
        found.append(Moment(at=detail.start, icon="status-running", tone="neutral", text="Started"))
    if detail.end:
        look = look_of(detail.status)
        ended = look.label[:1].upper() + look.label[1:]
        found.append(Moment(at=detail.end, icon=look.icon, tone=look.tone, text=ended))
    return found
