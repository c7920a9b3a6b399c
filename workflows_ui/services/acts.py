"""What every act has in common: it is written down before and after, with what the API answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.models import Outcome
from console.audit.recording import Act
from console.vault import services as vault
from workflows_ui.calls import Received, measured
from workflows_ui.cloudflare import Forbidden


@contextmanager
def acting(actor: Actor, action: AuditAction, **facts: Any) -> Iterator[Act]:
    """`Actor.recording`, with status and ray id of the last answer where the act tells none.

    Raises TrailUnavailable before the block; errors of the block pass through.
    """
    with actor.recording(action, **facts) as act, measured() as received:
        try:
            yield act
        except Forbidden:
            _remember(actor, received, writes=False)
            raise
        else:
            if act.outcome == Outcome.SUCCEEDED:
                _remember(actor, received, writes=True)
        finally:
            if received.last is not None:
                act.facts.setdefault("status", received.last.status)
                act.facts.setdefault("ray_id", received.last.ray_id)


def _remember(actor: Actor, received: Received, *, writes: bool) -> None:
    """What a token may do can't be tried without doing something, so real acts tell.

    The act is done or refused by now: trouble with this note must not hide that.
    """
    last = received.last
    if actor.token is not None and last is not None and last.method != "GET":
        with suppress(DatabaseError):
            vault.token_mark_writes(actor.token, writes=writes)
