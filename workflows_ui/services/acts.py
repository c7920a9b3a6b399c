"""What every act has in common: it is written down before and after, with what the API answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.recording import Act
from workflows_ui.calls import measured


@contextmanager
def acting(actor: Actor, action: AuditAction, **facts: Any) -> Iterator[Act]:
    """`Actor.recording`, with status and ray id of the last answer where the act tells none.

    Raises TrailUnavailable before the block; errors of the block pass through.
    """
    with actor.recording(action, **facts) as act, measured() as received:
        try:
            yield act
        finally:
            if received.last is not None:
                act.facts.setdefault("status", received.last.status)
                act.facts.setdefault("ray_id", received.last.ray_id)
