from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from console.audit import queries
from console.audit.actions import AuditAction
from console.audit.models import Entry, Outcome
from console.audit.origin import Origin
from console.audit.recording import (
    Act,
    AlreadySettled,
    TrailUnavailable,
    record_event,
    recording,
    settle,
)
from console.audit.verify import verify
from tests.audit.conftest import child, manage, raw
from tests.factories import make_account, make_token, make_user

pytestmark = pytest.mark.django_db

NOW = timedelta(0)


class UpstreamError(Exception):
    def __init__(self, text="", *, status=None, maybe_done=False):
        super().__init__(text)
        self.status, self.code, self.ray_id = status, 10400, "8f2a-FRA"
        self.maybe_done = maybe_done


def pausing(**values):
    return recording(actor=None, action=AuditAction.INSTANCE_PAUSE, **values)


def test_an_act_is_two_rows_that_know_each_other():
    actor, account = make_user("ada"), make_account(name="Acme")
    token = make_token(actor, account, "cfut-the-token-of-ada-1234")
    with recording(
        actor=actor,
        action=AuditAction.INSTANCE_CREATE,
        account=account,
        workflow="orders",
        params={"order": 7, "password": "hush"},
        reason="asked for",
        token=token,
        origin=Origin("192.0.2.7", "ab12"),
    ) as act:
        assert Entry.objects.get().outcome == Outcome.ATTEMPTED
        act.succeeded(instance_id="order-7", status=200, detail={"state": "queued"})
    outcome, attempt = Entry.objects.all()
    assert outcome.attempt_sequence == attempt.sequence == act.sequence
    assert attempt.params == {"order": 7, "password": "[redacted]"}
    assert (attempt.token_owner, attempt.token_last_four) == ("ada", "1234")
    assert (outcome.outcome, outcome.instance_id) == (Outcome.SUCCEEDED, "order-7")
    assert (outcome.upstream_status, outcome.detail) == (200, {"state": "queued"})
    assert (outcome.actor_id, outcome.address, outcome.reason) == (
        actor.pk,
        "192.0.2.7",
        "asked for",
    )
    assert outcome.duration_ms >= 0
    verify()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (UpstreamError("no such instance", status=404), Outcome.FAILED),
        (UpstreamError("cut off", maybe_done=True), Outcome.UNKNOWN),
        (PermissionDenied(), Outcome.FAILED),
        (KeyError("result"), Outcome.UNKNOWN),
        (SystemExit(1), Outcome.UNKNOWN),
    ],
)
def test_an_exception_passes_and_is_written_down_for_what_it_is(error, outcome):
    with pytest.raises(type(error)), pausing():
        raise error
    written = Entry.objects.first()
    assert written.outcome == outcome
    assert written.detail["error"] == type(error).__name__


def test_what_the_upstream_answered_is_kept():
    with pytest.raises(UpstreamError), pausing():
        raise UpstreamError("no such instance", status=404)
    row = Entry.objects.first()
    assert (row.upstream_status, row.upstream_code, row.ray_id) == (404, 10400, "8f2a-FRA")


def test_an_act_can_say_itself_that_it_is_unknown():
    with pausing() as act:
        act.unknown(detail={"why": "no answer"})
    assert Entry.objects.first().outcome == Outcome.UNKNOWN


def test_what_cannot_be_written_down_is_not_done():
    raw("ALTER TABLE audit_entry RENAME TO audit_gone")
    done = []
    with pytest.raises(TrailUnavailable), pausing():
        done.append(1)
    assert not done


def test_an_act_stands_when_its_outcome_cannot_be_written(caplog):
    with pausing() as act:
        raw("ALTER TABLE audit_entry RENAME TO audit_gone")
    raw("ALTER TABLE audit_gone RENAME TO audit_entry")
    assert [row.sequence for row in queries.unsettled(older_than=NOW)] == [act.sequence]
    assert f"entry {act.sequence}" in caplog.text


