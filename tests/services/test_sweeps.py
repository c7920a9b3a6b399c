from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from console.audit.models import Entry
from tests.cloudflare import fault_server as faults
from tests.services.test_batches import DETAIL, LIMITED, posts, trail
from tests.services.test_ticked import BUSY
from workflows_ui import cloudflare as cf
from workflows_ui.models import Snapshot, Sweep
from workflows_ui.services import sweeps, ticked
from workflows_ui.services.ticked import JobRunning

pytestmark = pytest.mark.django_db

IDLE = faults.result({"status": "not_running"})
COPY = faults.result(DETAIL)


@pytest.fixture
def sweep(actor) -> Sweep:
    return sweeps.sweep_start(
        actor=actor, workflow="orders", status="running", reason="why", without_copy=False
    )


@pytest.fixture
def go_on(sweep, actor, unsteady_api):
    return lambda: sweeps.sweep_round(sweep, actor=actor, api=unsteady_api)


def rows(*ids: str) -> faults.Answer:
    return faults.result([{"id": one, "status": "running"} for one in ids])


def job(count: int) -> faults.Answer:
    return faults.result({"status": "ok", "instancesTerminated": count})


def test_the_start_is_an_attempt_that_the_end_settles(sweep, go_on, fault_upstream):
    assert trail() == [("workflow:terminate_all", "attempted", False)]
    assert Entry.objects.get().reason == "why"
    fault_upstream.answer(IDLE, rows())
    go_on()
    assert sweep.ended
    assert trail()[-1] == ("workflow:terminate_all", "succeeded", False)
    assert not posts(fault_upstream)


def test_a_round_lists_copies_and_terminates_as_an_act_of_its_own(sweep, go_on, fault_upstream):
    fault_upstream.answer(IDLE, rows("a", "b"), COPY, COPY, job(2))
    go_on()
    asked = parse_qs(urlsplit(fault_upstream.seen[1].target).query)
    assert (asked["status"], asked["per_page"]) == (["running"], ["100"])
    assert "date_end" in asked
    assert Snapshot.objects.count() == 2
    assert (sweep.rounds, sweep.terminated, sweep.ended, sweep.busy_since) == (1, 2, None, None)
    act = Entry.objects.get(sequence=sweep.acts[0])
    assert (act.action, act.reason, act.detail["round"]) == ("batch:terminate", "why", 1)
    assert trail()[2:4] == [("instance:terminate", "succeeded", True)] * 2


def test_those_that_survive_are_sent_once_and_told_at_the_end(sweep, go_on, fault_upstream):
    ended = faults.result(DETAIL | {"status": "rollingBack"})
    fault_upstream.answer(
        IDLE, rows("a", "b"), COPY, COPY, job(1), ended, ended, IDLE, rows("a"), rows("a")
    )
    go_on()
    go_on()
    assert len(posts(fault_upstream)) == 1
    assert (sweep.left, bool(sweep.ended)) == (1, True)
    assert trail()[-1] == ("workflow:terminate_all", "failed", False)
    assert Entry.objects.first().detail["left"] == 1


def test_what_cannot_be_copied_is_left_alone_and_does_not_loop(sweep, go_on, fault_upstream):
    broken = faults.failure(403, 10000, "no")
    fault_upstream.answer(IDLE, rows("a"), broken, IDLE, rows("a"))
    go_on()
    go_on()
    assert not posts(fault_upstream)
    assert sweep.left == 1


def test_while_the_job_runs_it_waits_and_counts_nothing(sweep, go_on, fault_upstream):
    fault_upstream.answer(faults.result({"status": "running"}))
    with pytest.raises(JobRunning):
        go_on()
    assert len(fault_upstream.seen) == 1
    assert (sweep.rounds, sweep.busy_since) == (0, None)
    assert len(trail()) == 1


def test_a_job_that_began_in_between_is_not_counted(sweep, go_on, fault_upstream, monkeypatch):
    monkeypatch.setattr(ticked, "JOB_PAUSE", 0)
    running = faults.result({"status": "running"})
    fault_upstream.answer(IDLE, rows("a"), COPY, BUSY, running)
    with pytest.raises(JobRunning):
        go_on()
    assert (sweep.rounds, sweep.fates) == (0, {})


def test_a_pause_in_round_2_can_be_gone_on_from(sweep, go_on, fault_upstream):
    fault_upstream.answer(IDLE, rows("a"), COPY, job(1), IDLE, LIMITED)
    go_on()
    with pytest.raises(cf.RateLimited) as limited:
        go_on()
    assert limited.value.retry_after == 77
    assert (sweep.rounds, sweep.ended, sweep.busy_since) == (1, None, None)
    fault_upstream.answer(IDLE, rows("b"), COPY, job(1), IDLE, rows())
    go_on()
    go_on()
    assert (sweep.terminated, bool(sweep.ended)) == (2, True)


def test_two_rounds_never_run_at_once(sweep, go_on, fault_upstream):
    fault_upstream.answer(IDLE, rows())
    Sweep.objects.update(busy_since=timezone.now())
    go_on()
    assert not fault_upstream.seen
    Sweep.objects.update(busy_since=timezone.now() - timedelta(hours=1))
    go_on()
    assert sweep.ended


def test_a_stopped_one_says_by_whom_and_does_no_more(sweep, go_on, fault_upstream):
    fault_upstream.answer(IDLE, rows("a"))
    sweeps.sweep_stop(sweep, by="grace")
    go_on()
    assert not fault_upstream.seen
    assert trail()[-1] == ("workflow:terminate_all", "failed", False)
    assert Entry.objects.first().detail["stopped_by"] == "grace"
    sweeps.sweep_stop(sweep, by="bob")
    assert len(trail()) == 2
