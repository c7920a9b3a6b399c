"""Turns what happens on the way of a request into the right answer, once for all views."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import middleware
from django.core.exceptions import PermissionDenied
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from console.audit.actor import Actor
from console.audit.origin import origin_of
from console.audit.recording import TrailUnavailable
from console.audit.refusals import record_refusal
from console.team.models import User
from console.team.redirects import is_same_site
from console.vault.sealing import CannotOpen
from workflows_ui.access import SecondFactorRequired, TokenMissing
from workflows_ui.cloudflare import CloudflareError
from workflows_ui.token_checks import check_later
from workflows_ui.views import errors

GetResponse = Callable[[HttpRequest], HttpResponse]
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


class HtmxRedirectMiddleware:
    """A redirect for htmx moves the whole page: a log-in form never lands in a table cell."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(request, "htmx", None) and isinstance(response, HttpResponseRedirect):
            return HttpResponseClientRedirect(self.target(request, response.url))
        return response

    @staticmethod
    def target(request: HttpRequest, url: str) -> str:
        log_in = reverse("account_login")
        if not url.startswith(log_in + "?next="):
            return url
        here = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
        return reverse("account_login", query={"next": here})


class LogInMiddleware(middleware.LoginRequiredMiddleware):
    """Asks who it is. What was sent is gone then, so the log-in leads back to the page that the
    form was on: what it was sent to may answer no GET."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        # htmx says itself which page it is on: HtmxRedirectMiddleware
        if request.method in SAFE or getattr(request, "htmx", None):
            return super().handle_no_permission(request, view_func)
        back = page_of_form(request)
        return redirect(reverse("account_login", query={"next": back} if back else None))


def page_of_form(request: HttpRequest) -> str:
    """The page of ours that a form was sent from, without its host; empty if none is known."""
    sent_from = request.headers.get("Referer", "")
    if not is_same_site(request, sent_from):
        return ""
    path = urlsplit(sent_from)._replace(scheme="", netloc="", fragment="").geturl()
    # on its own, a path such as //other.example/ would lead elsewhere
    return path if path.startswith("/") and is_same_site(request, path) else ""


class WrongMethodMiddleware:
    """A method that an address doesn't have is refused on a page, not by an empty answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or request.method == "HEAD":
            return response
        page = errors.wrong_method(request, allowed=response["Allow"])
        page["Allow"] = response["Allow"]
        return page


class NoStoreMiddleware:
    """Pages hold payloads: no browser or proxy keeps them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response


class ViewerTimezoneMiddleware:
    """Times are shown in the zone that the person chose, or else in the browser's, which it tells
    in a cookie."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(viewer_zone(request)):
            return self.get_response(request)


def viewer_zone(request: HttpRequest) -> zoneinfo.ZoneInfo:
    chosen = request.user.time_zone if request.user.is_authenticated else ""
    try:
        return zoneinfo.ZoneInfo(chosen or request.COOKIES.get("timezone", "UTC"))
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return zoneinfo.ZoneInfo("UTC")


class UpstreamErrorMiddleware:
    """An upstream error becomes its panel: as a page, or in place of the fragment."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, CloudflareError):
            return errors.upstream(request, error)
        if isinstance(error, TrailUnavailable):
            return errors.trail_unavailable(request)
        if isinstance(error, PermissionDenied):
            note_refusal(request, error)
        if isinstance(error, CannotOpen):
            return errors.cannot_open(request)
        if isinstance(error, RecursionError):
            return errors.too_deep(request)
        if isinstance(error, SecondFactorRequired):
            return errors.second_factor(request, error.account)
        if isinstance(error, TokenMissing):
            messages.info(
                request,
                f"Add a token of your own to see {error.account.name}: none is lent to the team.",
            )
            return redirect("workflows_ui:token-detail", account=error.account.slug)
        return None


def note_refusal(request: HttpRequest, error: PermissionDenied) -> None:
    """A form sent by hand by somebody who was never shown it is worth knowing of."""
    if request.method in SAFE or not isinstance(request.user, User):
        return
    account = getattr(request, "account", None)
    record_refusal(
        Actor(user=request.user, account=account, origin=origin_of(request)),
        asked=str(error),
        method=str(request.method),
        path=request.path,
    )


class TokenCheckMiddleware:
    """After the answer is made, the token it was read with is looked at again, if that is due."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if token := getattr(request, "token", None):
            check_later(token)
        return response


class FirstStartMiddleware:
    """Until the first user exists, only the page that makes one answers (and health checks)."""

    started = False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # the path first: a health check must not need the database
        if request.path not in self.open_paths() and not self.is_started():
            return redirect("first-start")
        return self.get_response(request)

    @staticmethod
    @cache
    def open_paths() -> set[str]:
        return {reverse("first-start"), reverse("healthz"), reverse("readyz")}

    @classmethod
    def is_started(cls) -> bool:
        if not cls.started:
            # with the issuer alone at the door there is no first user to make by password
            cls.started = not settings.PASSWORD_LOGIN or User.objects.exists()
        return cls.started
