"""What a dashboard's panels show. A kind is a name, a read and a template `panels/<name>.html`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workflows_ui.queries.panels import counts, note
from workflows_ui.watching import Board

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelKind:
    """`read` makes the template's context from the settings; it may raise CloudflareError, and
    NeedsToken where it reads the API and no token is at hand."""

    name: str
    label: str
    what: str
    icon: str
    size: str
    read: Callable[[Board, Settings], dict[str, Any]]


KINDS = {
    kind.name: kind
    for kind in (
        PanelKind(
            name="counts",
            label="Status counts",
            what="How many instances have which status, per workflow",
            icon="workflow",
            size="medium",
            read=counts.read,
        ),
        PanelKind(
            name="note",
            label="Note",
            what="A text of your own: who is on call, where the runbook is",
            icon="info",
            size="small",
            read=note.read,
        ),
    )
}
