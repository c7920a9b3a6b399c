from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from console.audit import queries
from console.audit.actions import PHRASES, AuditAction, describe
from console.audit.export import csv_lines
from console.audit.models import Entry, Outcome
from console.audit.queries import Filter
from console.audit.recording import record_event, recording
from tests.factories import make_account, make_user

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 11, 24, tzinfo=UTC)


def bulk(count: int) -> None:
    """Rows beside the chain, for what only reads."""
    Entry.objects.bulk_create(
        Entry(
            sequence=n,
            at=DAY + timedelta(minutes=n),
            actor_id=n % 7,
            actor_name=f"person-{n % 7}",
            account_id=n % 3 or None,
            action=list(AuditAction)[n % 5],
            outcome=Outcome.values[n % 4],
            workflow=f"flow-{n % 4}",
            instance_id=f"i-{n % 50}",
            reason="strange" if n % 100 == 0 else "",
        )
        for n in range(1, count + 1)
    )


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (Filter(), lambda e: True),
        (Filter(account_ids=[1, 2]), lambda e: e.account_id in (1, 2)),
        (Filter(account_ids=[1, None]), lambda e: e.account_id in (1, None)),
        (Filter(account_ids=[]), lambda e: False),
        (Filter(actor_id=3), lambda e: e.actor_id == 3),
        (Filter(action=list(AuditAction)[2]), lambda e: e.action == list(AuditAction)[2]),
        (Filter(outcome="failed"), lambda e: e.outcome == "failed"),
        (Filter(workflow="flow-1", instance_id="i-5"), lambda e: e.instance_id == "i-5"),
        (Filter(text="STRANGE"), lambda e: e.reason == "strange"),
        (
            Filter(since=DAY + timedelta(minutes=100), until=DAY + timedelta(minutes=200)),
            lambda e: 100 <= e.sequence < 200,
        ),
        (Filter(since=DAY + timedelta(days=9)), lambda e: False),
    ],
)
def test_a_stream_holds_just_what_was_asked_oldest_first(found, wanted):
    bulk(400)
    expected = [e.sequence for e in Entry.objects.order_by("-sequence") if wanted(e)]
    if found.workflow:
        expected = [n for n in expected if n % 4 == 1]
    assert [e.sequence for e in queries.stream(found)] == expected[::-1]


def test_who_triggered_an_instance_is_known():
    ada, ben, account = make_user("ada"), make_user("ben"), make_account()
    for actor, name in ((ada, "one"), (ben, "two"), (ben, "one")):
        with recording(
            actor=actor,
            action=AuditAction.INSTANCE_CREATE,
            account=account,
            workflow="orders",
            instance_id=name,
        ) as act:
            if (actor, name) == (ben, "one"):
                act.failed(status=409)
    found = queries.creators_of(account.pk, "orders", ["one", "two", "three"])
    assert {name: who.name for name, who in found.items()} == {"one": "ada", "two": "ben"}
    story = queries.story_of(account.pk, "orders", "one")
    assert [row.outcome for row in story] == ["attempted", "succeeded", "attempted", "failed"]


@pytest.mark.parametrize("action", AuditAction)
def test_every_action_has_a_sentence_for_every_outcome(action):
    assert action in PHRASES
    told = set()
    for outcome in Outcome:
        entry = Entry(
            action=action,
            outcome=outcome,
            actor_name="Ada",
            workflow="orders",
            instance_id="order-7",
            account_name="Acme",
        )
        text = describe(entry)
        assert text.startswith("Ada ")
        assert text.endswith(".")
        assert "instance order-7 of orders" in text
        told.add(text)
    assert len(told) == len(Outcome) - 1  # an event reads like a success


def test_sentences_read_well():
    def told(action, outcome, **values):
        return describe(Entry(action=action, outcome=outcome, actor_name="Ada", **values))

    orders = {"workflow": "orders", "account_name": "Acme"}
    assert told("session:log_in", "event") == "Ada logged in."
    assert told("session:log_in_failed", "event") == "Ada failed to log in."
    assert told("workflow:delete", "attempted", **orders) == (
        "Ada set out to delete workflow orders on Acme."
    )
    assert told("workflow:delete", "failed", upstream_status=409, **orders) == (
        "Ada could not delete workflow orders on Acme (status 409)."
    )
    assert told("future:act", "succeeded") == "Ada did future:act."


def test_an_export_holds_the_filtered_trail_and_is_recorded(tmp_path):
    account = make_account(slug="acme", name="=1+1")
    record_event(actor=make_user("ada"), action=AuditAction.ACCOUNT_CONNECT, account=account)
    record_event(actor=None, action=AuditAction.USER_CREATE)
    path = tmp_path / "trail.jsonl"
    call_command("audit_export", "--since=2026-01-01", account="acme", output=path)
    assert Entry.objects.first().detail == {
        "format": "jsonl",
        "filter": {"since": "2026-01-01T00:00:00+00:00"},
    }
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["action"] for row in rows] == ["account:connect", "trail:export"]
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="File exists"):
        call_command("audit_export", output=path)
    with pytest.raises(CommandError, match="No account other"):
        call_command("audit_export", account="other")


def test_csv_is_no_formula():
    record_event(actor=None, actor_name="=HYPERLINK()", action=AuditAction.USER_CREATE)
    head, row = csv.reader(io.StringIO("".join(csv_lines(Entry.objects.all()))))
    assert dict(zip(head, row, strict=True))["actor_name"] == "'=HYPERLINK()"


@pytest.mark.django_db
def test_an_id_that_no_database_takes_was_triggered_by_nobody():
    assert queries.creators_of(1, "orders", ["nul\0"]) == {}
