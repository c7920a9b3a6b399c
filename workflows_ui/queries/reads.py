"""One way to read an upstream: one call at a time for a reading, the last good answer at hand.

The key of every answer starts with whose token it was read with: nobody sees what another's
token could see.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cachetools import LRUCache
from dogpile.cache import make_region
from dogpile.cache.api import NO_VALUE

from workflows_ui import cloudflare as cf

FRESH_SECONDS = 2
FINISHED_SECONDS = 15
ANSWERS_KEPT = 400
# answers that say nothing about the right to read: behind them the last good one may be shown
PASSING = (cf.ConnectionFailed, cf.ServerError, cf.RateLimited, cf.BadResponse)


class LockedAnswers(LRUCache[str, Any]):
    """A bounded dictionary for several threads."""

    def __init__(self, maxsize: int) -> None:
        super().__init__(maxsize)
        self.lock = threading.RLock()

    def get(self, key: str, default: Any = None) -> Any:
        with self.lock:
            return super().get(key, default)

    def __setitem__(self, key: str, value: Any, *args: Any) -> None:
        with self.lock:
            super().__setitem__(key, value, *args)

    def pop(self, key: str, default: Any = None) -> Any:
        with self.lock:
            return super().pop(key, default)


region = make_region().configure(
    "dogpile.cache.memory", arguments={"cache_dict": LockedAnswers(ANSWERS_KEPT)}
)


@dataclass(frozen=True, slots=True)
class Reading[T]:
    """An answer and its age. `error` is set when it is the last good one, not a fresh one."""

    value: T
    read_at: datetime
    error: cf.CloudflareError | None = None


def read[T](
    reader: str, name: str, call: Callable[[], T], *, fresh: float = FRESH_SECONDS
) -> Reading[T]:
    """The answer of `call`, at most `fresh` seconds old.

    Raises what `call` raises, unless the trouble is a passing one and an older answer is kept.
    """
    key = f"{reader}:{name}"
    try:
        found = region.get_or_create(key, lambda: (datetime.now(UTC), call()), fresh)
    except PASSING as error:
        kept = region.get(key, ignore_expiration=True)
        if kept is NO_VALUE:
            raise
        return Reading(kept[1], kept[0], error)
    return Reading(found[1], found[0])


def forget(reader: str, name: str) -> None:
    """Makes the next reading a fresh one, after something was changed."""
    region.delete(f"{reader}:{name}")
