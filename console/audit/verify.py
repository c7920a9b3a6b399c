"""Checks the trail from its first row to its last."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from console.audit.chain import is_genuine
from console.audit.models import Entry


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A row's number and hash, kept where nobody who can write the database can write too."""

    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash}"


class BadRow(Exception):
    """The first row that isn't right, in words."""

    def __init__(self, sequence: int, what: str) -> None:
        super().__init__(f"Entry {sequence}: {what}.")
        self.sequence = sequence
        self.what = what


def checkpoint() -> Checkpoint | None:
    """The end of the trail as it is now; None for an empty one."""
    last = Entry.objects.order_by("-sequence").first()
    return Checkpoint(last.sequence, last.hash) if last else None


def verify(known: Checkpoint | None = None) -> Checkpoint | None:
    """Reads every row and returns where the trail ends. Raises BadRow for the first bad one.

    The chain alone can't tell that its last rows are gone. A checkpoint that was kept can:
    everything up to it is then known to be there, as it was.
    """
    previous = Checkpoint(0, "")
    for entry in Entry.objects.order_by("sequence").iterator(chunk_size=2000):
        _check(entry, previous)
        previous = Checkpoint(entry.sequence, entry.hash)
        if known and known.sequence == entry.sequence and not _same(known.hash, entry.hash):
            raise BadRow(entry.sequence, "not the one of the checkpoint; the trail was rewritten")
    if known and previous.sequence < known.sequence:
        raise BadRow(previous.sequence + 1, "missing, though the checkpoint knows later ones")
    return previous if previous.sequence else None


def _check(entry: Entry, previous: Checkpoint) -> None:
    expected = previous.sequence + 1
    if entry.sequence != expected:
        raise BadRow(expected, "missing")
    if not is_genuine(entry):
        raise BadRow(entry.sequence, "changed")
    if not _same(entry.previous_hash, previous.hash):
        elsewhere = Entry.objects.filter(hash=entry.previous_hash).exists()
        moved = elsewhere or not entry.previous_hash
        raise BadRow(entry.sequence, "reordered" if moved else "missing the row before it")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
