"""What a dashboard's panels show. A kind is a name, a read and a template `panels/<name>.html`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from workflows_ui.models import Panel
from workflows_ui.queries.panels import (
    acts,
    counts,
    failures,
    instances,
    note,
    rates,
    schedules,
    waiting,
)
from workflows_ui.watching import Board

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelKind:
    """`read` makes the template's context from the settings; it may raise CloudflareError, and
    NeedsToken where it reads the API and no token is at hand. `sampled` says that it shows what
    the sampler has seen; `unset` is what a panel means that says nothing of a setting."""

    name: str
    label: str
    what: str
    icon: str
    size: str
    read: Callable[[Board, Settings], dict[str, Any]]
    sampled: bool = True
    unset: Settings = MappingProxyType({})


KINDS = {
    kind.name: kind
    for kind in (
        PanelKind(
            name="counts",
            label="Status counts",
            what="How many instances have which status, as bars or as big numbers",
            icon="workflow",
            size="medium",
            read=counts.read,
            sampled=False,
        ),
        PanelKind(
            name="failures",
            label="Failures",
            what="What fails now, grouped by error and step",
            icon="status-errored",
            size="wide",
            read=failures.read,
        ),
        PanelKind(
            name="throughput",
            label="Throughput",
            what="How many instances ended over time, and how many of them failed",
            icon="status-complete",
            size="medium",
            read=rates.throughput,
        ),
        PanelKind(
            name="durations",
            label="Durations",
            what="How long instances took over time: median and 95th percentile",
            icon="clock",
            size="medium",
            read=rates.durations,
        ),
        PanelKind(
            name="instances",
            label="Instances",
            what="The newest instances across workflows",
            icon="step",
            size="wide",
            read=instances.read,
        ),
        PanelKind(
            name="longest",
            label="Longest running",
            what="What has been under way for longest",
            icon="status-running",
            size="medium",
            read=instances.longest,
            unset=instances.LONGEST,
        ),
        PanelKind(
            name="waiting",
            label="Waiting for events",
            what="Which events are waited for, by how many, since when",
            icon="wait",
            size="medium",
            read=waiting.read,
        ),
        PanelKind(
            name="schedules",
            label="Next scheduled runs",
            what="When which schedule starts the next instance",
            icon="cron",
            size="medium",
            read=schedules.read,
            sampled=False,
        ),
        PanelKind(
            name="acts",
            label="Recent acts",
            what="Who did what lately, from the trail",
            icon="trail",
            size="medium",
            read=acts.read,
            sampled=False,
        ),
        PanelKind(
            name="note",
            label="Note",
            what="A text of your own: who is on call, where the runbook is",
            icon="info",
            size="small",
            read=note.read,
            sampled=False,
        ),
    )
}


def heading_of(panel: Panel) -> str:
    """What stands above a panel: its own title, else what its kind is called."""
    kind = KINDS.get(panel.kind)
    return panel.title or (kind.label if kind else panel.kind)
