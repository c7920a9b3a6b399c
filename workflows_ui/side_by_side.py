"""Several upstream calls at once, so that a page waits for the slowest only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from itertools import batched
from typing import Any

from workflows_ui.calls import measured, note_bytes

UPSTREAM = "upstream"


@cache
def pool() -> ThreadPoolExecutor:
    # made at first use: a server that forks must not inherit threads
    return ThreadPoolExecutor(max_workers=16, thread_name_prefix=UPSTREAM)


def within_pool() -> bool:
    """Whether this is one of the pool's own threads. Waiting there for another of them, with all at
    it, nobody would ever go on: what such a call asks for is done in turn."""
    return threading.current_thread().name.startswith(UPSTREAM)


def both[A, B](first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """The results of two calls. The first error is raised, after both have ended."""
    if within_pool():
        return first(), second()
    other: Future[B] = pool().submit(second)
    try:
        result = first()
    finally:
        error = other.exception()
    if error is not None:
        raise error
    return result, other.result()


def all_of[T](calls: Iterable[Callable[[], T]]) -> list[T]:
    """The results of many calls, in their order."""
    if within_pool():
        return [call() for call in calls]
    futures = [pool().submit(weighed, call) for call in calls]
    return [result_of(future) for future in futures]


def weighed[T](call: Callable[[], T]) -> tuple[T, int]:
    """Its result, and the bytes that came in for it: this thread notes them for nobody."""
    with measured() as received:
        return call(), received.bytes


def result_of[T](future: Future[tuple[T, int]]) -> T:
    result, count = future.result()
    note_bytes(count)
    return result


UNTIL_SENT = 0.004
"""Seconds. Who goes on at once holds the interpreter for longer than a call takes to be sent."""


@cache
def pool_ahead() -> ThreadPoolExecutor:
    # one of its own: its calls may wait for calls of the other, and must not take their places;
    # twice what the server's threads start, since a page that failed leaves its other call behind
    return ThreadPoolExecutor(max_workers=64, thread_name_prefix="ahead")


def ahead[T](call: Callable[[], T]) -> Callable[[], T]:
    """Starts a call now. What comes back waits for its end, and gives the result or raises."""
    future = pool_ahead().submit(call)
    wait([future], UNTIL_SENT)
    return future.result


def both_ahead[A, B](
    first: Callable[[], A], second: Callable[[], B]
) -> tuple[Callable[[], A], Callable[[], B]]:
    """The same for two calls at once."""
    one, other = pool_ahead().submit(first), pool_ahead().submit(second)
    started: list[Future[Any]] = [one, other]
    wait(started, UNTIL_SENT)
    return one.result, other.result


FEW = 8


@cache
def pool_of_few() -> ThreadPoolExecutor:
    # one of its own, as above
    return ThreadPoolExecutor(max_workers=FEW, thread_name_prefix="few")


def few_at_once[T](calls: Iterable[Callable[[], T]], most: int = FEW) -> Iterator[list[T]]:
    """The results of many calls in their order, in lots of at most `most` that run side by side.

    Whoever stops reading starts no further lot.
    """
    for lot in batched(calls, most, strict=False):
        futures = [pool_of_few().submit(weighed, call) for call in lot]
        yield [result_of(future) for future in futures]
