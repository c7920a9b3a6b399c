"""Charts over time as numbers that a template draws: no script, no library in the browser."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WIDTH, HEIGHT = 240.0, 60.0
GAP = 0.2
"""Of a bucket's width, between two bars."""


@dataclass(frozen=True, slots=True)
class Period:
    """How far back a chart looks, in which steps; `per` is what one of them is called."""

    label: str
    per: str
    length: timedelta
    step: timedelta

    def buckets(self, now: datetime) -> list[datetime]:
        """Where each bucket begins, oldest first; the last one holds `now`."""
        seconds = self.step.total_seconds()
        last = datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=now.tzinfo)
        count = int(self.length / self.step)
        return [last - self.step * back for back in range(count - 1, -1, -1)]


PERIODS = {
    "1h": Period("Last hour", "2 minutes", timedelta(hours=1), timedelta(minutes=2)),
    "24h": Period("Last 24 hours", "hour", timedelta(hours=24), timedelta(hours=1)),
    "7d": Period("Last 7 days", "6 hours", timedelta(days=7), timedelta(hours=6)),
    "30d": Period("Last 30 days", "day", timedelta(days=30), timedelta(days=1)),
}


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    tone: str


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    tone: str


@dataclass(frozen=True, slots=True)
class Column:
    """One bucket: when, and its values in the order of the chart's series. None is no value, which
    is not zero; of a bucket that isn't `known` nobody can tell."""

    at: datetime
    values: tuple[float | None, ...]
    known: bool = True


@dataclass(frozen=True, slots=True)
class Chart:
    """`top` is the value at the upper edge. `unknown` are the spans that were not watched."""

    columns: Sequence[Column]
    bars: Sequence[Bar]
    lines: Sequence[tuple[str, str]]
    unknown: Sequence[Bar]
    top: float
    series: Sequence[Series]
    width: float = WIDTH
    height: float = HEIGHT

    @property
    def drawn(self) -> bool:
        """Whether anything stands in it, so that its upper edge means something."""
        return bool(self.bars) or any(path for path, _ in self.lines)


def stacked(columns: Sequence[Column], series: Sequence[Series]) -> Chart:
    """A bar per bucket, the series on top of each other."""
    top = max((sum(v or 0 for v in column.values) for column in columns), default=0) or 1
    wide = WIDTH / max(len(columns), 1)
    bars: list[Bar] = []
    for place, column in enumerate(columns):
        y = HEIGHT
        for value, one in zip(column.values, series, strict=True):
            height = (value or 0) / top * HEIGHT
            if height:
                y -= height
                bars.append(_bar(place, wide, y, height, one.tone))
    return Chart(columns, bars, (), unknown_of(columns), top, series)


def lines(columns: Sequence[Column], series: Sequence[Series]) -> Chart:
    """A line per series; where there is no value the line is broken."""
    known = [value for column in columns for value in column.values if value is not None]
    top = max(known, default=0) or 1
    drawn = [
        (_path([column.values[place] for column in columns], top), one.tone)
        for place, one in enumerate(series)
    ]
    return Chart(columns, (), drawn, unknown_of(columns), top, series)


def unknown_of(columns: Iterable[Column]) -> list[Bar]:
    columns = list(columns)
    wide = WIDTH / max(len(columns), 1)
    return [
        Bar(round(place * wide, 2), 0, round(wide, 2), HEIGHT, "muted")
        for place, column in enumerate(columns)
        if not column.known
    ]


def _bar(place: int, wide: float, y: float, height: float, tone: str) -> Bar:
    x = (place + GAP / 2) * wide
    return Bar(round(x, 2), round(y, 2), round(wide * (1 - GAP), 2), round(height, 2), tone)


def _path(values: Sequence[float | None], top: float) -> str:
    wide = WIDTH / max(len(values), 1)
    parts, pen = [], "M"
    for place, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        x, y = (place + 0.5) * wide, HEIGHT - value / top * HEIGHT
        # a point that stands alone still shows: a line of no length with round ends
        parts.append(f"{pen}{x:.1f} {y:.1f}" + ("l0 0" if pen == "M" else ""))
        pen = "L"
    return " ".join(parts)
