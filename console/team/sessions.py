"""Where a person is logged in: kept up to date, and ended together."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.core.internal.httpkit import HTTP_USER_AGENT_MAX_LENGTH
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from console.audit.chain import session_digest

SECONDS = 60

sessions_ended = Signal()
"""Sent after a person ended sessions of theirs, with `request`, `user` and `count`."""


class LastSeenMiddleware:
    """Notes when and from where each session was last seen, once a minute at most.

    allauth's own would write at every request, and a page that polls makes one every few seconds.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.session.session_key
        # the mark last: made-up cookies must leave none in the cache that keeps the log-in locks
        if key and request.user.is_authenticated and cache.add(seen_key(key), True, SECONDS):
            note_seen(request)
        return self.get_response(request)


def note_seen(request: HttpRequest) -> None:
    """In one query, unless the session is new or came from elsewhere: of that allauth tells."""
    known = UserSession.objects.filter(
        session_key=request.session.session_key,
        user=request.user,
        ip=get_adapter().get_client_ip(request),
        user_agent=request.META.get("HTTP_USER_AGENT", "")[:HTTP_USER_AGENT_MAX_LENGTH],
    )
    if not known.update(last_seen_at=timezone.now()):
        UserSession.objects.create_from_request(request)


def seen_key(session_key: str) -> str:
    return f"session-seen:{session_digest(session_key)}"


class ToldSessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]
    """Tells who listens that sessions were ended."""

    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        ended = list(sessions)
        super().end_sessions(ended)
        if ended:
            request = context.request
            sessions_ended.send(
                sender=UserSession, request=request, user=request.user, count=len(ended)
            )
