from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from workflows_ui import cloudflare as cf
from workflows_ui.models import EndedRun, SeenInstance
from workflows_ui.services import seeing
from workflows_ui.services.sampling import sample
from workflows_ui.services.seeing import Allowance, keep_rows, read_details, unfinished

pytestmark = pytest.mark.django_db


def allowance(calls: int) -> Allowance:
    return Allowance(calls, until=timezone.now() + timedelta(minutes=1))


def test_what_an_instance_waits_for_is_known(account, api):
    sample(account, api, calls=10_000)
    waiting = SeenInstance.objects.get(workflow="checkout", instance_id="order-waiting")
    assert waiting.waits_for
    assert waiting.looked_into


def test_who_waits_for_nobody_knows_what_is_looked_into_first(account, api, monkeypatch):
    monkeypatch.setattr(seeing, "MOST_UNFINISHED", 1)
    long_ago = timezone.now() - timedelta(hours=1)
    sample(account, api, calls=10_000)
    SeenInstance.objects.update(looked_into=None)
    SeenInstance.objects.filter(status="running").update(read=long_ago)
    first = unfinished(account).get()
    assert first.status == "waiting"
    first.looked_into = timezone.now()
    first.save()
    assert unfinished(account).get() != first


def test_gone_ones_are_not_asked_for_again(account):
    SeenInstance.objects.create(
        account=account, workflow="w", instance_id="i", status="gone", read=timezone.now()
    )
    assert not unfinished(account)


def test_one_that_went_is_marked_as_gone(account, api):
    SeenInstance.objects.create(
        account=account,
        workflow="checkout",
        instance_id="never-was",
        status="running",
        read=timezone.now() - timedelta(hours=1),
    )
    sample(account, api, calls=10_000)
    assert SeenInstance.objects.get(instance_id="never-was").status == seeing.GONE


def test_a_restarted_one_that_fails_anew_is_read_anew(account, api):
    sample(account, api, calls=10_000)
    failed = SeenInstance.objects.filter(instance_id="order-errored")
    failed.update(ended=timezone.now() - timedelta(days=1), error_name="Old", fingerprint="old")
    again = cf.InstanceRow(id="order-errored", status="errored", ended_on=timezone.now())
    keep_rows(account, "checkout", [again])
    assert failed.get().fingerprint == ""
    read_details(account, api, allowance(10_000))
    assert failed.get().error_name != "Old"


def test_one_that_went_on_is_not_kept_as_waiting(account, api, monkeypatch):
    sample(account, api, calls=10_000)
    ended = SeenInstance.objects.filter(workflow="checkout", instance_id="order-complete")
    ended.update(status="waiting", ended=None, looked_into=timezone.now())
    monkeypatch.setattr(seeing, "unfinished", lambda *_: [])
    sample(account, api, calls=100)
    assert ended.get().status == "complete"


def test_one_of_a_workflow_that_is_gone_is_marked_as_gone(account, api, monkeypatch):
    sample(account, api, calls=10_000)
    now = timezone.now()
    SeenInstance.objects.create(
        account=account, workflow="no-more", instance_id="i", status="running", read=now
    )
    monkeypatch.setattr(seeing, "unfinished", lambda *_: [])
    sample(account, api, calls=100)
    assert SeenInstance.objects.get(workflow="no-more").status == seeing.GONE


def test_one_that_is_older_than_the_first_look_is_seen_while_it_is_alive(account, api):
    sample(account, api, calls=10_000)
    waiting = SeenInstance.objects.filter(workflow="checkout", instance_id="order-waiting")
    waiting.delete()
    sample(account, api, calls=100)
    assert waiting.get().waits_for


def test_where_the_numbers_agree_nothing_is_listed(account, api, simulator):
    sample(account, api, calls=10_000)
    sample(account, api, calls=10_000)
    calls = simulator.simulator.calls
    calls.reset()
    workflows = api.list_workflows(per_page=100).items
    counted = {(one.workflow, one.status) for one in seeing.miscounted(account, workflows)}
    calls.reset()
    seeing.see_alive(account, api, workflows, allowance(100))
    assert len(calls) <= len(counted)


