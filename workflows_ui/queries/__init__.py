"""Reads: the upstream's answers and our own rows, made ready to show."""

from workflows_ui.queries import definitions, events, instances, snapshots, versions, workflows

__all__ = ["definitions", "events", "instances", "snapshots", "versions", "workflows"]
