"""Keeping the trail short without losing any of it: its oldest entries move into a file.

The order makes it safe to be killed anywhere: the file is written, published under its name and
checked; then one transaction writes the segment's row and the `trail:seal` entry; only then do
rows go. Whatever a killed run left is taken up by the next.
"""

from __future__ import annotations

import fcntl
import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db.models import Max, Min
from django.utils import timezone

from console.audit import chain
from console.audit.actions import AuditAction
from console.audit.models import Entry, Segment
from console.audit.queries import open_attempts
from console.audit.recording import record_event
from console.audit.segments import (
    UnreadableFile,
    facts_of,
    line_of,
    lines_in,
    segment_content,
    sha256_of,
)
from console.audit.verify import Checkpoint, Walk, check_segments

ROWS_AT_ONCE = 5000


class CannotSeal(Exception):
    """Nothing was deleted; why is in the words."""


@dataclass(frozen=True, slots=True)
class Span:
    """The entries to seal. `after` is the one they follow on."""

    after: Checkpoint
    last: int

    @property
    def first(self) -> int:
        return self.after.sequence + 1

    @property
    def file_name(self) -> str:
        return f"trail-{self.first:012}-{self.last:012}.jsonl.gz"


def seal(before: datetime, folder: Path) -> Segment | None:
    """Moves the entries older than `before` into a new file in the folder; None if there are none.

    Raises CannotSeal, OSError, Broken for a trail that isn't whole, TrailUnavailable.
    """
    with _alone_in(folder):
        finish(folder)
        span = span_before(before)
        if span is None:
            return None
        path = folder / span.file_name
        if not path.exists():
            publish(write(span, path.with_suffix(".part")), path)
        segment = record(span, checked(path, span))
        remove(segment, folder)
        return segment


def span_before(before: datetime) -> Span | None:
    """The oldest entries up to the first that is not older than `before`.

    It ends before the first attempt whose end nobody knows: that would be out of sight before it
    is settled. It also ends where no attempt is torn from its outcome, if there is such a place.
    """
    after = check_segments(Segment.objects.all())
    last = _last_older_than(before)
    waiting = open_attempts().filter(sequence__lte=last).first()
    if waiting:
        last = waiting.sequence - 1
    whole = last
    while torn := _first_torn(after.sequence, whole):
        whole = torn - 1
    last = whole if whole > after.sequence else last
    return Span(after, last) if last > after.sequence else None


def _last_older_than(before: datetime) -> int:
    """By sequence: clocks may go back, and nothing younger than `before` may be sealed."""
    rows = Entry.objects.aggregate(last=Max("sequence"))
    young = Entry.objects.filter(at__gte=before).aggregate(first=Min("sequence"))
    return (young["first"] or (rows["last"] or 0) + 1) - 1


def _first_torn(after: int, last: int) -> int | None:
    torn = Entry.objects.filter(
        sequence__gt=last, attempt_sequence__gt=after, attempt_sequence__lte=last
    )
    first: int | None = torn.aggregate(first=Min("attempt_sequence"))["first"]
    return first


def write(span: Span, part: Path) -> Path:
    """The entries as gzip JSON lines in a file of its owner's alone, safe on the disk."""
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    rows = Entry.objects.filter(sequence__gte=span.first, sequence__lte=span.last)
    with os.fdopen(descriptor, "wb") as file:
        # without name and time: the same entries make the same file
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            for entry in rows.order_by("sequence").iterator(chunk_size=2000):
                packed.write(line_of(entry).encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
    return part


def publish(part: Path, path: Path) -> None:
    """Gives the whole file its name, safe on the disk."""
    part.rename(path)
    with _opened(path.parent) as descriptor:
        os.fsync(descriptor)


def checked(path: Path, span: Span) -> Segment:
    """What the file holds, read back: just these entries, each genuine and in its place.

    Raises CannotSeal. The last hash stands for all before it, so it alone is compared with the
    database.
    """
    try:
        walk = Walk(span.after, Segment.objects.all(), place=f"File {path.name}: ")
        end = walk.along(lines_in(path))
        digest = sha256_of(path)
    except UnreadableFile as error:
        raise CannotSeal(f"{error}.") from None
    kept = Entry.objects.filter(sequence=span.last, hash=end.hash).exists()
    if end.sequence != span.last or not kept:
        raise CannotSeal(f"{path} is there already and holds something else: move it away.")
    return Segment(
        first=span.first,
        last=span.last,
        entries=span.last - span.first + 1,
        last_hash=end.hash,
        sha256=digest,
        file_name=path.name,
    )


def record(span: Span, segment: Segment) -> Segment:
    """Writes the segment's row and the `trail:seal` entry, both or neither."""

    def keep(entry: Entry) -> None:
        if check_segments(Segment.objects.all()) != span.after:
            raise CannotSeal("Another sealing was faster. Nothing was deleted.")
        segment.recorded_in = entry.sequence
        segment.sealed_at = timezone.now()
        segment.hash = chain.keyed_hash(segment_content(segment), chain.SEGMENTS)
        segment.save(force_insert=True)

    record_event(
        actor=None,
        actor_name="manage.py",
        action=AuditAction.TRAIL_SEAL,
        target=f"entries {segment}",
        detail=facts_of(segment),
        together_with=keep,
    )
    return segment


def finish(folder: Path) -> None:
    """Deletes the rows that a killed run had sealed and not deleted yet. Raises CannotSeal."""
    segments = list(Segment.objects.all())
    check_segments(segments)
    for segment in segments:
        if Entry.objects.filter(sequence__range=(segment.first, segment.last)).exists():
            remove(segment, folder)


def remove(segment: Segment, folder: Path) -> None:
    """Deletes the segment's rows, a few at a time, once its file is seen to be what it was."""
    try:
        if sha256_of(folder / segment.file_name) != segment.sha256:
            raise CannotSeal(f"{segment.file_name} is not the file that was sealed.")
    except UnreadableFile as error:
        raise CannotSeal(
            f"Entries {segment} are sealed and not deleted yet, and {error}."
        ) from None
    for start in range(segment.first, segment.last + 1, ROWS_AT_ONCE):
        end = min(start + ROWS_AT_ONCE - 1, segment.last)
        Entry.objects.filter(sequence__range=(start, end)).delete()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    with _opened(folder) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotSeal(f"Another sealing into {folder} is under way.") from None
        yield


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
