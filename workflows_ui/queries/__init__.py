"""Reads: the upstream's answers and our own rows, made ready to show."""

from workflows_ui.queries import (
    account_settings,
    batches,
    dashboards,
    definitions,
    events,
    failures,
    history,
    instances,
    snapshots,
    versions,
    workflows,
)

__all__ = [
    "account_settings",
    "batches",
    "dashboards",
    "definitions",
    "events",
    "failures",
    "history",
    "instances",
    "snapshots",
    "versions",
    "workflows",
]