class CutList:
    """An API whose list of running instances has a next page."""

    def __init__(self, oldest: cf.InstanceRow) -> None:
        self.page = cf.CursorPage(items=(oldest,), per_page=1, cursor="more")

    def list_instances(self, workflow: str, **asked: object) -> cf.CursorPage[cf.InstanceRow]:
        return self.page


def test_a_cut_list_says_nothing_of_what_is_older(account):
    now = timezone.now()

    def running(name: str, *, minutes: int) -> cf.InstanceRow:
        created = now - timedelta(minutes=minutes)
        return cf.InstanceRow(id=name, status="running", created_on=created)

    rows = [running("newer", minutes=1), running("older", minutes=9)]
    keep_rows(account, "w", rows)
    workflow = cf.Workflow(name="w", class_name="W", script_name="s", instances={"running": 300})
    api = CutList(running("listed", minutes=5))
    went_on = seeing.see_alive(account, api, [workflow], allowance(1))
    assert [row.instance_id for row in went_on] == ["newer"]
    assert SeenInstance.objects.filter(instance_id="listed").exists()


def test_a_list_that_fails_keeps_nobody_from_the_others(account, api, simulator):
    sample(account, api, calls=10_000)
    alive = seeing.alive(account)
    alive.delete()
    faults = simulator.simulator.faults
    fault = faults.add("status", status=500, path="/workflows/checkout/instances$")
    seeing.see_alive(account, api, api.list_workflows(per_page=100).items, allowance(100))
    faults.remove(fault)
    assert alive.exists()
    assert not alive.filter(workflow="checkout").exists()


class Told:
    """An API that tells the same of every instance."""

    def __init__(self, **detail: object) -> None:
        self.detail = cf.parse_detail({"status": "errored", "params": {}, "steps": [], **detail})
        self.asked: list[str] = []

    def get_instance(self, workflow: str, instance: str) -> cf.InstanceDetail:
        self.asked.append(instance)
        return self.detail


def seen(account, name: str, **facts) -> SeenInstance:
    facts = {"status": "errored", "workflow": "w", "read": timezone.now()} | facts
    return SeenInstance.objects.create(account=account, instance_id=name, **facts)


def test_texts_that_a_database_refuses_are_kept_as_it_takes_them(account):
    wait = {"type": "waitForEvent", "name": "n" * 250 + "-1", "start": None, "finished": False}
    seen(account, "failed")
    waiting = seen(account, "waiting", status="waiting")
    error = {"name": "E\0", "message": "nul \0 inside"}
    read_details(account, Told(error=error), allowance(1))
    read_details(account, Told(status="waiting", steps=[wait]), allowance(9), [waiting])
    kept = SeenInstance.objects.get(instance_id="failed")
    waiting.refresh_from_db()
    assert "\0" not in kept.error_message + kept.error_name
    assert len(waiting.waits_for) <= 100
    keep_rows(account, "w", [cf.InstanceRow(id="nul\0", status="running", version_id="v" * 99)])
    assert SeenInstance.objects.get(instance_id="nul\ufffd").version_id == "v" * 64


def test_an_instance_listed_twice_is_one(account):
    keep_rows(account, "w", [cf.InstanceRow(id="i", status="running")] * 2)
    assert SeenInstance.objects.get(instance_id="i").status == "running"


def test_failures_that_say_nothing_keep_no_other_from_being_read(account):
    for number in range(3):
        seen(account, f"mute-{number}", ended=timezone.now())
    read_details(account, Told(), allowance(100))
    assert not SeenInstance.objects.filter(fingerprint="").exists()


