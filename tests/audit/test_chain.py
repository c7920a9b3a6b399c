from __future__ import annotations

import hashlib
import hmac
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from django.core.signing import Signer
from django.db import DatabaseError, connection, transaction
from django.utils.crypto import salted_hmac

from console.audit import chain
from console.audit.actions import AuditAction
from console.audit.models import Entry
from console.audit.recording import record_event
from console.audit.triggers import lift
from console.audit.verify import BadRow, Checkpoint, checkpoint, verify
from tests.audit.conftest import child, manage, raw


def test_rows_are_numbered_without_gaps_and_chained(trail):
    rows = trail(5)
    first = rows[0].sequence
    assert [row.sequence for row in rows] == list(range(first, first + 5))
    assert [row.previous_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert verify() == checkpoint() == Checkpoint(rows[-1].sequence, rows[-1].hash)


def test_an_empty_trail_is_whole(db):
    assert verify() is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor_name = 'Nobody'",
        "UPDATE audit_entry SET hash = hash",
        "DELETE FROM audit_entry",
    ],
)
def test_the_database_refuses_to_change_the_trail(trail, statement):
    trail(2)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        raw(statement)
    assert Entry.objects.count() == 2
    verify()


def test_postgresql_refuses_to_truncate_the_trail(trail):
    trail(1)
    if connection.vendor == "postgresql":
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            raw("TRUNCATE audit_entry")
    assert Entry.objects.count() == 1


@pytest.mark.parametrize(
    ("statement", "sequence", "what"),
    [
        ("UPDATE audit_entry SET actor_name = 'person-x' WHERE sequence = 3", 3, "changed"),
        ("UPDATE audit_entry SET account_id = 1 WHERE sequence = 4", 4, "changed"),
        ("UPDATE audit_entry SET hash = previous_hash WHERE sequence = 2", 2, "changed"),
        ("DELETE FROM audit_entry WHERE sequence = 3", 3, "missing"),
        ("DELETE FROM audit_entry WHERE sequence = 1", 1, "missing"),
    ],
)
def test_what_was_done_behind_the_guard_is_named(trail, statement, sequence, what):
    trail(5)
    lift(connection)
    raw(statement)
    with pytest.raises(BadRow) as caught:
        verify()
    assert (caught.value.sequence, caught.value.what) == (sequence, what)


def test_a_broken_trail_leaves_no_cursor_open(trail):
    """On PostgreSQL it would be closed later, in a transaction that doesn't know it."""
    trail(3)
    lift(connection)
    raw("UPDATE audit_entry SET actor_name = 'person-x' WHERE sequence = 2")
    with pytest.raises(BadRow) as caught:
        verify()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM pg_cursors WHERE name LIKE '_django_curs%'")
            assert cursor.fetchall() == []
    assert caught.tb is not None  # its frames hold what was open


def test_swapped_rows_are_named(trail):
    trail(5)
    lift(connection)
    for old, new in ((3, 99), (4, 3), (99, 4)):
        Entry.objects.filter(sequence=old).update(sequence=new)
    with pytest.raises(BadRow, match="Entry 3: reordered"):
        verify()


def test_a_row_taken_out_is_found_when_the_rest_moved_up(trail):
    trail(5)
    lift(connection)
    raw("DELETE FROM audit_entry WHERE sequence = 3")
    raw("UPDATE audit_entry SET sequence = 3 WHERE sequence = 4")
    with pytest.raises(BadRow, match="Entry 3: missing the row before it"):
        verify()


def test_a_cut_end_is_found_with_a_checkpoint_only(trail):
    trail(5)
    known = checkpoint()
    lift(connection)
    raw("DELETE FROM audit_entry WHERE sequence > 3")
    assert verify().sequence == 3
    with pytest.raises(BadRow, match="Entry 4: missing"):
        verify(known)


