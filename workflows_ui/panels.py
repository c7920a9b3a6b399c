"""Drawing a dashboard's panels: each once, for everybody who watches."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from dogpile.cache import make_region

from workflows_ui.cloudflare import CloudflareError
from workflows_ui.htmx import fingerprint
from workflows_ui.models import Panel
from workflows_ui.presenters.trouble import stale_trouble, trouble_of
from workflows_ui.queries.answers import EVERY_ANSWER, LockedAnswers
from workflows_ui.queries.boards import NeedsToken
from workflows_ui.queries.panels import KINDS, heading_of
from workflows_ui.watching import Board

FRESH_SECONDS = 2
KEPT_BYTES = 16 * 1024 * 1024


def weight_of(drawn: Any) -> int:
    return EVERY_ANSWER + len(drawn.payload[0])


region = make_region().configure(
    "dogpile.cache.memory", arguments={"cache_dict": LockedAnswers(KEPT_BYTES, weight_of)}
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A panel as HTML, and a short text that changes when what it says does."""

    panel: Panel
    heading: str
    html: SafeString
    mark: str


def draw(panel: Panel, board: Board) -> Drawn:
    """The panel, at most FRESH_SECONDS old, drawn by one reader at a time.

    What it shows depends on the board's token, the panel and the time zone; on nobody who watches.
    """
    zone = timezone.get_current_timezone_name()
    about = json.dumps([panel.kind, panel.title, panel.size, panel.settings], sort_keys=True)
    digest = hashlib.blake2b(about.encode(), digest_size=12).hexdigest()
    key = f"{board.reader}:{board.account.pk}:{panel.pk}:{digest}:{zone}"
    html, mark = region.get_or_create(key, lambda: drawn_now(panel, board), FRESH_SECONDS)
    return Drawn(panel, heading_of(panel), html, mark)


def drawn_now(panel: Panel, board: Board) -> tuple[SafeString, str]:
    context = {
        "panel": panel,
        "kind": KINDS.get(panel.kind),
        "heading": heading_of(panel),
        "account": board.account,
    }
    html = render_to_string("panels/_panel.html", context | content(panel, board))
    return html, fingerprint(html.encode()).strip('"')


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
