"""Where answers are kept: in this process, and sealed on the cache server if there is one."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cachetools import LRUCache
from dogpile.cache import CacheRegion, make_region, register_backend
from dogpile.cache.api import NO_VALUE, CacheBackend, CacheMutex
from dogpile.cache.region import DefaultInvalidationStrategy
from redis.exceptions import LockError

from console.cache_server import CacheServer, cache_server
from workflows_ui import cloudflare as cf
from workflows_ui.queries.sealing import DoesNotOpen, open_sealed, seal

# in bytes as they came over the wire; as objects they are several times that
KEPT_BYTES = 16 * 1024 * 1024
LARGEST_KEPT = 8 * 1024 * 1024
EVERY_ANSWER = 4 * 1024
SHARED_SECONDS = 3600
LEASE = cf.TIME_LIMIT + 5
"""A process that died in the middle of its call holds the others up for no longer."""
MARK = 12
"""What a sealed answer begins with tells it from every other one."""
FORGOTTEN = b"-"
CLOCKS_DIFFER = 5
"""Seconds between the clocks of two machines that share answers, at most."""


@dataclass(frozen=True, slots=True)
class Kept:
    read_at: datetime
    value: Any
    weight: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The last try to read anew, in vain."""

    at: datetime
    error: cf.CloudflareError
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Something was changed at that moment: what was asked before it is no answer any more."""

    at: datetime
    weight: int = 0


class NotFromTheFuture(DefaultInvalidationStrategy):
    """What a clock noted that was ahead, and is put right now, is no answer: it would stay fresh
    for as long as the clock was ahead."""

    def is_invalidated(self, timestamp: float) -> bool:
        return timestamp > time.time() + CLOCKS_DIFFER

    def is_hard_invalidated(self, timestamp: float) -> bool:
        return self.is_invalidated(timestamp)


class LockedAnswers(LRUCache[str, Any]):
    """A dictionary bounded by the weight of its answers, for several threads.

    An answer too large to keep is not kept, and neither is what it replaces.
    """

    def __init__(self, maxsize: int, weigh: Callable[[Any], int] | None = None) -> None:
        super().__init__(maxsize, getsizeof=weigh or weight_of)
        self.lock = threading.RLock()

    def get(self, key: str, default: Any = None) -> Any:
        with self.lock:
            return super().get(key, default)

    def __setitem__(self, key: str, value: Any, *args: Any) -> None:
        with self.lock:
            if self.getsizeof(value) > min(LARGEST_KEPT, self.maxsize):
                super().pop(key, None)
            else:
                super().__setitem__(key, value, *args)

    def pop(self, key: str, default: Any = None) -> Any:
        with self.lock:
            return super().pop(key, default)


def weight_of(cached: Any) -> int:
    return EVERY_ANSWER + int(cached.payload.weight)


class SharedAnswers(CacheBackend):
    """Answers on the cache server, with those of this process in front of them.

    An answer is only fetched when the server has another one than this process: to know that, its
    first bytes do. While the server is away, the process goes on with its own.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.server: CacheServer = arguments["server"]
        self._cache = LockedAnswers(KEPT_BYTES)

    def get_mutex(self, key: str) -> SharedMutex:
        return SharedMutex(self.server, f"{self.server.prefix}:flight:{key}")

    def get(self, key: str) -> Any:
        client, name = self.server.client, self._name(key)
        mark = self._ask(lambda: client.getrange(name, 0, MARK - 1))
        mine = self._cache.get(key, NO_VALUE)
        if mark == FORGOTTEN:
            self._cache.pop(key)
            return NO_VALUE
        # a server that has none was away or made room: what is here is still an answer
        if not mark or (mine is not NO_VALUE and mine.metadata.get("mark") == mark):
            return mine
        theirs = self._opened(name, self._ask(lambda: client.get(name)))
        if theirs is NO_VALUE or newer(mine, theirs):
            return mine
        self._cache[key] = theirs
        return theirs

    def set(self, key: str, value: Any) -> None:
        name, mark = self._name(key), os.urandom(MARK)
        value.metadata["mark"] = mark
        self._cache[key] = value
        try:
            sealed = seal(value, mark=mark, name=name) if fits(value) else None
        except RecursionError:
            sealed = None
        client = self.server.client
        if sealed is None:
            self._ask(lambda: client.delete(name))
        else:
            self._ask(lambda: client.set(name, sealed, ex=SHARED_SECONDS))

    def delete(self, key: str) -> None:
        """Forgets it in all processes: a missing one would let each go on with its own."""
        self._cache.pop(key)
        name = self._name(key)
        self._ask(lambda: self.server.client.set(name, FORGOTTEN, ex=SHARED_SECONDS))

    def _name(self, key: str) -> str:
        return f"{self.server.prefix}:answer:{key}"

    def _ask(self, call: Callable[[], Any]) -> Any:
        return self.server.ask(call, lambda: None)

    @staticmethod
    def _opened(name: str, sealed: bytes | None) -> Any:
        try:
            return NO_VALUE if sealed is None else open_sealed(sealed, mark=MARK, name=name)
        except DoesNotOpen:
            return NO_VALUE


def newer(mine: Any, theirs: Any) -> bool:
    return mine is not NO_VALUE and bool(mine.metadata["ct"] > theirs.metadata["ct"])


def fits(cached: Any) -> bool:
    return weight_of(cached) <= LARGEST_KEPT


class SharedMutex(CacheMutex):
    """One flight in this process first, then one among all; without the server, one in each.

    Taken in one thread and given back in another when a refresh goes on in the background.
    """

    def __init__(self, server: CacheServer, name: str) -> None:
        self._server = server
        self._mine = threading.Lock()
        self._all = server.client.lock(name, timeout=LEASE, sleep=0.05, thread_local=False)

    def acquire(self, wait: bool = True) -> bool:
        if not self._mine.acquire(wait):
            return False
        if self._server.ask(lambda: self._acquired(wait), lambda: True):
            return True
        self._mine.release()
        return False

    def _acquired(self, wait: bool) -> bool:
        got = self._all.acquire(blocking=wait, blocking_timeout=LEASE if wait else None)
        return bool(got) or wait

    def release(self) -> None:
        try:
            self._server.ask(self._released, lambda: None)
        finally:
            self._mine.release()

    def _released(self) -> None:
        try:
            self._all.release()
        except LockError:
            # it was got without the server, or ran out, or the server has lost it
            return

    def locked(self) -> bool:
        return self._mine.locked()


register_backend("console.shared", __name__, "SharedAnswers")  # type: ignore[no-untyped-call]


def answers_region(runner: Callable[..., None]) -> CacheRegion:
    """The region of this process; `runner` is how it reads anew behind an answer at hand."""
    region, server = make_region(async_creation_runner=runner), cache_server()
    if server is None:
        own = {"cache_dict": LockedAnswers(KEPT_BYTES)}
        return configured(region, "dogpile.cache.memory", own)
    return configured(region, "console.shared", {"server": server})


def configured(region: CacheRegion, backend: str, arguments: dict[str, Any]) -> CacheRegion:
    present = NotFromTheFuture()  # type: ignore[no-untyped-call]
    return region.configure(backend, arguments=arguments, region_invalidator=present)
