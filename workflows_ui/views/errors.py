"""Every way a page can fail, as a page or in place of a fragment."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from console.team.models import Account
from workflows_ui.access import NotTheOwner
from workflows_ui.cloudflare import CloudflareError
from workflows_ui.context_processors import Console
from workflows_ui.htmx import VARY, is_tick, wants_fragment
from workflows_ui.presenters.trouble import Trouble, trouble_of

logger = logging.getLogger(__name__)

PAGES = {
    ("account", "workflow", "instance"): ("workflows_ui:instance-detail", "The instance"),
    ("account", "workflow"): ("workflows_ui:workflow-detail", "The workflow"),
    ("account", "dashboard"): ("workflows_ui:dashboard-detail", "The dashboard"),
    ("account",): ("workflows_ui:account-home", "The account"),
}
"""By what an address names: the page of it."""
SHUT = (403, 404)
"""To somebody who may not see it, or no more."""


def upstream(request: HttpRequest, error: CloudflareError) -> HttpResponse:
    """The panel of an upstream error, with our status for it."""
    trouble = trouble_of(error, account=getattr(request, "account", None))
    logger.warning(
        "upstream_error kind=%s status=%s code=%s ray=%s path=%s",
        type(error).__name__, error.status, error.code, error.ray_id, request.path,
    )  # fmt: skip
    return failure(request, trouble)


def cannot_open(request: HttpRequest) -> HttpResponse:
    logger.error("sealed_token_does_not_open path=%s", request.path)
    return failure(
        request,
        Trouble(
            status=500,
            title="The stored token can't be opened",
            why="No token key of the server opens it: a key is missing, or the row is damaged.",
            next_step="Put the old key back into CONSOLE_TOKEN_KEYS, or replace the token.",
            account=getattr(request, "account", None),
            token_link=True,
        ),
    )


def trail_unavailable(request: HttpRequest) -> HttpResponse:
    """Nothing was done: what the request changed in its session, such as a log-in, isn't kept."""
    logger.error("trail_unavailable path=%s", request.path)
    if request.session.modified:
        request.user = AnonymousUser()
    return failure(
        request,
        Trouble(
            status=503,
            title="This could not be written down, so it was not done",
            why="The console keeps a trail of every act, and the trail takes no entries now.",
            next_step="Try again in a moment; if it stays like this, tell whoever runs it.",
            account=getattr(request, "account", None),
        ),
    )


def second_factor(request: HttpRequest, account: Account) -> HttpResponse:
    return failure(
        request,
        Trouble(
            status=403,
            title=f"{account.name} requires a second factor",
            why="An admin closed it to members who log in by a password alone.",
            next_step="Set up an app or a key; it takes a minute, and the account opens at once.",
            factor_link=True,
        ),
    )


def too_deep(request: HttpRequest) -> HttpResponse:
    return failure(
        request,
        Trouble(
            status=422,
            title="This value is nested too deeply",
            why="It has more levels than the console can walk.",
            next_step="Read it with the API itself.",
            account=getattr(request, "account", None),
        ),
    )


