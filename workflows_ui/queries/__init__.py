"""Reads: the upstream's answers and our own rows, made ready to show."""

from workflows_ui.queries import instances, versions, workflows

__all__ = ["instances", "versions", "workflows"]