def test_failures_that_can_not_be_read_come_last(account, monkeypatch):
    class Broken:
        def get_instance(self, *_: str) -> cf.InstanceDetail:
            raise cf.ServerError("no", status=500)

    monkeypatch.setattr(seeing, "MOST_FAILURES", 1)
    seen(account, "newest", ended=timezone.now())
    seen(account, "older", ended=timezone.now() - timedelta(hours=1))
    read_details(account, Broken(), allowance(1))
    api = Told(error={"name": "E", "message": "m"})
    read_details(account, api, allowance(1))
    assert api.asked == ["older"]


def test_one_that_failed_is_looked_at_again(account):
    long_ago = timezone.now() - timedelta(days=2)
    row = seen(account, "restarted", fingerprint="f", read=long_ago, ended=long_ago)
    read_details(account, Told(status="complete"), allowance(5))
    row.refresh_from_db()
    assert row.status == "complete"


def test_another_instance_of_the_same_id_waits_for_what_it_waits_for(account):
    first, second = timezone.now() - timedelta(hours=2), timezone.now()
    row = cf.InstanceRow(id="i", status="waiting", created_on=first)
    keep_rows(account, "w", [row])
    SeenInstance.objects.update(waits_for="approval", looked_into=first)
    keep_rows(account, "w", [row])
    assert SeenInstance.objects.get().waits_for == "approval"
    keep_rows(account, "w", [cf.InstanceRow(id="i", status="waiting", created_on=second)])
    assert SeenInstance.objects.get().waits_for == ""


def test_after_an_act_it_is_told_of_as_failed_no_more(account):
    seen(account, "acted-on", fingerprint="f")
    seen(account, "other", fingerprint="f")
    seeing.note_acted(account, "w", ["acted-on"])
    failed = SeenInstance.objects.filter(status="errored")
    assert [row.instance_id for row in failed] == ["other"]
    read_details(account, Told(status="complete"), allowance(9))
    assert SeenInstance.objects.get(instance_id="acted-on").status == "complete"


@pytest.mark.parametrize("rows", [(), (cf.InstanceRow(id="listed", status="running"),)])
def test_a_cut_list_that_does_not_say_where_tells_nothing_of_the_others(account, rows):
    seen(account, "other", status="running")
    api = CutList(cf.InstanceRow(id="listed", status="running"))
    api.page = cf.CursorPage(items=rows, per_page=1, cursor="more")
    workflow = cf.Workflow(name="w", class_name="W", script_name="s", instances={"running": 300})
    assert seeing.see_alive(account, api, [workflow], allowance(1)) == []


class Listing:
    """An API that lists these instances, and counts how often it is asked."""

    def __init__(self, *rows: cf.InstanceRow, dates: bool = True) -> None:
        self.rows, self.asked = rows, list[dict[str, object]]()
        self.capabilities = cf.Capabilities(dates=dates)

    def list_instances(self, workflow: str, **asked: object) -> cf.CursorPage[cf.InstanceRow]:
        self.asked.append(asked)
        return cf.CursorPage(items=self.rows, per_page=100, cursor="more")


def storm(account, count: int) -> tuple[list[SeenInstance], list[cf.InstanceRow]]:
    """So many that were queued when last seen, and what a list tells of them now."""
    at = timezone.now() - timedelta(minutes=5)
    kept = [seen(account, f"i-{n}", status="queued", created=at, read=at) for n in range(count)]
    told = [
        cf.InstanceRow(id=row.instance_id, status="errored", created_on=at, ended_on=at)
        for row in kept
    ]
    return kept, told


@pytest.mark.parametrize("dates", [True, False])
def test_one_list_tells_what_became_of_many(account, dates):
    kept, told = storm(account, 60)
    api = Listing(*told, dates=dates)
    assert seeing.see_ended(account, api, kept, allowance(10)) == []
    assert SeenInstance.objects.filter(status="errored").count() == 60
    (asked,) = api.asked
    if dates:
        assert asked["date_start"] <= kept[0].created <= asked["date_end"]
    else:
        assert asked["date_start"] is asked["date_end"] is None


