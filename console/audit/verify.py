"""Checks the trail from its first entry to its last: sealed segments, their files, the rows."""

from __future__ import annotations

import hmac
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from console.audit import chain
from console.audit.actions import AuditAction
from console.audit.models import Entry, Segment
from console.audit.segments import (
    UnreadableFile,
    is_record_of,
    lines_in,
    segment_content,
    sha256_of,
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An entry's number and hash, kept where nobody who can write the database can write too."""

    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash}"


START = Checkpoint(0, "")


class Broken(Exception):
    """The first thing that isn't right, in words."""


class BadRow(Broken):
    """An entry, in the database or in a sealed file."""

    def __init__(self, sequence: int, what: str, *, place: str = "") -> None:
        super().__init__(f"{place}Entry {sequence}: {what}.")
        self.sequence = sequence
        self.what = what


class BadSegment(Broken):
    """The row of a segment, which stands for entries that are not in the database any more."""

    def __init__(self, segment: Segment, what: str) -> None:
        super().__init__(f"Segment {segment}: {what}.")


class BadFile(Broken):
    """A sealed file."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"File {path.name}: {what}.")


class FileNeeded(Exception):
    """The checkpoint lies within sealed entries, and their file wasn't given."""


@dataclass(slots=True)
class Walk:
    """The way along the chain: where it is, what it looks out for, under which key it was."""

    end: Checkpoint
    segments: Iterable[Segment] = ()
    known: Checkpoint | None = None
    place: str = ""
    met_known: bool = False
    key: int | None = None
    records: dict[int, Segment] = field(init=False)
    ends: dict[int, Segment] = field(init=False)

    def __post_init__(self) -> None:
        self.records = {segment.recorded_in: segment for segment in self.segments}
        self.ends = {segment.last: segment for segment in self.segments}

    def along(self, rows: Iterable[Mapping[str, Any]]) -> Checkpoint:
        """Goes along plain rows and returns where they end. Raises BadRow for the first bad one."""
        for row in rows:
            self._check_place(row)
            self._check_segment(row)
            self.end = Checkpoint(row["sequence"], row["hash"])
            if self.known and self.known.sequence == self.end.sequence:
                self.met_known = True
                if not _same(self.known.hash, self.end.hash):
                    raise self._bad("not the one of the checkpoint; the trail was rewritten")
        return self.end

    def _check_place(self, row: Mapping[str, Any]) -> None:
        before, self.end = self.end, Checkpoint(self.end.sequence + 1, str(row["hash"]))
        if row["sequence"] != self.end.sequence:
            raise self._bad("missing")
        content = {name: row[name] for name in chain.HASHED}
        key = chain.key_of(content, self.end.hash, chain.ENTRIES)
        if key is None:
            raise self._bad("changed")
        if not _same(str(row["previous_hash"]), before.hash):
            elsewhere = Entry.objects.filter(hash=row["previous_hash"]).exists()
            moved = elsewhere or not row["previous_hash"]
            raise self._bad("reordered" if moved else "missing the row before it")
        if self.key is not None and key > self.key:
            # who got hold of an old key must not be able to add to the trail with it
            raise self._bad("written under an older key than the entry before it")
        self.key = key

    def _check_segment(self, row: Mapping[str, Any]) -> None:
        sealed_here = self.ends.get(row["sequence"])
        if sealed_here and not _same(sealed_here.last_hash, row["hash"]):
            raise self._bad("not the one that its segment ends with")
        recorded = self.records.get(row["sequence"])
        if recorded and not is_record_of(recorded, row):
            raise BadSegment(recorded, f"entry {row['sequence']} tells of something else")
        if row["action"] == AuditAction.TRAIL_SEAL and not recorded:
            raise self._bad("the segment that it tells of is missing")

    def _bad(self, what: str) -> BadRow:
        return BadRow(self.end.sequence, what, place=self.place)


def checkpoint() -> Checkpoint | None:
    """The end of the trail as it is now; None for an empty one."""
    last = Entry.objects.order_by("-sequence").first()
    return Checkpoint(last.sequence, last.hash) if last else None


