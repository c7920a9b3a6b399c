"""Formatting for templates: nothing here decides anything."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from html import escape
from secrets import token_hex
from typing import Any

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflows_ui.budget import budget_of
from workflows_ui.presenters import words
from workflows_ui.presenters.instances import InstanceLine, Span, TriggerLook
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
GAP = f"<gap {token_hex(8)}>"
"""Not to be guessed: nothing that comes from elsewhere can pass for a gap."""
DASH = SafeString('<span class="faint">–</span>')


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
    text = filled('<span class="id-head">{}</span>', id.head)
    if id.tail:
        text += filled('<span class="id-tail">{}</span>', id.tail)
    if not url:
        return filled('<span class="id" title="{}">', id.whole) + text + SafeString("</span>")
    opening = filled('<a class="row-link id" href="{}" title="{}">', url, id.whole)
    return opening + text + SafeString("</a>")


@DRAWN
def version(id: str | None, short: str, url: str) -> SafeString:
    """A version's short id, with a link where it has a page."""
    if not url:
        return filled("{}", short)
    return filled('<a class="mono" href="{}" title="{}">{}</a>', url, id or "", short)


def triggered_by(line: InstanceLine) -> SafeString:
    """Who triggered it through the console, else what did."""
    if line.by:
        return person(line.by.actor_id, line.by.name)
    return trigger(line.trigger) if line.trigger else SafeString("")


@DRAWN
def person(id: int | None, name: str) -> SafeString:
    return render_to_string("workflows/_by.html", {"id": id, "name": name})


@register.simple_tag
def instance_rows(
    lines: Iterable[InstanceLine], *, ticks: object, versions: bool, trigger_url: str
) -> SafeString:
    """The rows of a list of instances."""
    alike = {"ticks": bool(ticks), "versions": versions, "trigger_url": trigger_url}
    rows = [
        filled_in(
            pattern("workflows/_row.html", has_page=bool(line.url), **alike),
            id=line.row.id,
            link=row_link(line.id, line.url),
            status=status(line.look),
            created=ago(line.row.created_on),
            took=lasted(line.span),
            version=version(line.row.version_id, line.version, line.version_url),
            by=triggered_by(line),
            again=line.again,
        )
        for line in lines
    ]
    return SafeString("".join(rows))


@DRAWN
def pattern(template: str, **alike: Any) -> tuple[str, ...]:
    """A row, drawn once for all that are alike in this. Every other piece is the name of a gap,
    which the template writes as `{% gap "name" %}`."""
    return tuple(render_to_string(template, alike).split(GAP))


@register.simple_tag
def gap(name: str) -> SafeString:
    return SafeString(f"{GAP}{name}{GAP}")


def filled_in(pieces: tuple[str, ...], **values: str) -> SafeString:
    """A row of its own, with its values in the gaps of the pattern."""
    row = list(pieces)
    row[1::2] = [as_html(values[name]) for name in pieces[1::2]]
    return SafeString("".join(row))


def as_html(text: str) -> str:
    return text if isinstance(text, SafeString) else escape(text)


@register.simple_tag
@DRAWN
def status(look: Look) -> SafeString:
    return render_to_string("shared/_status.html", {"look": look})


@register.simple_tag
@DRAWN
def step_mark(look: Look) -> SafeString:
    return render_to_string("instances/_step_mark.html", {"look": look})


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
def when(moment: datetime | None, seconds: bool = True) -> SafeString:
    """The moment itself, in the viewer's zone."""
    if moment is None:
        return DASH
    return _time(moment, words.clock(moment, seconds=seconds), "data-at")


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
    return filled('<span class="num" title="{}">{}</span>', title, words.duration(length))


@register.simple_tag
def took(seconds: float) -> SafeString:
    """A length of time given in seconds."""
    text = words.duration(timedelta(seconds=seconds))
    return format_html('<span title="{} s">{}</span>', f"{seconds:.3f}", text)


@register.simple_tag
def json_tree(value: Any) -> SafeString:
    return build_tree(value)


@register.simple_tag(takes_context=True)
def every(context: Context, pace: int, heavy: bool = False, unattended: bool = False) -> SafeString:
    """The trigger of a poll, at the person's rate or else every `pace` seconds.

    Nothing when the person switched it off, but for an `unattended` screen, which has to go on. A
    `heavy` page is asked no faster than its pace, and all are slower while the call budget is short
    or the API fails.
    """
    user = context["request"].user
    chosen = user.refresh_seconds if user.is_authenticated else None
    if chosen == 0 and not unattended:
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
    opening = time_tag(timezone.get_current_timezone(), moment, hook)
    return opening + filled("{}</time>", text)


@lru_cache(maxsize=4096)
def time_tag(zone: tzinfo, moment: datetime, hook: str) -> SafeString:
    """`hook` is an attribute, written here and nowhere else."""
    moments = filled('datetime="{}" title="{}"', moment.isoformat(), words.exact_in(zone, moment))
    return SafeString(f"<time {moments} {hook}>")


def filled(pattern: str, *texts: str) -> SafeString:
    """`format_html` for texts alone, none of which is HTML already: lists are drawn of it."""
    return SafeString(pattern.format(*map(escape, texts)))
