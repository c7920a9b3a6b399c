"""Writes. A service takes an actor, a client and values, never a request."""

from workflows_ui.services import (
    account_settings,
    batches,
    instances,
    seeing,
    sweeps,
    ticked,
    workflows,
)

__all__ = [
    "account_settings",
    "batches",
    "instances",
    "seeing",
    "sweeps",
    "ticked",
    "workflows",
]
