"""How people get in goes into the trail, whichever way it happens: log-ins, failed ones, log-outs,
ended sessions, passwords and second factors."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import (
    password_changed,
    password_reset,
    password_set,
    user_signed_up,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.signals import social_account_added
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from console.audit.actions import AuditAction
from console.audit.origin import origin_of
from console.audit.recording import TrailUnavailable, record_event
from console.team.models import User
from console.team.sessions import sessions_ended

logger = logging.getLogger(__name__)

NAMES = ("username", "login", "email")
BY = {"password": "password", "socialaccount": "issuer"}


@receiver(user_logged_in, dispatch_uid="audit_log_in")
def log_in(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """Says by what, such as a password and an app's code.

    Raises TrailUnavailable, and with it nobody is logged in.
    """
    used = get_authentication_records(request, user) if request else []
    by = [BY.get(record["method"], str(record.get("type"))) for record in used]
    record_event(
        actor=user,
        action=AuditAction.SESSION_LOG_IN,
        origin=origin_of(request),
        detail={"by": by} if by else None,
    )


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
    if user is not None:
        note(user, AuditAction.SESSION_LOG_OUT, request)


@receiver(sessions_ended, dispatch_uid="audit_sessions_ended")
def sessions_end(sender: Any, request: HttpRequest, user: User, count: int, **kwargs: Any) -> None:
    note(user, AuditAction.SESSION_END, request, {"count": count})


@receiver(password_changed, dispatch_uid="audit_password_changed")
@receiver(password_set, dispatch_uid="audit_password_set")
@receiver(password_reset, dispatch_uid="audit_password_reset")
def password(sender: Any, request: HttpRequest, user: User, signal: Any, **kwargs: Any) -> None:
    how = "reset by e-mail" if signal is password_reset else "changed"
    note(user, AuditAction.USER_PASSWORD, request, {"how": how})


@receiver(user_signed_up, dispatch_uid="audit_signed_up")
def signed_up(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Of those who come without a user only the issuer makes one on the way."""
    if "sociallogin" in kwargs:
        note(user, AuditAction.USER_CREATE, request, {"by": "issuer"})


@receiver(social_account_added, dispatch_uid="audit_issuer_connected")
def issuer_connected(
    sender: Any, request: HttpRequest, sociallogin: SocialLogin, **kwargs: Any
) -> None:
    note(sociallogin.user, AuditAction.USER_SIGN_ON, request)


CHANGES = {
    authenticator_added: "added",
    authenticator_removed: "removed",
    authenticator_reset: "generated anew",
}


@receiver(authenticator_added, dispatch_uid="audit_factor_added")
@receiver(authenticator_removed, dispatch_uid="audit_factor_removed")
@receiver(authenticator_reset, dispatch_uid="audit_factor_reset")
def second_factor(
    sender: Any,
    request: HttpRequest,
    user: User,
    authenticator: Authenticator,
    signal: Any,
    **kwargs: Any,
) -> None:
    detail = {"factor": str(authenticator.type), "change": CHANGES[signal]}
    note(user, AuditAction.USER_TWO_FACTOR, request, detail)


@receiver(authentication_failed, dispatch_uid="audit_code_failed")
def code_failed(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """The password was right and the code wrong: somebody may have the one without the other."""
    record_event(
        actor=None,
        actor_name=user.get_username(),
        action=AuditAction.SESSION_LOG_IN_FAILED,
        origin=origin_of(request),
        detail={"factor": str(authenticator.type)},
    )


def note(
    user: User,
    action: AuditAction,
    request: HttpRequest | None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Writes down what is done already. When the trail is away the log keeps it: it is too late
    to refuse, and an error page would hide that it happened."""
    target = "" if action == AuditAction.SESSION_LOG_OUT else user.get_username()
    try:
        record_event(
            actor=user, action=action, target=target, origin=origin_of(request), detail=detail
        )
    except TrailUnavailable:
        logger.exception("Not in the trail: %s of user %s %s", action, user.pk, detail)
