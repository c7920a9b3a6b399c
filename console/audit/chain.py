"""The one place that writes the trail: each row is chained to the row before by a keyed hash."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import DatabaseError, connection, models, transaction
from django.db.models import QuerySet
from django.utils import timezone

from console.audit.models import SETTLED, Entry, Outcome
from console.audit.redaction import canonical, scrub, scrub_id

LOCK = 0x7472_6169_6C  # "trail", the advisory lock of PostgreSQL
# The sequence is left out: a row's place is what previous_hash says, so that a moved row is told
# from a changed one.
HASHED = [f.attname for f in Entry._meta.fields if f.attname not in ("sequence", "hash")]
IDS = frozenset({"workflow", "instance_id"})
COMPUTED = frozenset({"previous_hash", "hash", "params_digest", "session"})
# What the key is for is part of how it is derived: a hash made for one of these is worth nothing
# for the other, nor is anything that Django signs with the same secret.
ENTRIES, SEGMENTS = b"console.audit.chain.1", b"console.audit.segment.1"


class TrailUnavailable(Exception):
    """The trail could not be written. Nothing was done."""

    maybe_done = False


class AlreadySettled(Exception):
    """The attempt has its outcome already."""

    maybe_done = False


def append(entry: Entry) -> Entry:
    """Writes the entry as the last row; see `append_all`."""
    append_all([entry])
    return entry


def append_all(
    entries: Sequence[Entry],
    *,
    unless_settled: int | None = None,
    together_with: Callable[[Entry], object] | None = None,
) -> None:
    """Writes the entries as the last rows, in one short transaction of its own.

    Refuses (RuntimeError) to run inside a transaction: rolled back with it, the rows would be gone
    while the act they stand for was done. `together_with` is called in this transaction
    with the last entry, once it has its place. Raises AlreadySettled when the attempt whose
    sequence is `unless_settled` has succeeded or failed meanwhile, TrailUnavailable when the
    database doesn't take the rows.
    """
    for entry in entries:
        _clean(entry)
    try:
        with transaction.atomic(durable=True):
            _lock()
            if unless_settled is not None and is_settled(unless_settled):
                raise AlreadySettled
            last = Entry.objects.order_by("-sequence").first()
            for entry in entries:
                _chain(entry, last)
                last = entry
            Entry.objects.bulk_create(entries)
            if together_with is not None:
                together_with(entries[-1])
    except DatabaseError as error:
        raise TrailUnavailable("The trail could not be written.") from error


def _chain(entry: Entry, last: Entry | None) -> None:
    entry.sequence = last.sequence + 1 if last else 1
    entry.at = timezone.now()
    entry.previous_hash = last.hash if last else ""
    entry.hash = hash_of(entry)


def is_settled(attempt_sequence: int) -> bool:
    """Whether what the attempt set out to do is known to have succeeded or failed."""
    return outcomes().filter(attempt_sequence=attempt_sequence).exists()


def outcomes() -> QuerySet[Entry]:
    """The rows that say how an attempt ended; not those of the single things in a batch."""
    return Entry.objects.filter(outcome__in=SETTLED, part=False)


def hash_of(entry: Entry) -> str:
    """HMAC-SHA256 over everything in the row but its own hash and number."""
    return keyed_hash(hashed_content(entry), ENTRIES)


def hashed_content(entry: Entry) -> dict[str, object]:
    """Everything in the row but its own hash and number, just as it is hashed."""
    return {name: plain(getattr(entry, name)) for name in HASHED}


def keyed_hash(content: Mapping[str, object], purpose: bytes) -> str:
    """HMAC-SHA256 over plain values, under the key of this purpose."""
    return _keyed_hash(content, settings.SECRET_KEY, purpose)


def key_of(content: Mapping[str, object], digest: str, purpose: bytes) -> int | None:
    """Under which key the hash was made: 0 is SECRET_KEY, those after it are older ones.

    None when it fits none of them: this is not what was written.
    """
    for place, secret in enumerate([settings.SECRET_KEY, *settings.OLD_SECRET_KEYS]):
        made = _keyed_hash(content, secret, purpose)
        if hmac.compare_digest(made.encode(), digest.encode()):
            return place
    return None


def _keyed_hash(content: Mapping[str, object], secret: str, purpose: bytes) -> str:
    return hmac.new(_key(secret, purpose), canonical(content).encode(), "sha256").hexdigest()


@lru_cache(maxsize=16)
def _key(secret: str, purpose: bytes) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose)
    return derived.derive(secret.encode())


def plain(value: object) -> object:
    """A column's value as it is hashed: a time as text, in UTC and to the microsecond."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value


def _lock() -> None:
    """One writer at a time. On SQLite BEGIN IMMEDIATE, which the settings ask for, is the lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _clean(entry: Entry) -> None:
    """Nothing that looks like a token, nothing too long, nothing that a database can't keep."""
    for field in entry._meta.fields:
        if not isinstance(field, (models.CharField, models.TextField)) or field.name in COMPUTED:
            continue
        text = str(getattr(entry, field.attname) or "")
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
        text = scrub_id(text) if field.name in IDS else scrub(text)
        setattr(entry, field.attname, text[: field.max_length])


def session_digest(key: str | None) -> str:
    """Tells sessions apart without being able to take one over."""
    return hashlib.sha256(key.encode()).hexdigest()[:16] if key else ""


def is_open(entry: Entry) -> bool:
    """Whether this attempt has no outcome, or only an unknown one."""
    return entry.outcome == Outcome.ATTEMPTED and not is_settled(entry.sequence)
