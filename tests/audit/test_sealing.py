from __future__ import annotations

import gzip
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from console.audit import sealing
from console.audit.actions import AuditAction
from console.audit.models import Entry, Outcome, Segment
from console.audit.recording import Act, record_event, recording, settle
from console.audit.sealing import CannotSeal, seal
from console.audit.triggers import install, lift
from console.audit.verify import (
    BadRow,
    Broken,
    Checkpoint,
    FileNeeded,
    checkpoint,
    verify,
)
from tests.audit.conftest import child, manage, raw

LATER = timedelta(days=1)
WHO = "ada \N{SNOWMAN} 'quoted'"


def far() -> object:
    return timezone.now() + LATER


def sequences() -> list[int]:
    return list(Entry.objects.order_by("sequence").values_list("sequence", flat=True))


@pytest.fixture
def sealed(trail, tmp_path) -> Path:
    """Entries 1 to 4 in a file; 5 tells of it; 6 and 7 came after."""
    trail(4)
    segment = seal(far(), tmp_path)
    trail(2)
    return tmp_path / segment.file_name


def test_old_entries_move_into_a_file_and_the_chain_goes_on(trail, tmp_path):
    rows = trail(4)
    segment = seal(far(), tmp_path)
    trail(1)
    assert (segment.first, segment.last, segment.last_hash) == (1, 4, rows[3].hash)
    assert sequences() == [5, 6]
    told = Entry.objects.get(sequence=5)
    assert (told.action, told.target, told.actor_name) == (
        "trail:seal",
        "entries 1 to 4",
        "manage.py",
    )
    assert told.detail["sha256"] == segment.sha256
    assert told.detail["last_hash"] == rows[3].hash
    path = tmp_path / segment.file_name
    assert path.stat().st_mode & 0o777 == 0o600
    assert verify(files=[path]) == checkpoint()


def test_a_file_holds_every_column_just_as_it_was_hashed(db, tmp_path):
    record_event(actor=None, actor_name=WHO, action=AuditAction.USER_CREATE, params={"n": [1.5]})
    row = Entry.objects.get()
    path = tmp_path / seal(far(), tmp_path).file_name
    (line,) = lines(path)
    assert line.keys() == {field.attname for field in Entry._meta.fields}
    assert (line["actor_name"], line["params_text"]) == (WHO, row.params_text)
    assert (line["hash"], line["at"]) == (row.hash, row.at.isoformat(timespec="microseconds"))


def test_only_what_is_older_goes_also_when_a_clock_went_back(trail, tmp_path, time_machine):
    time_machine.move_to("2026-11-01T12:00Z")
    trail(2)
    time_machine.move_to("2026-11-20T12:00Z")
    trail(1)
    time_machine.move_to("2026-11-02T12:00Z")
    trail(1)
    call_command("audit_seal", "--before=2026-11-10", f"--output={tmp_path}")
    assert sequences() == [3, 4, 5]
    verify()


def test_nothing_to_seal_is_said_and_leaves_nothing(trail, tmp_path, capsys):
    trail(1)
    call_command("audit_seal", "--before=2020-01-01", f"--output={tmp_path}")
    assert "Nothing to seal" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
    assert sequences() == [1]


def test_an_attempt_nobody_knows_the_end_of_stays(trail, tmp_path):
    trail(2)
    with recording(actor=None, action=AuditAction.INSTANCE_EVENT) as act:
        act.unknown()
    trail(1)
    assert seal(far(), tmp_path).last == 2
    settle(Act(Entry.objects.get(sequence=3)), outcome=Outcome.SUCCEEDED)
    assert seal(far(), tmp_path).last == 7
    verify(files=tmp_path.iterdir())


def test_an_attempt_is_not_torn_from_its_outcome(trail, tmp_path, time_machine):
    time_machine.move_to("2026-11-01T12:00Z", tick=False)
    trail(2)
    with recording(actor=None, action=AuditAction.INSTANCE_PAUSE):
        trail(1)
        time_machine.move_to("2026-11-20T12:00Z", tick=False)
    assert seal(timezone.now(), tmp_path).last == 2


