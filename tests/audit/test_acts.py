"""The trail as acts: one line each, whole pages, along the indexes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from console.audit import acts as trail
from console.audit.actions import AuditAction
from console.audit.acts import NEWEST, Place, acts, is_about, log_ins, told_of
from console.audit.models import Entry, Outcome
from console.audit.queries import PENDING, Filter, people_of, story_of, workflows_of
from console.audit.recording import record_event, recording, settle
from tests.factories import make_account, make_user

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 11, 24, tzinfo=UTC)
CREATE, RESTART = AuditAction.INSTANCE_CREATE, AuditAction.INSTANCE_RESTART


def bulk(acts_made: int, *, account_id: int = 1) -> None:
    """Acts of two rows each beside the chain, for what only reads."""
    rows = []
    for n in range(acts_made):
        facts = {
            "at": DAY + timedelta(minutes=n),
            "actor_id": n % 7,
            "actor_name": f"person-{n % 7}",
            "account_id": account_id,
            "action": (CREATE, RESTART)[n % 2],
            "workflow": f"flow-{n % 4}",
            "instance_id": f"i-{n % 50}",
            "reason": "strange" if n % 30 == 0 else "",
        }
        start = 2 * n + 1
        rows.append(Entry(sequence=start, outcome=Outcome.ATTEMPTED, **facts))
        ended = (Outcome.SUCCEEDED, Outcome.FAILED, Outcome.UNKNOWN)[n % 3]
        rows.append(Entry(sequence=start + 1, outcome=ended, attempt_sequence=start, **facts))
    Entry.objects.bulk_create(rows, batch_size=2_000)


def walked(found: Filter, limit: int = 30) -> list[int]:
    """The sequences of all pages, downwards; upwards they must hold the same."""
    down, place = [], NEWEST
    while True:
        page = acts(found, place, limit=limit)
        down += [act.sequence for act in page.acts]
        if page.older is None:
            break
        place = Place(before=page.older)
    up = [act.sequence for act in page.acts]
    while page.newer is not None:
        page = acts(found, Place(after=page.newer), limit=limit)
        up = [act.sequence for act in page.acts if act.sequence not in up] + up
    assert up == down
    return down


FILTERS = [
    (Filter(account_ids=[1]), lambda n: True),
    (Filter(account_ids=[2]), lambda n: False),
    (Filter(account_ids=[1], actor_id=3), lambda n: n % 7 == 3),
    (Filter(account_ids=[1], action=RESTART), lambda n: n % 2 == 1),
    (Filter(account_ids=[1], action=RESTART, actor_id=3), lambda n: n % 2 == 1 and n % 7 == 3),
    (Filter(account_ids=[1], workflow="flow-1"), lambda n: n % 4 == 1),
    (Filter(account_ids=[1], workflow="flow-1", instance_id="i-5"), lambda n: n % 100 == 5),
    (Filter(account_ids=[1], instance_id="i-5"), lambda n: n % 50 == 5),
    (Filter(account_ids=[1], outcome="failed"), lambda n: n % 3 == 1),
    (Filter(account_ids=[1], outcome="unknown", workflow="flow-2"), lambda n: n % 12 == 2),
    (Filter(account_ids=[1], outcome=PENDING), lambda n: False),
    (Filter(account_ids=[1], text="STRANGE"), lambda n: n % 30 == 0),
    (Filter(account_ids=[1], text="STRANGE", outcome="succeeded"), lambda n: n % 30 == 0),
    (
        Filter(
            account_ids=[1], since=DAY + timedelta(minutes=9), until=DAY + timedelta(minutes=99)
        ),
        lambda n: 9 <= n < 99,
    ),
    (Filter(account_ids=[1], since=DAY + timedelta(days=9)), lambda n: False),
]


@pytest.mark.parametrize(("found", "wanted"), FILTERS)
@pytest.mark.parametrize("searched", [10_000, 70], ids=["at once", "in several searches"])
def test_pages_together_hold_each_act_once(found, wanted, searched, monkeypatch):
    monkeypatch.setattr(trail, "SEARCHED", searched)
    bulk(400)
    assert walked(found) == [2 * n + 1 for n in range(399, -1, -1) if wanted(n)]


def test_a_search_that_stops_says_how_far_it_came(monkeypatch):
    monkeypatch.setattr(trail, "SEARCHED", 20)
    bulk(100)
    page = acts(Filter(account_ids=[1], text="nowhere"))
    assert (page.acts, page.older, page.newer) == ([], 181, None)
    assert page.searched_to == DAY + timedelta(minutes=89)


# an instance has few rows: sorting them is nothing
BROAD = [found for found, _ in FILTERS if not found.instance_id]


@pytest.mark.parametrize("found", BROAD)
def test_every_page_is_read_along_an_index_without_sorting(found):
    bulk(1_000)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        acts(found, Place(before=1_900))
    for query in asked.captured_queries:
        if "audit_entry" not in query["sql"] or '"attempt_sequence" IN' in query["sql"]:
            continue
        with connection.cursor() as cursor:
            explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
            cursor.execute(explain + query["sql"].replace("%", "%%"))
            plan = str(cursor.fetchall())
        if connection.vendor == "sqlite":
            assert "TEMP B-TREE FOR ORDER" not in plan, query["sql"]
            assert "SCAN audit_entry" not in plan or "USING" in plan, query["sql"]


def test_what_a_page_asks_is_bounded(django_assert_num_queries):
    bulk(200)
    with django_assert_num_queries(2):  # rows, outcomes
        acts(Filter(account_ids=[1]), Place(before=300))
    with django_assert_num_queries(3):  # how far to look
        acts(Filter(account_ids=[1], text="strange"))
    with django_assert_num_queries(4):  # with an outcome asked for, the attempts
        acts(Filter(account_ids=[1], workflow="flow-1", outcome="failed"))


# --- One act -------------------------------------------------------------------------------


@pytest.fixture
def place():
    return make_account(), make_user("ada")


def restart(place, **facts):
    account, actor = place
    given = {"workflow": "billing", "instance_id": "run-1", "reason": "stuck"}
    return recording(actor=actor, account=account, action=RESTART, **(given | facts))


def test_an_attempt_and_its_outcome_are_one(place):
    with restart(place) as act:
        act.failed(status=409)
    (line,) = acts(Filter(account_ids=[place[0].pk])).acts
    assert (line.sequence, line.entry.outcome, line.entry.upstream_status) == (1, "failed", 409)


def test_unknown_gives_way_to_what_was_found_out_later(place):
    with restart(place) as act:
        act.unknown()
    asked = Filter(account_ids=[place[0].pk], outcome="unknown")
    assert len(acts(asked).acts) == 1
    settle(act, outcome=Outcome.SUCCEEDED)
    assert acts(asked).acts == []
    (line,) = acts(Filter(account_ids=[place[0].pk])).acts
    assert line.entry.outcome == "succeeded"


def test_an_attempt_without_an_outcome_is_found(place, monkeypatch):
    monkeypatch.setattr("console.audit.recording._end", lambda act, duration_ms: None)
    with restart(place):
        pass
    (line,) = acts(Filter(account_ids=[place[0].pk], outcome=PENDING)).acts
    assert (line.outcome, line.entry.outcome) == (None, "attempted")


def test_parts_fold_under_their_batch_and_stand_for_themselves_at_an_instance(place):
    account, actor = place
    batch = {"actor": actor, "account": account, "workflow": "billing"}
    with recording(action=AuditAction.BATCH_TERMINATE, **batch) as act:
        for n in range(12):
            outcome = Outcome.FAILED if n == 7 else Outcome.SUCCEEDED
            act.part(AuditAction.INSTANCE_TERMINATE, f"run-{n}", outcome)
    (line,) = acts(Filter(account_ids=[account.pk])).acts
    assert line.parts == {"failed": 1, "succeeded": 11}
    (own,) = acts(Filter(account_ids=[account.pk], workflow="billing", instance_id="run-7")).acts
    assert (own.sequence, own.entry.outcome, own.entry.instance_id) == (1, "failed", "run-7")
    (found,) = acts(Filter(account_ids=[account.pk], text="run-7")).acts
    assert found.sequence == 1
    (told,) = told_of(story_of(account.pk, "billing", "run-7"))
    assert told.entry == own.entry
    assert [part.instance_id for part in trail.parts_of(line.head)][:2] == ["run-7", "run-0"]


def test_what_an_outcome_alone_says_is_found(place):
    with restart(place) as act:
        act.failed(detail={"message": "quota exceeded"})
    (line,) = acts(Filter(account_ids=[place[0].pk], text="quota")).acts
    assert line.sequence == 1


def test_people_and_workflows_are_listed_once_with_their_last_name(place):
    account, ada = place
    with restart(place):
        pass
    ada.username = "ada-new"
    with restart((account, ada), workflow="audit"):
        pass
    with restart((make_account(account_id="f" * 32), make_user("ben")), workflow="other"):
        pass
    record_event(actor=None, actor_name="manage.py", action=CREATE, account=account)
    assert people_of(account.pk) == {ada.pk: "ada-new"}
    assert workflows_of(account.pk) == ["audit", "billing"]


def test_log_ins_are_those_of_the_people_asked_for(place):
    _, ada = place
    ben = make_user("ben")
    for user in (ada, ben):
        record_event(actor=user, action=AuditAction.SESSION_LOG_IN)
    for name in ("ADA", "ben", "nobody"):
        record_event(actor=None, actor_name=name, action=AuditAction.SESSION_LOG_IN_FAILED)
    with restart(place):
        pass
    found = log_ins({ada.pk: "ada"}).acts
    assert [line.entry.actor_name for line in found] == ["ADA", "ada"]
    about = [
        e.sequence for e in Entry.objects.order_by("-sequence") if is_about(e, {ada.pk: "ada"})
    ]
    assert about == [line.sequence for line in found]