def verify(known: Checkpoint | None = None, files: Iterable[Path] = ()) -> Checkpoint | None:
    """Reads every segment and every row and returns where the trail ends; also the sealed `files`.

    Raises Broken for the first thing that isn't right. The chain alone can't tell that its last
    rows are gone. A checkpoint that was kept can: everything up to it is then known to be there,
    as it was. Raises FileNeeded when it lies within a segment whose file isn't among `files`.
    """
    files = list(files)
    while True:
        segments = list(Segment.objects.all())
        try:
            return _verify(segments, known, files)
        except Broken:
            # a sealing under way moves rows while they are read
            if Segment.objects.count() == len(segments):
                raise


def _verify(
    segments: list[Segment], known: Checkpoint | None, files: list[Path]
) -> Checkpoint | None:
    sealed = check_segments(segments)
    met = [check_file(path, segments, known) for path in files]
    rows = Entry.objects.order_by("sequence")
    first = rows.first()
    start = sealed
    if first and first.sequence <= sealed.sequence:
        # sealed rows that are still here: their first one says what it follows on
        start = Checkpoint(first.sequence - 1, first.previous_hash)
    walk = Walk(start, segments, known)
    # closed at once: found by the garbage collector, the cursor would be closed in a transaction
    # that doesn't know it
    with closing(cast("Generator[Entry]", rows.iterator(chunk_size=2000))) as found:
        end = walk.along(map(plain_row, found))
    if end.sequence < sealed.sequence:
        raise BadRow(end.sequence + 1, "missing")
    for segment in segments:
        if segment.recorded_in > end.sequence:
            raise BadSegment(segment, f"entry {segment.recorded_in}, which tells of it, is missing")
    if known and not (walk.met_known or any(met)):
        _without_its_row(known, end, segments)
    return end if end.sequence else None


def _without_its_row(known: Checkpoint, end: Checkpoint, segments: list[Segment]) -> None:
    """The checkpoint's entry was not among those read: it is sealed, or it is gone."""
    if end.sequence < known.sequence:
        raise BadRow(end.sequence + 1, "missing, though the checkpoint knows later ones")
    segment = next(one for one in segments if one.first <= known.sequence <= one.last)
    if segment.last != known.sequence:
        raise FileNeeded(
            f"The checkpoint is one of the sealed entries {segment}: "
            f"check it with --segment {segment.file_name}."
        )
    if not _same(segment.last_hash, known.hash):
        raise BadSegment(segment, "doesn't end with the checkpoint; the trail was rewritten")


def check_segments(segments: Iterable[Segment]) -> Checkpoint:
    """Where the sealed entries end. Raises BadSegment for a row that isn't genuine or in its place.

    Nobody without the key can make one, so no range is gone without having been sealed.
    """
    end = START
    for segment in segments:
        if not is_genuine(segment):
            raise BadSegment(segment, "forged or changed")
        if segment.first != end.sequence + 1:
            raise BadSegment(segment, f"entry {end.sequence + 1} is missing before it")
        end = Checkpoint(segment.last, segment.last_hash)
    return end


def is_genuine(segment: Segment) -> bool:
    """Whether the segment's row is to the bit what was written."""
    return chain.key_of(segment_content(segment), segment.hash, chain.SEGMENTS) is not None


def check_file(path: Path, segments: Sequence[Segment], known: Checkpoint | None = None) -> bool:
    """Checks a sealed file against its segment; says whether it holds the entry of the checkpoint.

    Raises Broken.
    """
    try:
        first = next(lines_in(path), None)
        segment = next((one for one in segments if first and one.first == first["sequence"]), None)
        if segment is None:
            raise BadFile(path, "no segment of this trail begins like it")
        before = next((a for a, b in pairwise(segments) if b is segment), None)
        start = Checkpoint(before.last, before.last_hash) if before else START
        walk = Walk(start, segments, known, place=f"File {path.name}: ")
        end = walk.along(lines_in(path))
        if end != Checkpoint(segment.last, segment.last_hash):
            raise BadRow(end.sequence + 1, "missing", place=walk.place)
        if sha256_of(path) != segment.sha256:
            raise BadFile(path, "changed: its SHA-256 is not the one that was recorded")
    except UnreadableFile as error:
        raise BadFile(path, str(error)) from None
    return walk.met_known


def plain_row(entry: Entry) -> dict[str, Any]:
    """A row of the database as a line of a sealed file has it."""
    return chain.hashed_content(entry) | {"sequence": entry.sequence, "hash": entry.hash}


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
