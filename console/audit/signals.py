"""Log-ins, failed ones and log-outs go into the trail, whichever way they come."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from console.audit.actions import AuditAction
from console.audit.origin import origin_of
from console.audit.recording import TrailUnavailable, record_event
from console.team.models import User

logger = logging.getLogger(__name__)

NAMES = ("username", "login", "email")


@receiver(user_logged_in, dispatch_uid="audit_log_in")
def log_in(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """Raises TrailUnavailable, and with it nobody is logged in."""
    record_event(actor=user, action=AuditAction.SESSION_LOG_IN, origin=origin_of(request))


@receiver(user_login_failed, dispatch_uid="audit_log_in_failed")
def log_in_failed(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    """The name that was tried is kept; nothing else of the credentials is looked at."""
    name = next((str(credentials[key]) for key in NAMES if credentials.get(key)), "")
    record_event(
        actor=None,
        actor_name=name,
        action=AuditAction.SESSION_LOG_IN_FAILED,
        origin=origin_of(request),
    )


@receiver(user_logged_out, dispatch_uid="audit_log_out")
def log_out(sender: Any, request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    """Unlike a log-in it is not refused when the trail is away: nobody must be kept logged in."""
    if user is None:
        return
    try:
        record_event(actor=user, action=AuditAction.SESSION_LOG_OUT, origin=origin_of(request))
    except TrailUnavailable:
        logger.exception("A log-out of user %s is not in the trail", user.pk)