def test_an_unknown_outcome_is_settled_once():
    with pytest.raises(UpstreamError), pausing():
        raise UpstreamError(maybe_done=True)
    attempt = queries.unsettled(older_than=NOW).get()
    late = settle(Act(attempt), outcome=Outcome.SUCCEEDED, instance_id="order-7")
    assert late.detail == {"settled_later": True}
    assert not queries.unsettled(older_than=NOW).exists()
    assert [row.outcome for row in queries.outcomes_of(attempt)] == ["unknown", "succeeded"]
    with pytest.raises(AlreadySettled):
        settle(Act(attempt), outcome=Outcome.FAILED)
    with pytest.raises(ValueError, match="not an attempt"):
        settle(Act(late), outcome=Outcome.FAILED)


def test_an_attempt_that_may_still_run_is_not_unsettled():
    with pausing():
        assert not queries.unsettled().exists()
        assert queries.unsettled(older_than=NOW).exists()


def test_a_row_outlives_the_person_and_the_account():
    actor, account = make_user("ada"), make_account(name="Acme")
    record_event(actor=actor, action=AuditAction.ACCOUNT_CONNECT, account=account)
    actor.delete()
    account.delete()
    row = Entry.objects.get()
    assert (row.actor_name, row.account_name) == ("ada", "Acme")
    verify()


def test_texts_that_a_database_cannot_keep_are_kept_nearly():
    record_event(
        actor=None,
        action=AuditAction.USER_CREATE,
        reason="a\0b\ud800" + "x" * 2000,
        params={"nul": "\0", "half": "\ud800"},
    )
    row = Entry.objects.get()
    assert row.reason.startswith("a\N{REPLACEMENT CHARACTER}b?x")
    assert len(row.reason) == 1000
    assert row.params == {"nul": "\0", "half": "\ud800"}
    verify()


KILLED = """
import os, signal
from console.audit.recording import recording
with recording(actor=None, action="instance:create", workflow="orders", instance_id="order-7"):
    os.kill(os.getpid(), signal.SIGKILL)
"""
ASK = """
from datetime import timedelta
from console.audit.queries import unsettled
print(*[f"{row.instance_id} {row.outcome}" for row in unsettled(older_than=timedelta(0))])
"""


def test_a_process_killed_in_the_act_leaves_an_unsettled_attempt(own_database):
    assert child(own_database, KILLED).wait(timeout=60) == -9
    answer, _ = child(own_database, ASK).communicate(timeout=60)
    assert answer.decode().strip() == "order-7 attempted"
    assert manage(own_database, "audit_verify").returncode == 0


def test_a_batch_tells_of_each_of_its_instances():
    with recording(
        actor=None, action=AuditAction.BATCH_DELETE, workflow="orders", reason="old"
    ) as act:
        act.part(AuditAction.INSTANCE_DELETE, "one", Outcome.SUCCEEDED)
        act.part(AuditAction.INSTANCE_DELETE, "two", Outcome.FAILED, code=10400)
    attempt, one, two, whole = Entry.objects.order_by("sequence")
    assert [row.instance_id for row in (one, two)] == ["one", "two"]
    assert {row.attempt_sequence for row in (one, two, whole)} == {attempt.sequence}
    assert (one.outcome, two.outcome, two.upstream_code) == ("succeeded", "failed", 10400)
    assert (one.action, one.reason, one.part) == ("instance:delete", "old", True)
    assert queries.outcomes_of(attempt) == [one, two, whole]
    verify()


def test_parts_of_a_batch_do_not_settle_it():
    with recording(actor=None, action=AuditAction.BATCH_DELETE, workflow="orders") as act:
        act.part(AuditAction.INSTANCE_DELETE, "one", Outcome.SUCCEEDED)
        act.unknown()
    attempt = queries.unsettled(older_than=NOW).get()
    later = Act(attempt)
    later.part(AuditAction.INSTANCE_DELETE, "two", Outcome.SUCCEEDED)
    settle(later, outcome=Outcome.SUCCEEDED)
    assert not queries.unsettled(older_than=NOW).exists()
    assert [row.instance_id for row in queries.outcomes_of(attempt)] == ["one", "", "two", ""]
