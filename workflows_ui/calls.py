"""What the calls of this thread bring in: the weight of answers, and what came back last."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from workflows_ui.cloudflare import CallRecord

_thread = threading.local()


@dataclass(slots=True)
class Received:
    bytes: int = 0
    last: CallRecord | None = None


@contextmanager
def measured() -> Iterator[Received]:
    """Notes all answers that come within, in this thread; the innermost block notes them."""
    outer = getattr(_thread, "received", None)
    received = _thread.received = Received()
    try:
        yield received
    finally:
        _thread.received = outer


def note(record: CallRecord) -> None:
    note_bytes(record.size)
    received = getattr(_thread, "received", None)
    if received is not None:
        received.last = record


def note_bytes(count: int) -> None:
    """What came in through another thread for this one."""
    received = getattr(_thread, "received", None)
    if received is not None:
        received.bytes += count
