"""Reads: the upstream's answers and our own rows, made ready to show."""

from workflows_ui.queries import events, instances, snapshots, versions, workflows

__all__ = ["events", "instances", "snapshots", "versions", "workflows"]
