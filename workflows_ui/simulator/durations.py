"""Durations as the API writes them: milliseconds or text such as "5 minutes"."""

from __future__ import annotations

import re
from functools import lru_cache

from workflows_ui.simulator.clock import DAY, HOUR, MINUTE, SECOND

DURATION = re.compile(r"(\d+)\s+(second|minute|hour|day|week|month|year)s?")
UNITS = {
    "second": SECOND,
    "minute": MINUTE,
    "hour": HOUR,
    "day": DAY,
    "week": 7 * DAY,
    "month": 30 * DAY,
    "year": 365 * DAY,
}


@lru_cache(maxsize=1024)
def as_duration(value: int | float | str) -> int:
    """Milliseconds of an API duration; ValueError for any other text."""
    if isinstance(value, str):
        match = DURATION.fullmatch(value)
        if match is None:
            raise ValueError(f"not a duration: {value!r}")
        return int(match[1]) * UNITS[match[2]]
    return int(value)
