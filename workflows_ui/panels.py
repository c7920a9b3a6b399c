"""Drawing a dashboard's panels: each once, for everybody who watches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from dogpile.cache import make_region
from dogpile.cache.api import NO_VALUE

from console.team.models import Account
from workflows_ui.cloudflare import CloudflareError
from workflows_ui.htmx import fingerprint
from workflows_ui.models import Dashboard, Panel
from workflows_ui.presenters.panels import narrowing
from workflows_ui.presenters.trouble import stale_trouble, trouble_of
from workflows_ui.queries.answers import EVERY_ANSWER, LockedAnswers, configured
from workflows_ui.queries.boards import NeedsToken
from workflows_ui.queries.dashboards import panels_of
from workflows_ui.queries.history import sampling_of, watch_of
from workflows_ui.queries.panels import KINDS, heading_of
from workflows_ui.queries.panels.counts import fits
from workflows_ui.queries.panels.seen import fitting_names
from workflows_ui.watching import PACE, Board

FRESH_SECONDS = PACE / 2
"""Who watches alone has them drawn anew at each tick, many have it twice as often, and a call
made every other time: as often as for one."""
SEEN_SECONDS = 15
"""What the sampler saw is drawn anew when it has looked again. Its panels last no longer though,
for charts move on with the clock."""
Look = tuple[datetime | None, datetime | None]
"""Tells a look of the sampler from the next, and while it looks from afterwards."""
KEPT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Drawn:
    """A panel as HTML, and a short text that changes when what it says does. `at` is when it was
    drawn, `look` the sampler's last one by then, `read_at` the age of what it shows."""

    panel: Panel
    heading: str
    html: SafeString
    mark: str
    at: datetime
    look: Look | None
    read_at: datetime | None = None

    def holds(self, look: Look | None) -> bool:
        """Whether it would be the same if it were drawn again."""
        kind = KINDS.get(self.panel.kind)
        young = timezone.now() - self.at < timedelta(seconds=SEEN_SECONDS)
        return kind is not None and kind.sampled and look == self.look and young


def weight_of(kept: Any) -> int:
    return EVERY_ANSWER + sum(len(one.html) for one in kept.payload)


region = configured(
    make_region(), "dogpile.cache.memory", {"cache_dict": LockedAnswers(KEPT_BYTES, weight_of)}
)


def drawn_panels(dashboard: Dashboard, board: Board) -> tuple[Drawn, ...]:
    """All panels of the dashboard, at most FRESH_SECONDS old. One reader at a time draws them anew,
    all together; everybody else is shown those at hand meanwhile.

    They depend on the board's token, the dashboard and the time zone; on nobody who watches.
    """
    zone = timezone.get_current_timezone_name()
    key = f"{board.reader}:{board.slug}:{dashboard.pk}:{dashboard.changed.timestamp()}:{zone}"
    found: tuple[Drawn, ...] = region.get_or_create(
        key, lambda: drawn_anew(key, dashboard, board), min(board.fresh, FRESH_SECONDS)
    )
    return found


@dataclass(frozen=True, slots=True)
class Notice:
    """What keeps the worker from looking at the account, as HTML: empty when nothing does."""

    html: SafeString
    mark: str


def drawn_notice(account: Account, *, linked: bool = True) -> Notice:
    """The same for everybody who watches, at most FRESH_SECONDS old. Who is not logged in, so not
    `linked`, is told since when alone."""
    notice: Notice
    zone = timezone.get_current_timezone_name()
    key = f"notice:{account.pk}:{linked}:{zone}"
    (notice,) = region.get_or_create(key, lambda: (notice_anew(account, linked),), FRESH_SECONDS)
    return notice


def notice_anew(account: Account, linked: bool) -> Notice:
    context: dict[str, Any] = {"watch": watch_of(account), "linked": linked, "slug": account.slug}
    if not linked:
        sampling = sampling_of(account)
        context["since"] = sampling.sampled if sampling else None
    html = render_to_string("dashboards/_notice.html", context).strip()
    return Notice(SafeString(html), fingerprint(html.encode()).strip('"'))


def drawn_anew(key: str, dashboard: Dashboard, board: Board) -> tuple[Drawn, ...]:
    sampling, before = sampling_of(board.account), region.get(key)
    look = (sampling.tried, sampling.leased_until) if sampling else None
    seen = sampling.sampled if sampling else None
    at_hand = () if before is NO_VALUE else before
    hold = {one.panel.pk: one for one in at_hand if one.holds(look)}
    return tuple(
        hold.get(panel.pk) or draw(panel, board, look=look, seen=seen)
        for panel in panels_of(dashboard)
    )


def draw(
    panel: Panel, board: Board, *, look: Look | None = None, seen: datetime | None = None
) -> Drawn:
    """The panel as it is now; `seen` is up to when the sampler has looked at everything."""
    at, heading, kind = timezone.now(), heading_of(panel), KINDS.get(panel.kind)
    context = {
        "panel": panel,
        "kind": kind,
        "heading": heading,
        "narrowing": narrowing({**kind.unset, **panel.settings}) if kind else "",
        "account": board.account,
    }
    found = content(panel, board)
    html = render_to_string("panels/_panel.html", context | found)
    mark = fingerprint(html.encode()).strip('"')
    reading = found.get("reading")
    read_at = reading.read_at if reading else seen if kind and kind.sampled else None
    return Drawn(panel, heading, html, mark, at=at, look=look, read_at=read_at)


def as_of(drawn: Iterable[Drawn]) -> datetime:
    """How old the oldest is of what panels show; now for those that show nothing of the kind."""
    return min((one.read_at for one in drawn if one.read_at), default=timezone.now())


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
    nothing = fits_nothing(board, panel.settings.get("workflows") or (), found)
    template = f"panels/{kind.name}.html"
    return found | {"stale": stale, "template": template, "nothing": nothing}


def fits_nothing(board: Board, globs: Sequence[str], found: Mapping[str, Any]) -> str:
    """What to say in place of what was found, where the panel looks at no workflow at all. The
    API knows every name; of what was seen, others may be seen yet."""
    if reading := found.get("reading"):
        if not reading.value:
            return "This account has no workflows."
        return "" if any(fits(one, globs) for one in reading.value) else "No workflow fits."
    watched = found.get("watched")
    if not globs or watched is None or watched.since is None:
        return ""
    return "No workflow fits yet." if fitting_names(board.account, globs) == [] else ""
