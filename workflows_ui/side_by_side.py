"""Several upstream calls at once, so that a page waits for the slowest only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache


@cache
def pool() -> ThreadPoolExecutor:
    # made at first use: a server that forks must not inherit threads
    return ThreadPoolExecutor(max_workers=16, thread_name_prefix="upstream")


def both[A, B](first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """The results of two calls. The first error is raised, after both have ended."""
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
    futures = [pool().submit(call) for call in calls]
    return [future.result() for future in futures]
