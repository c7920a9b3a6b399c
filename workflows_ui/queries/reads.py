"""One way to read an upstream: one call at a time for a reading, the last good answer at hand.

The key of every answer starts with whose token it was read with: nobody sees what another's
token could see.

Whoever finds an answer that is not fresh reads anew in the background and waits for it a moment;
everybody else is shown the answer at hand. Only where there is none at all do readers wait.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, cast

from dogpile.cache import CacheRegion
from dogpile.cache.api import NO_VALUE, CacheMutex

from workflows_ui import cloudflare as cf
from workflows_ui.budget import budget_of
from workflows_ui.calls import measured
from workflows_ui.queries.answers import (
    EVERY_ANSWER,
    Failed,
    Forgotten,
    Kept,
    LockedAnswers,
    answers_region,
)

__all__ = ["EVERY_ANSWER", "Kept", "LockedAnswers", "Reading", "forget", "kept", "read", "region"]

FRESH_SECONDS = 2
FINISHED_SECONDS = 15
PATIENCE = 0.5
"""Seconds that who reads anew waits for it, with a good answer at hand."""
OLD = 10
"""Seconds beyond freshness: an older answer is waited for, and not shown without a word."""
LONG_PATIENCE = 4.0
AGAIN_SECONDS = 2
"""After a failure nobody tries again for so long, while there is an answer to show."""
REMEMBERED_SECONDS = 60
# answers that say nothing about the right to read: behind them the last good one may be shown
PASSING = (cf.ConnectionFailed, cf.ServerError, cf.RateLimited, cf.BadResponse)


@dataclass(frozen=True, slots=True)
class Reading[T]:
    """An answer and its age. `error` is set when it is the last good one, not a fresh one."""

    value: T
    read_at: datetime
    error: cf.CloudflareError | None = None


class Flight:
    """A reader's wish for a fresh answer. The one that is chosen among many makes the call."""

    def __init__(self, key: str, call: Callable[[], Any]) -> None:
        self.key = key
        self.call = call
        self.wished = datetime.now(UTC)
        self.refresh: Future[Kept] | None = None

    def __call__(self) -> Kept:
        """Where there is no answer yet: makes the call, or shares the failure it waited for."""
        failed = failure_of(self.key)
        if failed is not None and failed.at >= self.wished:
            raise copy.copy(failed.error)
        return self.asked()

    def asked(self) -> Kept:
        try:
            with measured() as received:
                value = self.call()
        except cf.CloudflareError as error:
            self.note(error)
            raise
        return Kept(datetime.now(UTC), value, received.bytes)

    def note(self, error: cf.CloudflareError) -> None:
        if not isinstance(error, PASSING):
            region.delete(self.key)
        # a copy, without the frames that the error came through
        region.set(failure_key(self.key), Failed(datetime.now(UTC), copy.copy(error)))

    def counts(self, answer: Kept) -> bool:
        """Whether nothing was changed since the call was made."""
        forgotten = region.get(forgotten_key(self.key))
        return forgotten is NO_VALUE or forgotten.at < self.wished

    def renew(self, mutex: CacheMutex) -> Kept:
        """In the background: reads anew and lets go of the flight."""
        try:
            newest = region.get(self.key, ignore_expiration=True)
            if newest is not NO_VALUE and newest.read_at > self.wished:
                # another came back from its flight just before this one was chosen
                return cast(Kept, newest)
            answer = self.asked()
            if self.counts(answer):
                region.set(self.key, answer)
            return answer
        finally:
            mutex.release()


def start_renewing(_: CacheRegion, key: str, flight: Flight, mutex: CacheMutex) -> None:
    """Called for the reader that was chosen to read anew; the mutex is let go of in any case."""
    failed = failure_of(key)
    if failed is not None and datetime.now(UTC) - failed.at < timedelta(seconds=AGAIN_SECONDS):
        mutex.release()
        return
    try:
        flight.refresh = background().submit(flight.renew, mutex)
    except RuntimeError:
        # the process is about to end
        mutex.release()


region = answers_region(start_renewing)


@cache
def background() -> ThreadPoolExecutor:
    # made at first use: a server that forks must not inherit threads
    return ThreadPoolExecutor(max_workers=32, thread_name_prefix="renew")


def read[T](
    reader: str, name: str, call: Callable[[], T], *, fresh: float = FRESH_SECONDS
) -> Reading[T]:
    """The answer of `call`, at most `fresh` seconds old; older while the call budget is short,
    while another reads it anew, and while the API fails: then with the reason.

    Raises what `call` raises, unless the trouble is a passing one and an older answer is kept.
    """
    key = f"{reader}:{name}"
    fresh += FRESH_SECONDS * (budget_of(reader).stretch - 1)
    flight = Flight(key, call)
    found = region.get_or_create(key, flight, fresh, should_cache_fn=flight.counts)
    if flight.refresh is not None:
        return renewed(flight, found, fresh)
    if old(found, fresh) and reason_of(key, found) is None:
        found = awaited(key, found)
    return shown(key, found, fresh)


def renewed[T](flight: Flight, found: Kept, fresh: float) -> Reading[T]:
    """What the flight brings, if it does so while its reader waits."""
    assert flight.refresh is not None  # noqa: S101 - its caller looked
    waits = old(found, fresh) and reason_of(flight.key, found) is None
    try:
        answer = flight.refresh.result(timeout=LONG_PATIENCE if waits else PATIENCE)
    except TimeoutError:
        return shown(flight.key, found, fresh)
    except PASSING as error:
        return Reading(found.value, found.read_at, error)
    return Reading(answer.value, answer.read_at)


def awaited(key: str, found: Kept) -> Kept:
    """The answer that another reader is getting, if it comes soon."""
    until = time.monotonic() + LONG_PATIENCE
    while time.monotonic() < until and reason_of(key, found) is None:
        time.sleep(0.1)
        newer = region.get(key, ignore_expiration=True)
        if newer is not NO_VALUE and newer.read_at > found.read_at:
            return cast(Kept, newer)
    return found


def shown[T](key: str, found: Kept, fresh: float) -> Reading[T]:
    error = None
    if age(found) > fresh:
        error = reason_of(key, found)
    if error is None and old(found, fresh):
        error = cf.TimedOut("No answer yet; it is still waited for.")
    return Reading(found.value, found.read_at, error)


def age(found: Kept) -> float:
    return (datetime.now(UTC) - found.read_at).total_seconds()


def old(found: Kept, fresh: float) -> bool:
    return age(found) > fresh + OLD


def reason_of(key: str, found: Kept) -> cf.CloudflareError | None:
    """Why there is no newer answer, if somebody tried."""
    failed = failure_of(key)
    return failed.error if failed is not None and failed.at > found.read_at else None


def failure_of(key: str) -> Failed | None:
    found = region.get(failure_key(key), expiration_time=REMEMBERED_SECONDS)
    return None if found is NO_VALUE else cast(Failed, found)


def failure_key(key: str) -> str:
    return f"{key}!"


def forgotten_key(key: str) -> str:
    return f"{key}?"


def kept(reader: str, name: str) -> Any:
    """The answer at hand, however old; None when there is none."""
    found = region.get(f"{reader}:{name}", ignore_expiration=True)
    return None if found is NO_VALUE else found.value


def forget(reader: str, name: str) -> None:
    """Makes the next reading a fresh one, after something was changed."""
    key = f"{reader}:{name}"
    region.set(forgotten_key(key), Forgotten(datetime.now(UTC)))
    region.delete(key)
