"""Where a person is logged in: kept up to date, and ended together."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from allauth.core import context
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse

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
        if key and cache.add(seen_key(key), True, SECONDS) and request.user.is_authenticated:
            UserSession.objects.create_from_request(request)
        return self.get_response(request)


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