def test_where_it_cannot_be_helped_it_is(db, trail, tmp_path, time_machine):
    time_machine.move_to("2026-11-01T12:00Z", tick=False)
    with recording(actor=None, action=AuditAction.INSTANCE_PAUSE):
        trail(2)
        time_machine.move_to("2026-11-20T12:00Z", tick=False)
    assert seal(timezone.now(), tmp_path).last == 3
    trail(1)
    assert seal(far(), tmp_path).last == 6
    verify(files=tmp_path.iterdir())


def test_sealing_again_and_again_leaves_segments_that_follow_on(trail, tmp_path):
    for _ in range(3):
        trail(2)
        seal(far(), tmp_path)
    assert [(one.first, one.last) for one in Segment.objects.all()] == [(1, 2), (3, 5), (6, 8)]
    assert sequences() == [9]
    assert verify(files=sorted(tmp_path.iterdir())).sequence == 9


# --- The guard -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_entry WHERE sequence = 6",
        "UPDATE audit_entry SET actor_name = 'Nobody' WHERE sequence = 6",
        "DELETE FROM audit_segment",
        'UPDATE audit_segment SET "last" = 6',
    ],
)
def test_the_database_refuses_what_no_segment_covers(sealed, statement):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        raw(statement)
    assert verify().sequence == 7


@pytest.mark.parametrize("table", ["audit_entry", "audit_segment"])
def test_a_place_that_is_taken_cannot_be_written_over(sealed, table):
    copy = f"SELECT * FROM {table}"  # noqa: S608
    if connection.vendor == "sqlite":
        copy = f"INSERT OR REPLACE INTO {table} {copy}"
    else:
        copy = f"INSERT INTO {table} {copy}"
    with pytest.raises(DatabaseError), transaction.atomic():
        raw(copy)
    assert verify().sequence == 7


def test_postgresql_refuses_to_truncate_segments(sealed):
    if connection.vendor == "postgresql":
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            raw("TRUNCATE audit_segment")
    assert Segment.objects.count() == 1


# --- Lies ------------------------------------------------------------------------------------


def forged(**values) -> Segment:
    facts = {
        "first": 5,
        "last": 6,
        "entries": 2,
        "last_hash": Entry.objects.get(sequence=6).hash,
        "sha256": "0" * 64,
        "file_name": "trail.jsonl.gz",
        "sealed_at": timezone.now(),
        "recorded_in": 7,
        "hash": "0" * 64,
    }
    return Segment.objects.create(**(facts | values))


def test_a_forged_segment_is_named(sealed):
    forged()
    raw("DELETE FROM audit_entry WHERE sequence <= 6")
    with pytest.raises(Broken, match="Segment 5 to 6: forged"):
        verify()


def test_a_forged_segment_seals_nothing(sealed):
    forged()
    with pytest.raises(Broken, match="Segment 5 to 6: forged"):
        seal(far(), sealed.parent)
    assert sequences() == [5, 6, 7]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE audit_segment SET sha256 = hash", "Segment 1 to 4: forged or changed"),
        ("UPDATE audit_segment SET file_name = 'x'", "Segment 1 to 4: forged or changed"),
        ("DELETE FROM audit_segment", "Entry 1: missing"),
        ("DELETE FROM audit_entry WHERE sequence = 6", "Entry 6: missing"),
        ("DELETE FROM audit_entry WHERE sequence = 5", "Entry 5: missing"),
        ("DELETE FROM audit_entry", "Segment 1 to 4: entry 5, which tells of it, is missing"),
    ],
)
def test_what_was_done_behind_the_guard_is_named(sealed, statement, words):
    lift(connection)
    raw(statement)
    with pytest.raises(Broken, match=words):
        verify()


def test_a_segment_missing_between_two_is_named(sealed, trail):
    seal(far(), sealed.parent)
    trail(1)
    lift(connection)
    raw('DELETE FROM audit_segment WHERE "first" = 1')
    with pytest.raises(Broken, match="Segment 5 to 7: entry 1 is missing before it"):
        verify()


def test_rows_put_back_without_their_segment_are_named(trail, tmp_path):
    rows = trail(2)
    seal(far(), tmp_path)
    lift(connection)
    raw("DELETE FROM audit_segment")
    Entry.objects.bulk_create(rows)
    with pytest.raises(BadRow, match="Entry 3: the segment that it tells of is missing"):
        verify()


