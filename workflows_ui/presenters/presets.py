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
            name="on-call",
            title="On call",
            what="What fails now and why, what hangs, who did what",
            panels=(
                ("counts", "full", {"workflows": [], "style": "numbers"}),
                ("failures", "wide", {"workflows": [], "period": "24h", "rows": 10}),
                ("throughput", "medium", {"workflows": [], "period": "24h"}),
                ("longest", "medium", {"workflows": [], "rows": 10, "status": "running"}),
                ("waiting", "medium", {"workflows": [], "rows": 20}),
                ("acts", "medium", {"rows": 10}),
            ),
        ),
        Preset(
            name="overview",
            title="Overview",
            what="The state of every workflow, how much runs and how long it takes",
            panels=(
                ("counts", "wide", {"workflows": [], "style": "bars"}),
                ("schedules", "medium", {"workflows": [], "rows": 20}),
                ("throughput", "medium", {"workflows": [], "period": "7d"}),
                ("durations", "medium", {"workflows": [], "period": "7d"}),
                ("instances", "medium", {"workflows": [], "rows": 10, "status": ""}),
            ),
        ),
        Preset(name="empty", title="Empty", what="Put it together yourself", panels=()),
    )
}
