"""Asking once more who it is: a stolen session must not swap a token or lift a second factor."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from console.team.models import User

View = Callable[..., HttpResponse]


def recently_authenticated(request: HttpRequest) -> bool:
    """Whether the person logged in, or confirmed that it's them, within the last minutes."""
    user = request.user if request.user.is_authenticated else None
    limit = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    return any(record["at"] > limit for record in get_authentication_records(request, user))


def note_log_in(request: HttpRequest, user: User) -> None:
    """Counts a log-in that didn't go through allauth as just authenticated."""
    record_authentication(request, user, "password")


def confirm_identity(back: str = "") -> Callable[[View], View]:
    """Decorator: a GET leads to the page that asks who it is, and from there back here.

    A POST that comes too late does nothing, says so, and leads to the page named by `back` (by
    default its own address), which has to be one that asks. What was posted is kept nowhere:
    it may be a token.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated or recently_authenticated(request):
                return view(request, *args, **kwargs)
            if request.method in ("GET", "HEAD"):
                return redirect(confirm_url(request, request.get_full_path()))
            messages.warning(
                request,
                "Nothing was done yet: it was too long ago that you confirmed who you are. "
                "Send the form once more now.",
            )
            target = reverse(back, args=args, kwargs=kwargs) if back else request.path
            return redirect(confirm_url(request, target))

        return asked

    return decorate


def confirm_url(request: HttpRequest, target: str) -> str:
    """The page on which this person confirms who they are, leading to `target` afterwards."""
    methods = get_adapter(request).get_reauthentication_methods(request.user)
    page = methods[0]["url"] if methods else reverse("account_login")
    return f"{page}?{urlencode({'next': target})}"
