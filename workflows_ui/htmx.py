"""The only code that knows how a page and its one fragment are told apart."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString
from django_htmx.middleware import HtmxDetails

VARY = ("HX-Request", "HX-Boosted", "HX-History-Restore-Request")
# what changes by the clock alone: the browser keeps it going by itself
TICKING = re.compile(rb"(<time\b[^>]*>)[^<]*(?=</time>)")


def wants_fragment(request: HttpRequest) -> bool:
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not (htmx.boosted or htmx.history_restore_request)


def is_tick(request: HttpRequest) -> bool:
    """Whether a board asks what changed: an answer without panels takes the place of nothing."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return htmx is not None and htmx.target == "tick"


def render_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    fragment: str,
    status: int = 200,
    answer: Callable[[], dict[str, Any]] | None = None,
    ahead: Sequence[str] = (),
) -> HttpResponse:
    """The page, or its one fragment when htmx asks for a piece.

    `answer` waits for what is being read and says what it adds to the context; it may raise.
    Meanwhile the page is drawn as far as its `{% answer %}`, and so are those of its partials that
    are named in `ahead`; a fragment draws those of them that it holds.
    A fragment carries an ETag over what it says (relative times left out); a browser that shows
    the same already gets an empty 204.
    """
    piece = wants_fragment(request)
    name = f"{template}#{fragment}" if piece else template
    parts = {part: drawn_once(request, f"{template}#{part}", context) for part in ahead}
    context = context | parts
    if answer and piece:
        context |= answer()
    elif answer:
        for draw in parts.values():
            draw()
        context["answer"] = answer
    response = render(request, name, context, status=status)
    patch_vary_headers(response, VARY)
    if piece and status == 200:
        response["ETag"] = fingerprint(response.content)
        # compressed on the way, the mark came back as a weak one
        if request.headers.get("If-None-Match", "").removeprefix("W/") == response["ETag"]:
            return unchanged(response["ETag"])
    return response


def drawn_once(
    request: HttpRequest, template: str, context: dict[str, Any]
) -> Callable[[], SafeString]:
    """The template when it is called for, and the same ever after."""
    return cache(partial(render_to_string, template, context, request))


def fingerprint(content: bytes) -> str:
    digest = hashlib.blake2b(TICKING.sub(rb"\1", content), digest_size=12)
    return f'"{digest.hexdigest()}"'


def unchanged(etag: str) -> HttpResponse:
    response = HttpResponse(status=204, headers={"ETag": etag})
    patch_vary_headers(response, VARY)
    return response
