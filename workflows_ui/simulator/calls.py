"""What was asked of the simulator, for tests that count upstream calls."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: str
    token: str | None
    status: int
    at: str


class Calls:
    """The list of calls, oldest first, at most `most`."""

    def __init__(self, *, most: int = 10_000) -> None:
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        self._most = most

    def note(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)
            del self._calls[: -self._most]

    def all(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(self.all())

    def __len__(self) -> int:
        return len(self.all())

    def reset(self) -> None:
        with self._lock:
            self._calls.clear()

    def as_json(self) -> dict[str, Any]:
        calls = self.all()
        return {"count": len(calls), "calls": [asdict(call) for call in calls]}
