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
from workflows_ui.calls import measured

FRESH_SECONDS = 2
FINISHED_SECONDS = 15
# in bytes as they came over the wire; as objects they are several times that
KEPT_BYTES = 16 * 1024 * 1024
LARGEST_KEPT = 8 * 1024 * 1024
EVERY_ANSWER = 4 * 1024
# answers that say nothing about the right to read: behind them the last good one may be shown
PASSING = (cf.ConnectionFailed, cf.ServerError, cf.RateLimited, cf.BadResponse)


@dataclass(frozen=True, slots=True)
class Kept:
    read_at: datetime
    value: Any
    weight: int


class LockedAnswers(LRUCache[str, Any]):
    """A dictionary bounded by the weight of its answers, for several threads.

    An answer too large to keep is not kept, and neither is what it replaces.
    """

    def __init__(self, maxsize: int) -> None:
        super().__init__(maxsize, getsizeof=weight_of)
        self.lock = threading.RLock()

    def get(self, key: str, default: Any = None) -> Any:
        with self.lock:
            return super().get(key, default)

    def __setitem__(self, key: str, value: Any, *args: Any) -> None:
        with self.lock:
            if weight_of(value) > min(LARGEST_KEPT, self.maxsize):
                super().pop(key, None)
            else:
                super().__setitem__(key, value, *args)

    def pop(self, key: str, default: Any = None) -> Any:
        with self.lock:
            return super().pop(key, default)


def weight_of(cached: Any) -> int:
    return EVERY_ANSWER + int(cached.payload.weight)


region = make_region().configure(
    "dogpile.cache.memory", arguments={"cache_dict": LockedAnswers(KEPT_BYTES)}
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
        found = region.get_or_create(key, lambda: weighed(call), fresh)
    except PASSING as error:
        kept = region.get(key, ignore_expiration=True)
        if kept is NO_VALUE:
            raise
        return Reading(kept.value, kept.read_at, error)
    return Reading(found.value, found.read_at)


def weighed(call: Callable[[], Any]) -> Kept:
    with measured() as received:
        value = call()
    return Kept(datetime.now(UTC), value, received.bytes)


def forget(reader: str, name: str) -> None:
    """Makes the next reading a fresh one, after something was changed."""
    region.delete(f"{reader}:{name}")