def test_another_row_at_the_checkpoint_is_found(trail):
    trail(3)
    with pytest.raises(BadRow, match="Entry 2: not the one of the checkpoint"):
        verify(Checkpoint(2, "0" * 64))


def test_a_chain_under_an_older_secret_key_still_verifies(trail, settings):
    trail(2)
    settings.OLD_SECRET_KEYS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a-new-one-" * 5
    trail(1)
    assert verify().sequence == 3
    settings.OLD_SECRET_KEYS = []
    with pytest.raises(BadRow, match="Entry 1: changed"):
        verify()


def test_the_key_of_the_chain_serves_nothing_else(settings):
    """Neither what Django signs with the same secret, nor a segment's hash, passes for an entry's,
    nor the other way round."""
    content = {"action": "user:create"}
    made = chain.keyed_hash(content, chain.ENTRIES)
    assert made != chain.keyed_hash(content, chain.SEGMENTS)
    text = chain.canonical(content)
    for salt in ("", "console.audit.chain.1", "console.audit.chain.1signer"):
        assert made != salted_hmac(salt, text, algorithm="sha256").hexdigest()
        assert made != Signer(salt=salt or None).signature(text)
    assert made != hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_how_hashes_are_made_never_changes(settings):
    """Or every trail there is would be broken."""
    settings.SECRET_KEY = "k" * 50
    at = datetime(2026, 11, 24, 12, 30, 0, 5, tzinfo=UTC)
    entry = Entry(sequence=7, at=at, action="user:create", outcome="event", params_text='{"a":1}')
    assert chain.keyed_hash(chain.hashed_content(entry), chain.ENTRIES) == chain.hash_of(entry)
    assert (
        chain.hash_of(entry) == "2e57edfdc2cff87f07198e6de5d1c8de8376f308e3fa091a83f6b8ba969367bd"
    )


def test_an_entry_never_rides_in_a_transaction_of_its_caller(db):
    with (
        transaction.atomic(),
        pytest.raises(RuntimeError, match="durable"),
        transaction.atomic(),
    ):
        record_event(actor=None, action=AuditAction.USER_CREATE)
    assert not Entry.objects.exists()


WRITER = """
from concurrent.futures import ThreadPoolExecutor
from django.db import connection
from console.audit.recording import record_event

def write(n):
    record_event(actor=None, actor_name=f"writer-{n}", action="user:create")
    connection.close()

with ThreadPoolExecutor(25) as pool:
    list(pool.map(write, range(100)))
"""


def test_two_hundred_parallel_writers_leave_one_unbroken_chain(own_database):
    writers = [child(own_database, WRITER) for _ in range(2)]
    assert [writer.wait(timeout=180) for writer in writers] == [0, 0]
    checked = manage(own_database, "audit_verify")
    assert checked.stdout.startswith("The trail is whole: 200 entries"), checked.stderr
    end = manage(own_database, "audit_checkpoint").stdout.strip()
    assert manage(own_database, "audit_verify", "--checkpoint", end).returncode == 0


def changed_behind_the_guard(environment: dict[str, str], statement: str) -> None:
    """What the owner of the database can do: lift the guard, edit, and set it again."""
    url = environment["DATABASE_URL"]
    if url.startswith("postgres"):
        import psycopg

        with psycopg.connect(url) as server:
            server.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
            server.execute(statement)
            server.execute("ALTER TABLE audit_entry ENABLE TRIGGER USER")
        return
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
        file.execute("DROP TRIGGER audit_entry_no_update")
        file.execute(statement)


def test_one_byte_changed_in_the_database_is_found(own_database):
    few = WRITER.replace("100", "3")
    assert child(own_database, few).wait(timeout=60) == 0
    changed_behind_the_guard(
        own_database, "UPDATE audit_entry SET actor_name = 'writer-9' WHERE sequence = 2"
    )
    checked = manage(own_database, "audit_verify")
    assert checked.returncode == 1
    assert "Entry 2: changed" in checked.stderr
