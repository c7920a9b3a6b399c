"""Sealed entries: what a segment's row says of its file, and reading such a file."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from console.audit import chain
from console.audit.actions import AuditAction
from console.audit.models import Entry, Segment
from console.audit.redaction import canonical

FACTS = ("first", "last", "entries", "last_hash", "sha256", "file_name")
"""What the segment's row and its `trail:seal` entry both say."""
HASHED = [f.attname for f in Segment._meta.fields if f.attname != "hash"]
BESIDE = ("sequence", "hash")
"""What a line holds besides what is hashed."""


class UnreadableFile(Exception):
    """The file is missing, or it isn't one that the sealing wrote."""


def segment_content(segment: Segment) -> dict[str, object]:
    """Everything in the segment's row but its own hash, just as it is hashed."""
    return {name: chain.plain(getattr(segment, name)) for name in HASHED}


def facts_of(segment: Segment) -> dict[str, object]:
    return {name: getattr(segment, name) for name in FACTS}


def is_record_of(segment: Segment, entry: Mapping[str, Any]) -> bool:
    """Whether this is the `trail:seal` entry of the segment. `entry` holds plain columns."""
    told = json.loads(entry["detail_text"] or "{}")
    return bool(entry["action"] == AuditAction.TRAIL_SEAL and told == facts_of(segment))


def line_of(entry: Entry) -> str:
    """An entry with every column just as it was hashed, as one line of a sealed file."""
    beside = {name: getattr(entry, name) for name in BESIDE}
    return canonical(chain.hashed_content(entry) | beside) + "\n"


def lines_in(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a sealed file as plain columns, one at a time. Raises UnreadableFile."""
    try:
        with gzip.open(path, "rt", encoding="ascii") as file:
            for text in file:
                line = json.loads(text)
                if not isinstance(line, dict) or line.keys() != {*chain.HASHED, *BESIDE}:
                    raise UnreadableFile(f"{path.name} holds a line that is no entry")
                yield line
    except (OSError, EOFError, ValueError, RecursionError, zlib.error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged"
        raise UnreadableFile(f"{path.name} can't be read: {why}") from None


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file's bytes. Raises UnreadableFile."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableFile(f"{path.name} can't be read: {error.strerror}") from None