def test_other_rows_put_back_behind_a_segment_are_named(trail, tmp_path):
    rows = trail(3)
    seal(far(), tmp_path)
    rows[1].actor_name = "Nobody"
    Entry.objects.bulk_create(rows[1:])
    with pytest.raises(BadRow, match="Entry 2: changed"):
        verify()


def test_a_segment_of_another_history_is_found(trail, tmp_path, monkeypatch):
    """As after a backup was put back: genuine, but not of these rows."""
    trail(3)
    seal(far(), tmp_path)
    other = Segment.objects.get()
    lift(connection)
    raw("DELETE FROM audit_segment")
    raw("DELETE FROM audit_entry")
    install(connection)
    trail(4)
    other.save(force_insert=True)
    with pytest.raises(BadRow, match="Entry 3: not the one that its segment ends with"):
        verify()
    raw("DELETE FROM audit_entry WHERE sequence < 4")
    with pytest.raises(BadRow, match="Entry 4: missing the row before it"):
        verify()


def lines(path: Path) -> list[dict]:
    with gzip.open(path, "rt") as file:
        return [json.loads(text) for text in file]


def rewritten(path: Path, change) -> None:
    changed = [change(line) for line in lines(path)]
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(line) + "\n" for line in changed if line)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: x | {"actor_name": "Nobody"}, "trail-.*: Entry 1: changed"),
        (lambda x: x if x["sequence"] != 3 else None, "trail-.*: Entry 3: missing"),
        (lambda x: x if x["sequence"] != 4 else None, "trail-.*: Entry 4: missing"),
        (lambda x: x if x["sequence"] != 1 else None, "trail-.*: no segment .* begins like it"),
        (lambda x: x | {"more": 1}, "trail-.*: .*holds a line that is no entry"),
        (lambda x: x, "trail-.*: changed: its SHA-256"),
    ],
)
def test_a_changed_file_is_named(sealed, change, words):
    verify(files=[sealed])
    rewritten(sealed, change)
    with pytest.raises(Broken, match=words):
        verify(files=[sealed])


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"[" * 100_000), None])
def test_what_is_no_sealed_file_is_named(sealed, content):
    if content is None:
        sealed.write_bytes(sealed.read_bytes()[:-20])
    else:
        sealed.write_bytes(content)
    with pytest.raises(Broken, match="File trail-"):
        verify(files=[sealed])


def test_a_checkpoint_among_sealed_entries_needs_their_file(trail, tmp_path):
    known = Checkpoint(2, trail(4)[1].hash)
    last = checkpoint()
    path = tmp_path / seal(far(), tmp_path).file_name
    assert verify(last).sequence == 5
    with pytest.raises(FileNeeded, match=path.name):
        verify(known)
    with pytest.raises(CommandError, match="--segment trail"):
        call_command("audit_verify", f"--checkpoint={known}")
    assert verify(known, [path]).sequence == 5
    with pytest.raises(BadRow, match="Entry 2: not the one of the checkpoint"):
        verify(Checkpoint(2, "0" * 64), [path])
    with pytest.raises(Broken, match="Segment 1 to 4: doesn't end with the checkpoint"):
        verify(Checkpoint(4, "0" * 64))


def test_a_key_that_was_given_up_adds_nothing(sealed, trail, settings):
    old, settings.SECRET_KEY = settings.SECRET_KEY, "a-new-one-" * 5
    settings.OLD_SECRET_KEYS = [old]
    trail(1)
    assert verify(files=[sealed]).sequence == 8
    settings.SECRET_KEY, settings.OLD_SECRET_KEYS = old, []
    trail(1)
    settings.SECRET_KEY, settings.OLD_SECRET_KEYS = "a-new-one-" * 5, [old]
    with pytest.raises(BadRow, match="Entry 9: written under an older key"):
        verify()


# --- Trouble ---------------------------------------------------------------------------------


