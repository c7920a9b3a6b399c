"""Who asked for what they may not do, written down without letting them flood the trail."""

from __future__ import annotations

import logging

from django.db import DatabaseError
from django.utils import timezone

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.models import Entry
from console.audit.recording import TrailUnavailable

A_MINUTE = 20
"""Entries per person; one more says that others were left out."""

logger = logging.getLogger(__name__)


def record_refusal(actor: Actor, *, asked: str, method: str, path: str) -> None:
    """Writes down one refusal, at most A_MINUTE within a minute of the clock for each person.

    A refusal stands without its entry: when the trail is away, the log says so.
    """
    try:
        _record(actor, asked, method, path)
    except (DatabaseError, TrailUnavailable):
        logger.exception("A refusal of user %s is not in the trail: %s", actor.user.pk, asked)


def _record(actor: Actor, asked: str, method: str, path: str) -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    written = Entry.objects.filter(
        at__gte=minute, actor_id=actor.user.pk, action=AuditAction.ACCESS_REFUSED
    ).count()
    if written < A_MINUTE:
        actor.record(
            AuditAction.ACCESS_REFUSED,
            target=f"{method} {path}",
            detail={"asked": asked, "method": method, "path": path},
        )
    elif written == A_MINUTE:
        actor.record(
            AuditAction.ACCESS_REFUSED,
            target="more, left out until the minute is over",
            detail={"left_out": True, "a_minute": A_MINUTE},
        )
