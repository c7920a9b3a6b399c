"""Numbers, times and ids as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from django.utils import timezone

UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def duration(span: timedelta) -> str:
    """The two largest units: "820 ms", "4.2 s", "1 m 12 s", "3 d 4 h".

    >>> duration(timedelta(seconds=72))
    '1 m 12 s'
    >>> duration(timedelta(milliseconds=4200))
    '4.2 s'
    >>> duration(timedelta(hours=26))
    '1 d 2 h'
    """
    seconds = max(span.total_seconds(), 0.0)
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    left = round(seconds)
    parts: list[tuple[int, str]] = []
    for unit, size in UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count)


def coarse(span: timedelta) -> str:
    """One unit, rounded down: "3 h", "12 s".

    >>> coarse(timedelta(hours=3, minutes=50))
    '3 h'
    """
    seconds = max(int(span.total_seconds()), 0)
    for unit, size in UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "0 s"


def ago(moment: datetime, now: datetime | None = None) -> str:
    """ "3 h ago", "in 5 m" or "now"."""
    span = (now or timezone.now()) - moment
    seconds = span.total_seconds()
    if abs(seconds) < 1:
        return "now"
    return f"in {coarse(-span)}" if seconds < 0 else f"{coarse(span)} ago"


def clock(moment: datetime, *, seconds: bool = True) -> str:
    """The moment in the viewer's zone, as short as it stays clear: "24 Nov 13:00:07"."""
    zone = timezone.get_current_timezone()
    local, today = moment.astimezone(zone), datetime.now(zone)
    exactly = "%H:%M:%S" if seconds else "%H:%M"
    if local.date() == today.date():
        return local.strftime(exactly)
    if local.year == today.year:
        return local.strftime(f"%-d %b {exactly}")
    return local.strftime("%-d %b %Y %H:%M")


def number(count: int) -> str:
    """ "1,174" """
    return f"{count:,}"


def exact(moment: datetime) -> str:
    """The moment in the viewer's zone, with UTC behind it."""
    return exact_in(timezone.get_current_timezone(), moment)


def exact_in(zone: tzinfo, moment: datetime) -> str:
    local = moment.astimezone(zone)
    here = local.replace(tzinfo=None).isoformat(" ", "seconds")
    utc = moment.astimezone(UTC).replace(tzinfo=None).isoformat("T", "seconds")
    return f"{here} {local.tzname()} · {utc}Z"


def size(count: int) -> str:
    """Bytes in the unit that fits: "512 B", "14.2 KB", "3.0 MB".

    >>> size(14540)
    '14.2 KB'
    """
    if count < 1024:
        return f"{count} B"
    amount, unit = count / 1024, "KB"
    for larger in ("MB", "GB"):
        if amount >= 1024:
            amount, unit = amount / 1024, larger
    return f"{amount:.1f} {unit}"


def interval(value: object) -> str:
    """A delay, timeout or retention of the API: milliseconds, or its own text.

    >>> interval(1000), interval("10 minutes"), interval("[dynamic]")
    ('1 s', '10 minutes', 'dynamic')
    """
    if isinstance(value, bool) or value is None:
        return "–"
    if isinstance(value, int | float):
        return duration(timedelta(milliseconds=min(float(value), 1e14)))
    return str(value).strip("[]")


def retention(value: object) -> str:
    """How long instances are kept; without a value the account's default holds."""
    return interval(value) if value not in (None, "") else "default"


def shorten(text: str, most: int) -> str:
    """The text, cut at the end with "…" when it is longer."""
    return text if len(text) <= most else text[:most] + "…"


def retention_text(value: int | str) -> str:
    """A retention as people write it: milliseconds in the largest unit that fits, or its own text.

    >>> retention_text(604_800_000), retention_text(1500), retention_text("3 days")
    ('7 days', '1500', '3 days')
    """
    if isinstance(value, str):
        return value
    for unit, size in (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000)):
        if value and value % size == 0:
            count = value // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return str(value)


@dataclass(frozen=True, slots=True)
class CutText:
    """A long id cut in the middle: the head gives way first, the tail always shows."""

    whole: str
    head: str
    tail: str


def cut(text: str, tail: int = 8) -> CutText:
    if len(text) <= 24:
        return CutText(text, text, "")
    return CutText(text, text[:-tail], text[-tail:])


BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser(user_agent: str) -> str:
    """ "Firefox on Linux", as far as what a browser says of itself can be trusted."""
    name = next((word for mark, word in BROWSERS if mark in user_agent), "")
    system = next((word for mark, word in SYSTEMS if mark in user_agent), "")
    if not name:
        return user_agent[:60] or "Unknown browser"
    return f"{name} on {system}" if system else name
