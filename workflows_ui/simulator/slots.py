"""The places in which a workflow's instances may run at once (API reference, 4.3 and 7.1)."""

from __future__ import annotations

from collections import deque
from typing import Protocol


class Runner(Protocol):
    def grant(self, at: int) -> None: ...


class Slots:
    """At most `limit` holders; who comes later is queued, first come first served."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._holders: set[Runner] = set()
        self._queue: deque[Runner] = deque()

    def enter(self, runner: Runner) -> bool:
        """Take a slot now, or stand in the queue and be granted one later."""
        if self.limit is None or len(self._holders) < self.limit:
            self._holders.add(runner)
            return True
        self._queue.append(runner)
        return False

    def leave(self, runner: Runner, at: int) -> None:
        """Give the slot, or the place in the queue, back."""
        if runner in self._holders:
            self._holders.remove(runner)
            self.fill(at)
        elif runner in self._queue:
            self._queue.remove(runner)

    def fill(self, at: int) -> None:
        """Grant the free slots to those who wait."""
        while self._queue and (self.limit is None or len(self._holders) < self.limit):
            runner = self._queue.popleft()
            self._holders.add(runner)
            runner.grant(at)
