"""Clocks. Inside the simulator every moment is a whole number of milliseconds since 1970."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock(Protocol):
    def millis(self) -> int: ...


class RealClock:
    """The machine's clock, shifted by an offset."""

    def __init__(self, *, offset_seconds: float = 0) -> None:
        self._offset = round(offset_seconds * SECOND)

    def millis(self) -> int:
        return time.time_ns() // 1_000_000 + self._offset

    def now(self) -> datetime:
        return as_datetime(self.millis())


class ScriptedClock:
    """A clock that moves only when told to."""

    def __init__(self, start: datetime = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)) -> None:
        self._millis = as_millis(start)
        self._lock = threading.Lock()

    def millis(self) -> int:
        return self._millis

    def now(self) -> datetime:
        return as_datetime(self._millis)

    def advance(self, seconds: float) -> datetime:
        """Move forward and return the new moment."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        with self._lock:
            self._millis += round(seconds * SECOND)
        return self.now()


def as_datetime(millis: int) -> datetime:
    return datetime.fromtimestamp(millis / SECOND, UTC)


def as_millis(moment: datetime) -> int:
    return round(moment.timestamp() * SECOND)


def iso(millis: int) -> str:
    """The API's form of a timestamp: UTC, milliseconds, Z (API reference, section 2)."""
    seconds, rest = divmod(millis, SECOND)
    return f"{_second(seconds)}.{rest:03d}Z"


@lru_cache(maxsize=8192)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def iso_or_none(millis: int | None) -> str | None:
    return None if millis is None else iso(millis)
