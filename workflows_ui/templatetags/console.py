"""Formatting for templates: nothing here decides anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflows_ui.budget import budget_of
from workflows_ui.presenters import words
from workflows_ui.presenters.instances import Span, TriggerLook
from workflows_ui.presenters.json_tree import json_tree as build_tree
from workflows_ui.presenters.pace import paced
from workflows_ui.presenters.status import Look
from workflows_ui.presenters.workflows import Segment

register = template.Library()
register.filter("size", words.size)
register.filter("interval", words.interval)
register.filter("cut", words.cut)
register.filter("number", words.number)
register.filter("retention", words.retention)
register.filter("browser", words.browser)

DRAWN = lru_cache(maxsize=1024)
"""Keeps what is drawn often and depends on nothing but what it is given."""
DASH = SafeString('<span class="faint">–</span>')


@register.filter
def at(values: Mapping[str, Any], key: str) -> Any:
    """What stands under a key that is not known when the template is written."""
    return values.get(key)


@register.simple_tag(takes_context=True)
def answer(context: Context) -> str:
    """Where a page that is drawn ahead of its answer needs it: waits, and goes on with what it
    says (see `render_page`)."""
    context.dicts[-1].update(context["answer"]())
    return ""


@register.simple_tag
@DRAWN
def icon(id: str, more: str = "") -> SafeString:
    return render_to_string("shared/_icon.html", {"id": id, "class": more})


@register.simple_tag
def row_link(id: words.CutText, url: str) -> SafeString:
    """An id at the head of its row, cut in the middle; without a link where it has no page."""
    tail = format_html('<span class="id-tail">{}</span>', id.tail) if id.tail else ""
    text = format_html('<span class="id-head">{}</span>{}', id.head, tail)
    if not url:
        return format_html('<span class="id" title="{}">{}</span>', id.whole, text)
    return format_html('<a class="row-link id" href="{}" title="{}">{}</a>', url, id.whole, text)


@register.simple_tag
@DRAWN
def status(look: Look) -> SafeString:
    return render_to_string("shared/_status.html", {"look": look})


@register.simple_tag
@DRAWN
def trigger(look: TriggerLook) -> SafeString:
    return render_to_string("shared/_trigger.html", {"trigger": look})


@register.simple_tag
@DRAWN
def counts(segments: tuple[Segment, ...] | None) -> SafeString:
    return render_to_string("shared/_counts.html", {"counts": segments})


@register.simple_tag
def ago(moment: datetime | None) -> SafeString:
    """ "3 h ago", exact in the title; the browser keeps it true."""
    if moment is None:
        return DASH
    return _time(moment, words.ago(moment), "data-ago")


@register.simple_tag
def when(moment: datetime | None) -> SafeString:
    """The moment itself, in the viewer's zone."""
    if moment is None:
        return DASH
    return _time(moment, words.clock(moment), "data-at")


@register.simple_tag
def until(moment: datetime | None) -> SafeString:
    """A countdown: "in 3 m 5 s", or how long ago it should have been."""
    if moment is None:
        return DASH
    left = moment - timezone.now()
    text = f"in {words.duration(left)}" if left > timedelta(0) else words.ago(moment)
    return _time(moment, text, 'data-live="until"')


@register.simple_tag
def lasted(span: Span) -> SafeString:
    """How long something took, or has taken so far."""
    if span.start is None:
        return DASH
    if span.end is None:
        return _time(span.start, words.duration(timezone.now() - span.start), 'data-live="since"')
    length = span.end - span.start
    title = f"{length.total_seconds():.3f} s"
    return format_html('<span class="num" title="{}">{}</span>', title, words.duration(length))


@register.simple_tag
def took(seconds: float) -> SafeString:
    """A length of time given in seconds."""
    text = words.duration(timedelta(seconds=seconds))
    return format_html('<span title="{} s">{}</span>', f"{seconds:.3f}", text)


@register.simple_tag
def json_tree(value: Any) -> SafeString:
    return build_tree(value)


@register.simple_tag(takes_context=True)
def every(context: Context, pace: int, heavy: bool = False) -> SafeString:
    """The trigger of a poll, at the person's rate or else every `pace` seconds.

    Nothing when the person switched it off. A `heavy` page is asked no faster than its pace, and
    all are slower while the call budget is short or the API fails.
    """
    user = context["request"].user
    chosen = user.refresh_seconds if user.is_authenticated else None
    if chosen == 0:
        return SafeString("")
    seconds = max(chosen or pace, pace) if heavy else chosen or pace
    reader = getattr(context["request"], "reader", "")
    stretch = budget_of(reader).stretch if reader else 1
    seconds = paced(seconds, stretch, context.get("stale"))
    return format_html('hx-trigger="every {}s"', seconds)


@register.simple_tag(takes_context=True)
def poll(context: Context, pace: int, heavy: bool = False) -> SafeString:
    """Makes a region ask for itself again; see `every`."""
    trigger = every(context, pace, heavy)
    if not trigger:
        return trigger
    url = context["request"].get_full_path()
    return format_html('hx-get="{}" {} hx-target="this" hx-swap="morph:outerHTML"', url, trigger)


@register.simple_tag
def age(moment: datetime) -> str:
    return words.duration(timezone.now() - moment)


def _time(moment: datetime, text: str, hook: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}" {}>{}</time>',
        moment.isoformat(),
        words.exact(moment),
        SafeString(hook),
        text,
    )
