"""The call budget of each token (1.7): what is used of it, and the breaker when it is gone.

Cloudflare allows so many calls in five minutes and then blocks them all for five more. So every
call is counted; reads slow down before the end is near; and after a 429 nothing is sent for that
token until the API takes calls again. A token goes by its reader's name (see `access`), never by
itself.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import cache as once

from django.core.cache import cache
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from console.cache_server import CacheServer, cache_server
from workflows_ui import calls
from workflows_ui.cloudflare import CallRecord, RateLimited

CALLS = 1_200
SECONDS = 300
WINDOW = RateLimitItemPerSecond(CALLS, SECONDS)
UNTOLD_PAUSE = 60
"""Seconds, after a 429 that doesn't say when to come back."""
LONGEST_PAUSE = 3_600
"""Seconds, whatever the API says: what it tells of the budget counts for no longer either."""
BACKGROUND_SHARE = 0.5
"""Of the budget: with less left than this, only people's reads go on."""
SAMPLER, WALL = 0, -1
"""In place of a person's key, for calls that nobody who is logged in waits for."""
UNATTENDED = {SAMPLER: "sampling", WALL: "walls"}
AREAS = ("workflows", "lists", "instances", "versions", "acts", "connection", *UNATTENDED.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a token may still do. `used` is our own count of five minutes, `told` what the API said
    was left of `told_quota` until `told_reset` seconds from now, `pause` the seconds for which no
    call is sent."""

    used: int = 0
    told: int | None = None
    told_quota: int = CALLS
    told_reset: int = 0
    pause: int = 0

    @property
    def share(self) -> float:
        """What is left, from 1 to 0: by our count or by what the API told, whichever is less."""
        if self.pause:
            return 0.0
        ours = (CALLS - self.used) / CALLS
        return ours if self.told is None else min(ours, self.told / self.told_quota)

    @property
    def left(self) -> int:
        return int(self.share * CALLS)

    @property
    def stretch(self) -> int:
        """How many times slower than usual to read. While nothing is sent at all, as usual: what
        is shown then says that it is not fresh."""
        if self.pause or self.share > 0.5:
            return 1
        return 2 if self.share > 0.25 else 4


def budget_of(reader: str) -> Budget:
    """The budget of a token as it is now."""
    noted = cache.get_many([told_key(reader), pause_key(reader)])
    told, quota, reset_at = noted.get(told_key(reader)) or (None, CALLS, 0)
    return Budget(
        used=used(reader),
        told=told,
        told_quota=quota,
        told_reset=seconds_until(reset_at),
        pause=seconds_until(noted.get(pause_key(reader), 0)),
    )


def used(reader: str, part: str = "") -> int:
    """The calls of the last five minutes, or those of one area or person (see `Meter`)."""

    def asked(limiter: MovingWindowRateLimiter) -> int:
        return CALLS - limiter.get_window_stats(WINDOW, reader, part).remaining

    server = cache_server()
    if server is None:
        return asked(ours())
    return server.ask(lambda: asked(everyones(server)), lambda: asked(ours()))


def may_read_in_background(reader: str, *, share: float = BACKGROUND_SHARE) -> bool:
    """Whether what nobody waits for may make a call: people come first."""
    return budget_of(reader).share > share


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """Stands between a client and its calls: counts them, for the person at work (their key)."""

    reader: str
    person: int

    def before(self) -> None:
        """Raises RateLimited instead of a call that the API would refuse."""
        pause = seconds_until(cache.get(pause_key(self.reader), 0))
        if pause:
            message = "Not sent: the API asked to be left alone for a while."
            raise RateLimited(message, status=429, retry_after=pause)

    def after(self, record: CallRecord) -> None:
        calls.note(record)
        for part in ("", *self.parts(record)):
            count(self.reader, part)
        rate = record.rate
        if rate is not None and rate.reset > 0:
            reset = min(rate.reset, LONGEST_PAUSE)
            told = [rate.remaining, rate.quota or CALLS, time.time() + reset]
            cache.set(told_key(self.reader), told, reset)
        if record.status == 429:
            open_breaker(self.reader, record)

    def parts(self, record: CallRecord) -> tuple[str, ...]:
        """What a call counts for: what somebody looked at, or what looks by itself."""
        if self.person in UNATTENDED:
            return (UNATTENDED[self.person],)
        return area_of(record), f"person-{self.person}"


def open_breaker(reader: str, record: CallRecord) -> None:
    """Until the API takes calls again. A later 429 with an earlier moment shortens nothing."""
    pause = record.retry_after
    if pause is None:
        pause = record.rate.reset if record.rate else UNTOLD_PAUSE
    pause = min(pause, LONGEST_PAUSE)
    left = seconds_until(cache.get(pause_key(reader), 0))
    if pause > 0 and pause >= left:
        cache.set(pause_key(reader), time.time() + pause, pause)


def area_of(record: CallRecord) -> str:
    """Which part of the console a call was for, by its address alone."""
    if record.method != "GET":
        return "acts"
    _, found, below = record.path.partition("/workflows")
    parts = [part for part in below.split("/") if part]
    if not found:
        return "connection"
    if "versions" in parts[1:2]:
        return "versions"
    if "instances" in parts[1:2]:
        return "lists" if len(parts) == 2 else "instances"
    return "workflows"


def count(reader: str, part: str) -> None:
    """In this process too, so that there is a count when the cache server goes away."""
    ours().hit(WINDOW, reader, part)
    if (server := cache_server()) is not None:
        server.ask(lambda: everyones(server).hit(WINDOW, reader, part), lambda: False)


@once
def ours() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())


@once
def everyones(server: CacheServer) -> MovingWindowRateLimiter:
    pool, prefix = server.client.connection_pool, f"{server.prefix}:calls"
    return MovingWindowRateLimiter(
        RedisStorage("redis://", connection_pool=pool, key_prefix=prefix)
    )


def told_key(reader: str) -> str:
    return f"told:{reader}"


def pause_key(reader: str) -> str:
    return f"pause:{reader}"


def seconds_until(moment: float) -> int:
    """None for a moment that is too far away: the clock was ahead when it was noted."""
    left = moment - time.time()
    return max(math.ceil(left), 0) if left < LONGEST_PAUSE + 1 else 0
