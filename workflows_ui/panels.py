"""Drawing a dashboard's panels: each once, for everybody who watches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from dogpile.cache import make_region

from workflows_ui.cloudflare import CloudflareError
from workflows_ui.htmx import fingerprint
from workflows_ui.models import Dashboard, Panel
from workflows_ui.presenters.trouble import stale_trouble, trouble_of
from workflows_ui.queries.answers import EVERY_ANSWER, LockedAnswers
from workflows_ui.queries.boards import NeedsToken
from workflows_ui.queries.dashboards import panels_of
from workflows_ui.queries.panels import KINDS, heading_of
from workflows_ui.watching import PACE, Board

FRESH_SECONDS = PACE / 2
"""Who watches alone has them drawn anew at each tick, many have it twice as often, and a call
made every other time: as often as for one."""
KEPT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Drawn:
    """A panel as HTML, and a short text that changes when what it says does."""

    panel: Panel
    heading: str
    html: SafeString
    mark: str


def weight_of(kept: Any) -> int:
    return EVERY_ANSWER + sum(len(one.html) for one in kept.payload)


region = make_region().configure(
    "dogpile.cache.memory", arguments={"cache_dict": LockedAnswers(KEPT_BYTES, weight_of)}
)


def drawn_panels(dashboard: Dashboard, board: Board) -> tuple[Drawn, ...]:
    """All panels of the dashboard, at most FRESH_SECONDS old. One reader at a time draws them anew,
    all together; everybody else is shown those at hand meanwhile.

    They depend on the board's token, the dashboard and the time zone; on nobody who watches.
    """
    zone = timezone.get_current_timezone_name()
    key = f"{board.reader}:{board.slug}:{dashboard.pk}:{dashboard.changed.timestamp()}:{zone}"
    found: tuple[Drawn, ...] = region.get_or_create(
        key, lambda: drawn_now(dashboard, board), min(board.fresh, FRESH_SECONDS)
    )
    return found


def drawn_now(dashboard: Dashboard, board: Board) -> tuple[Drawn, ...]:
    return tuple(draw(panel, board) for panel in panels_of(dashboard))


def draw(panel: Panel, board: Board) -> Drawn:
    """The panel as it is now."""
    heading = heading_of(panel)
    context = {
        "panel": panel,
        "kind": KINDS.get(panel.kind),
        "heading": heading,
        "account": board.account,
    }
    html = render_to_string("panels/_panel.html", context | content(panel, board))
    return Drawn(panel, heading, html, fingerprint(html.encode()).strip('"'))


def content(panel: Panel, board: Board) -> dict[str, Any]:
    """What the kind shows, or why it can't."""
    kind = KINDS.get(panel.kind)
    if kind is None:
        return {}
    try:
        found = kind.read(board, panel.settings)
    except NeedsToken:
        return {"needs_token": True}
    except CloudflareError as error:
        return {"trouble": trouble_of(error, account=board.account)}
    reading = found.get("reading")
    stale = stale_trouble(reading, account=board.account) if reading else None
    return found | {"stale": stale, "template": f"panels/{kind.name}.html"}