def failure(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    """The trouble as a page, or as a panel in place of the fragment."""
    if trouble.token_link and (owner := Console(request).borrowed_from):
        advice = f"The token is lent by {owner}: tell them, or add one of your own."
        trouble = replace(trouble, next_step=advice)
    template, context = panel_of(request, trouble)
    context["layout"] = "base.html" if is_logged_in(request) else "base_plain.html"
    response = render(request, template, context, status=trouble.status)
    patch_vary_headers(response, VARY)
    if trouble.retry_after:
        response["Retry-After"] = str(trouble.retry_after)
    if trouble.status in SHUT and is_tick(request):
        response["HX-Refresh"] = "true"  # or the board would stay on the screen
    return response


def panel_of(request: HttpRequest, trouble: Trouble) -> tuple[str, dict[str, Any]]:
    piece = wants_fragment(request)
    context: dict[str, Any] = {
        "trouble": trouble,
        "here": here(request, trouble.status),
        "fragment": piece,
        "place": request.resolver_match.kwargs if request.resolver_match else {},
    }
    if trouble.retry_after:
        context["again_at"] = timezone.now() + timedelta(seconds=trouble.retry_after)
    return "errors/failure.html" + ("#panel" if piece else ""), context


def is_logged_in(request: HttpRequest) -> bool:
    """Also asked of requests that never got as far as having a user."""
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated


def here(request: HttpRequest, status: int) -> str:
    """Where "try again" leads: the page, never a bare fragment, a POST or what has no page."""
    if wants_fragment(request):
        return str(request.htmx.current_url_abs_path or "")  # type: ignore[attr-defined]
    return request.get_full_path() if request.method == "GET" and status != 405 else ""


def wrong_method(request: HttpRequest, *, allowed: str) -> HttpResponse:
    """A form's address that was opened as a page, or a page that something was sent to."""
    is_page = "GET" in allowed.split(", ")
    way_url, way_label = (request.path, "Open the page") if is_page else page_above(request)
    return failure(
        request,
        Trouble(
            status=405,
            title="This is not taken here" if is_page else "This address only takes a form",
            why="The address is a page to open." if is_page else "There is no page to see at it.",
            next_step="Nothing was done.",
            account=getattr(request, "account", None),
            way_url=way_url,
            way_label=way_label,
        ),
    )


def page_above(request: HttpRequest) -> tuple[str, str]:
    """The page of what the address names, and what that is called; empty where it names nothing."""
    place = request.resolver_match.kwargs if request.resolver_match else {}
    for names, (page, label) in PAGES.items():
        if place.keys() >= set(names):
            return reverse(page, kwargs={name: place[name] for name in names}), label
    return "", ""


@login_not_required
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    return failure(
        request,
        Trouble(
            status=400,
            title="This request makes no sense here",
            why="Something in the address or the form is not as it should be.",
            next_step="Go back and try once more.",
        ),
    )


def too_large(request: HttpRequest) -> HttpResponse:
    return failure(
        request,
        Trouble(
            status=400,
            title="This is more than a form here takes",
            why="It was not read, and nothing was done.",
            next_step="Go back, where what you typed still is, and send less of it at once.",
        ),
    )


@login_not_required
def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    trouble = Trouble(
        status=403,
        title="Your role doesn't allow this",
        why="You may see this account, but not do what was asked.",
        next_step="Ask an admin of the account for the right.",
        account=getattr(request, "account", None),
    )
    if isinstance(exception, NotTheOwner):
        way_url, way_label = page_above(request)
        trouble = replace(
            trouble,
            title="This is another person's",
            why=str(exception),
            next_step=exception.advice,
            way_url=way_url,
            way_label=way_label,
        )
    return failure(request, trouble)


@login_not_required
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return failure(
        request,
        Trouble(
            status=404,
            title="There is nothing here",
            why="The address is wrong, or what it named is gone, or it isn't yours to see.",
            next_step="Start from your accounts.",
            account=getattr(request, "account", None),
        ),
    )


@login_not_required
def too_many_requests(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Asked for by the log-in's rate limits."""
    return failure(
        request,
        Trouble(
            status=429,
            title="Too many tries",
            why="From here, or with this name, it was tried too often in a short time.",
            next_step="Wait five minutes, then try again.",
        ),
    )


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """Drawn without the request: what draws the shell may be the very thing that failed."""
    trouble = Trouble(
        status=500,
        title="The console made a mistake",
        why="The error is in the server's log.",
        next_step="Try once more; if it happens again, tell whoever runs this console.",
    )
    template, context = panel_of(request, trouble)
    context |= {"layout": "base_plain.html", "console": Console(request, knows_person=False)}
    return HttpResponse(render_to_string(template, context), status=500)


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return failure(
        request,
        Trouble(
            status=403,
            title="The form was not accepted",
            why="Its security mark is missing or old: you logged in or out meanwhile, "
            "or cookies are off. Nothing was done.",
            next_step="Go back, reload the page and send it again.",
        ),
    )
