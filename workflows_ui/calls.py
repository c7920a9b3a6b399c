"""How much the calls of this thread bring in, so that answers are kept by their weight."""

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


@contextmanager
def measured() -> Iterator[Received]:
    """Counts the bytes of all answers that come within, in this thread."""
    received = _thread.received = Received()
    try:
        yield received
    finally:
        _thread.received = None


def note(record: CallRecord) -> None:
    received = getattr(_thread, "received", None)
    if received is not None:
        received.bytes += record.size
