"""The timers of a run, in order of time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workflows_ui.simulator.ops import Entry


@dataclass(slots=True, eq=False)
class Timer:
    """What to do when it falls due; `entry` shows the planned end, if anything does."""

    handle: Callable[..., None]
    args: tuple[Any, ...]
    entry: Entry | None = None
    cancelled: bool = False


class Timers:
    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Timer]] = []
        self._sequence = 0

    @property
    def next_due(self) -> int | None:
        heap = self._heap
        while heap and heap[0][2].cancelled:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def set(
        self, due: int, handle: Callable[..., None], *args: Any, entry: Entry | None = None
    ) -> Timer:
        timer = Timer(handle, args, entry)
        self._sequence += 1
        heapq.heappush(self._heap, (due, self._sequence, timer))
        return timer

    def pop(self, until: int) -> tuple[int, Timer] | None:
        """The next timer that is due by then, with its moment."""
        due = self.next_due
        if due is None or due > until:
            return None
        return due, heapq.heappop(self._heap)[2]

    def shift(self, by: int) -> None:
        """All of them later, and the ends they show with them."""
        self._heap = [
            (due + by, sequence, timer)
            for due, sequence, timer in self._heap
            if not timer.cancelled
        ]
        heapq.heapify(self._heap)
        for _, _, timer in self._heap:
            if timer.entry is not None and timer.entry.end is not None:
                timer.entry.end += by

    def clear(self) -> None:
        self._heap.clear()