def test_a_broken_trail_is_not_sealed(trail, tmp_path):
    trail(4)
    lift(connection)
    raw("UPDATE audit_entry SET actor_name = 'Nobody' WHERE sequence = 2")
    with pytest.raises(CommandError, match="Entry 2: changed"):
        call_command("audit_seal", "--before=2100-01-01", f"--output={tmp_path}")
    assert sequences() == [1, 2, 3, 4]
    assert not Segment.objects.exists()


def test_a_file_of_the_same_name_with_something_else_is_left_alone(trail, tmp_path):
    trail(2)
    seal(far(), tmp_path)
    lift(connection)
    raw("DELETE FROM audit_segment")
    raw("DELETE FROM audit_entry")
    install(connection)
    trail(2)
    with pytest.raises(CannotSeal, match="holds something else"):
        seal(far(), tmp_path)
    assert sequences() == [1, 2]


def test_a_folder_that_is_not_there_is_named(trail, tmp_path):
    trail(1)
    with pytest.raises(CommandError, match="No such file"):
        call_command("audit_seal", "--before=2100-01-01", f"--output={tmp_path}/no")


def test_two_at_once_do_not_share_a_folder(trail, tmp_path):
    trail(1)
    with sealing._alone_in(tmp_path), pytest.raises(CannotSeal, match="under way"):
        seal(far(), tmp_path)


def test_who_was_slower_deletes_nothing(trail, tmp_path):
    trail(2)
    slow, quick = tmp_path / "slow", tmp_path / "quick"
    slow.mkdir()
    quick.mkdir()
    span = sealing.span_before(far())
    path = slow / span.file_name
    sealing.publish(sealing.write(span, slow / "part"), path)
    segment = sealing.checked(path, span)
    seal(far(), quick)
    with pytest.raises(CannotSeal, match="faster"):
        sealing.record(span, segment)
    assert Segment.objects.count() == 1
    assert verify().sequence == 3


KILLED = """
import os, signal, sys
from datetime import datetime, UTC
from pathlib import Path
from console.audit import sealing
from console.audit.models import Entry

def killed(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

step = {step!r}
if step == "delete":
    sealing.ROWS_AT_ONCE = 2
    real = sealing.Entry.objects.filter
    def filter(**found):
        if found.get("sequence__range", (0,))[0] == 3:
            killed()
        return real(**found)
    sealing.Entry.objects.filter = filter
else:
    setattr(sealing, step, killed)
sealing.seal(datetime(2100, 1, 1, tzinfo=UTC), Path({folder!r}))
"""
FEW = """
from console.audit.recording import record_event
for n in range(6):
    record_event(actor=None, actor_name=f"person-{n}", action="user:create")
"""


@pytest.mark.parametrize("step", ["publish", "checked", "record", "remove", "delete"])
def test_killed_anywhere_nothing_is_lost_and_a_second_run_goes_on(own_database, tmp_path, step):
    folder = tmp_path / "sealed"
    folder.mkdir()
    assert child(own_database, FEW).wait(timeout=60) == 0
    code = KILLED.format(step=step, folder=str(folder))
    assert child(own_database, code).wait(timeout=60) == -9
    assert manage(own_database, "audit_verify").returncode == 0
    seal_all = ("audit_seal", "--before", "2100-01-01", "--output", str(folder))
    again = manage(own_database, *seal_all)
    assert again.returncode == 0, again.stderr
    files = sorted(str(path) for path in folder.iterdir())
    whole = manage(own_database, "audit_verify", "--segment", *files)
    assert whole.returncode == 0, whole.stderr
    told = [line["actor_name"] for path in files for line in lines(Path(path))]
    assert [name for name in told if name != "manage.py"] == [f"person-{n}" for n in range(6)]
    assert not [path for path in files if not path.endswith(".gz")]


def test_a_killed_run_is_not_finished_without_its_file(own_database, tmp_path):
    folder, other = tmp_path / "sealed", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    assert child(own_database, FEW).wait(timeout=60) == 0
    code = KILLED.format(step="remove", folder=str(folder))
    assert child(own_database, code).wait(timeout=60) == -9
    again = manage(own_database, "audit_seal", "--before", "2100-01-01", "--output", str(other))
    assert again.returncode == 1
    assert "sealed and not deleted yet" in again.stderr
    assert os.listdir(other) == []  # noqa: PTH208
