"""Writes. A service takes an actor, a client and values, never a request."""

from workflows_ui.services import instances, workflows

__all__ = ["instances", "workflows"]
