"""Values as they are typed after a command."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime

from console.audit.verify import Checkpoint


def moment(text: str) -> datetime:
    """A day or a time in ISO 8601, UTC if unsaid."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no time like 2026-11-24T12:00") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def known_end(text: str) -> Checkpoint:
    """A checkpoint as `audit_checkpoint` printed it."""
    sequence, _, digest = text.strip().partition(":")
    if not sequence.isdecimal() or not int(sequence) or len(digest) != 64:
        raise ArgumentTypeError("must be SEQ:HASH, as `audit_checkpoint` prints it")
    return Checkpoint(int(sequence), digest)
