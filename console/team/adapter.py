from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.http import HttpRequest

from console.team.reauthentication import recently_authenticated
from console.team.redirects import is_same_site


class ClosedDoorAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by themselves: the first user is made at first start, others are invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Only this host: allauth would also go to every other host that we answer to."""
        return bool(url) and is_same_site(context.request, str(url))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not right after a log-in; allauth alone would ask even then."""
        return not recently_authenticated(context.request)
