"""Dashboards to start from, so that nobody starts with an empty page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflows_ui.models import Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    name: str
    title: str
    what: str
    panels: tuple[tuple[str, str, dict[str, Any]], ...]
    """Kind, size and settings of each."""

    def made(self) -> list[Panel]:
        return [
            Panel(kind=kind, size=size, settings=settings) for kind, size, settings in self.panels
        ]


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="overview",
            title="Overview",
            what="Counts and notes: the state of everything at a glance",
            panels=(
                ("counts", "full", {"workflows": [], "style": "numbers"}),
                ("counts", "wide", {"workflows": [], "style": "bars"}),
            ),
        ),
        Preset(
            name="empty", title="Empty", what="Nothing yet: put it together yourself", panels=()
        ),
    )
}