def test_few_are_read_one_by_one(account):
    kept, told = storm(account, seeing.MANY - 1)
    api = Listing(*told)
    assert seeing.see_ended(account, api, kept, allowance(10)) == kept
    assert api.asked == []


def test_lists_that_tell_of_few_are_left_off(account):
    kept, told = storm(account, 60)
    api = Listing(*told[:2])
    assert len(seeing.see_ended(account, api, kept, allowance(10))) == 58
    assert len(api.asked) == 1


def test_who_was_listed_meanwhile_did_not_go_on(account):
    kept, told = storm(account, 10)
    keep_rows(account, "w", told[:4])
    left = seeing.see_ended(account, Listing(), kept, allowance(0))
    assert [row.instance_id for row in left] == [row.instance_id for row in kept[4:]]


def test_who_went_on_and_was_not_read_is_unknown(account):
    kept, _ = storm(account, 3)
    api = Told(status="complete", end="2026-01-01T00:00:00Z")
    assert len(read_details(account, api, allowance(1), kept)) == 2
    statuses = sorted(SeenInstance.objects.values_list("status", flat=True))
    assert statuses == ["complete", "unknown", "unknown"]


AGO = timedelta(hours=1)


def runs() -> list[tuple[str, str]]:
    return sorted(EndedRun.objects.values_list("instance_id", "status"))


@pytest.mark.parametrize("status", ["queued", "errored"])
def test_a_run_that_ended_is_kept_when_a_list_tells_of_another(account, status):
    ended = timezone.now() - AGO
    seen(account, "again", ended=ended)
    over = None if status == "queued" else ended + AGO / 2
    keep_rows(account, "w", [cf.InstanceRow(id="again", status=status, ended_on=over)])
    assert runs() == [("again", "errored")]
    assert EndedRun.objects.get().ended == ended


def test_a_run_that_is_told_of_again_is_kept_once(account):
    ended = timezone.now() - AGO
    seen(account, "same", ended=ended)
    told = ended + timedelta(milliseconds=400)  # the other answer has fewer digits
    keep_rows(account, "w", [cf.InstanceRow(id="same", status="errored", ended_on=told)])
    assert runs() == []


@pytest.mark.parametrize("status", ["running", "complete"])
def test_a_run_that_ended_is_kept_when_its_instance_is_read_anew(account, status):
    row = seen(account, "again", fingerprint="f", ended=timezone.now() - AGO)
    end = None if status == "running" else "2026-01-01T00:00:00Z"
    read_details(account, Told(status=status, end=end), allowance(5), [row])
    assert runs() == [("again", "errored")]


def test_a_run_that_ended_is_kept_before_an_act(account):
    ended = timezone.now() - AGO
    seen(account, "over", ended=ended)
    seen(account, "alive", status="running")
    seeing.note_acted(account, "w", ["over", "alive"])
    seeing.note_acted(account, "w", ["over"])
    assert runs() == [("over", "errored")]


def test_most_calls_are_for_why_something_failed(account):
    now = timezone.now()
    for number in range(9):
        seen(account, f"new-{number}")
        seen(account, f"known-{number}", fingerprint="f", read=now - AGO)
        seen(account, f"alive-{number}", status="running", read=now - AGO)
    api = Told()
    read_details(account, api, allowance(8))
    assert sum(name.startswith("new-") for name in api.asked) == 6


def test_what_is_waited_for_has_a_turn_of_its_own(account):
    now = timezone.now()
    for number in range(9):
        seen(account, f"new-{number}")
        seen(account, f"waits-{number}", status="waiting", read=now)
        seen(account, f"known-{number}", fingerprint="f", read=now - AGO)
        seen(account, f"alive-{number}", status="running", read=now - AGO)
    api = Told()
    read_details(account, api, allowance(8))
    asked = [name.partition("-")[0] for name in api.asked]
    assert sorted(asked) == ["alive", "known", *["new"] * 4, *["waits"] * 2]
