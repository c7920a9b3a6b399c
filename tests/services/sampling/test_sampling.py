from __future__ import annotations

import time
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from workflows_ui import cloudflare as cf
from workflows_ui.models import CountSample, Sampling, SeenInstance
from workflows_ui.services import sampling, seeing
from workflows_ui.services.sampling import lease_end, lease_take, sample

pytestmark = pytest.mark.django_db


def test_a_round_keeps_counts_and_instances(account, api):
    sample(account, api, calls=10_000)
    spans = set(CountSample.objects.values_list("span", flat=True))
    assert spans == {"minute", "hour", "day"}
    counts = CountSample.objects.get(workflow="checkout", span="hour").counts
    assert counts["errored"] >= 1
    failed = SeenInstance.objects.get(workflow="checkout", instance_id="order-errored")
    assert failed.status == "errored"
    assert failed.fingerprint
    assert failed.error_name
    state = Sampling.objects.get(account=account)
    assert state.whole_since < timezone.now() - timedelta(hours=23)


def stay_within_the_hour() -> None:
    """With the next one, new counts begin."""
    left = 3600 - time.time() % 3600
    if left < 20:
        time.sleep(left)


def test_a_second_round_adds_nothing_twice_and_sees_what_changed(account, api, simulator):
    stay_within_the_hour()
    sample(account, api, calls=100)
    seen = SeenInstance.objects.count()
    samples = CountSample.objects.count()
    simulator.simulator.calls.reset()
    sample(account, api, calls=100)
    assert SeenInstance.objects.count() >= seen
    assert CountSample.objects.count() - samples <= samples / 3 + 1
    assert len(simulator.simulator.calls) < 60


def test_it_keeps_to_its_calls_and_says_that_it_is_not_whole(account, api, simulator):
    simulator.simulator.calls.reset()
    sample(account, api, calls=2)
    assert len(simulator.simulator.calls) == 2
    state = Sampling.objects.get(account=account)
    assert timezone.now() - state.whole_since < timedelta(minutes=1)


def test_what_one_round_has_no_calls_for_comes_first_in_the_next(account, api):
    names = {workflow.name for workflow in api.list_workflows(per_page=100).items}
    walked: set[str] = set()
    while walked != names:
        sample(account, api, calls=3)
        state = Sampling.objects.get(account=account)
        assert walked < state.reached.keys()
        walked = set(state.reached)
        assert (state.sampled is not None) is (walked == names)
    assert state.whole_since <= state.sampled


def test_a_list_that_fails_keeps_nobody_from_the_others(account, api, simulator):
    faults = simulator.simulator.faults
    fault = faults.add("status", status=500, path="/workflows/checkout/instances$")
    sample(account, api, calls=100)
    faults.remove(fault)
    state = Sampling.objects.get(account=account)
    assert "checkout" not in state.reached
    assert state.reached
    assert state.sampled is None


def test_more_new_instances_than_calls_are_told_as_a_gap(account, api, monkeypatch):
    sample(account, api, calls=10_000)
    Sampling.objects.update(whole_since=timezone.now() - timedelta(days=9))
    monkeypatch.setattr(sampling, "see_new", lambda *_: False)
    sample(account, api, calls=10)
    state = Sampling.objects.get(account=account)
    assert timezone.now() - state.whole_since < timedelta(minutes=1)


def test_calls_are_kept_for_details_however_much_there_is_to_list(account, api, monkeypatch):
    sample(account, api, calls=10_000)
    SeenInstance.objects.filter(status="errored").update(fingerprint="")
    Sampling.objects.update(reached={})
    monkeypatch.setattr(seeing, "PER_PAGE", 1)
    monkeypatch.setattr(sampling, "all_workflows", lambda *_: api.list_workflows().items)
    sample(account, api, calls=8)
    assert SeenInstance.objects.filter(status="errored").exclude(fingerprint="").exists()


def test_one_process_at_a_time_holds_the_lease(account):
    now = timezone.now()
    until = lease_take(account, now=now)
    assert until
    assert lease_take(account, now=now) is None
    lease_end(account, until, problem="no answer")
    assert lease_take(account, now=now)
    assert Sampling.objects.get(account=account).problem == "no answer"


def test_a_lease_that_ran_out_is_not_given_back_for_another(account):
    now = timezone.now()
    slow = lease_take(account, now=now)
    later = now + sampling.LEASE + timedelta(seconds=1)
    until = lease_take(account, now=later)
    lease_end(account, slow, problem="too slow")
    assert lease_take(account, now=later) is None
    assert Sampling.objects.get(account=account).problem == ""
    lease_end(account, until)
    assert lease_take(account, now=later)


def test_no_call_is_begun_that_could_last_longer_than_the_lease(account, api, simulator):
    calls = simulator.simulator.calls
    sample(account, api, calls=100)
    calls.reset()
    with time_machine.travel(timezone.now()) as clock:

        def slowly(**_) -> cf.Page[cf.Workflow]:
            clock.shift(sampling.LEASE - sampling.LONGEST_CALL + timedelta(seconds=1))
            return cf.Page(items=(), page=1, per_page=100, total_count=0)

        api.list_workflows = slowly
        sample(account, api, calls=100)
    assert len(calls) == 0


def test_a_workflow_that_can_not_be_listed_is_named(account, api, simulator):
    faults = simulator.simulator.faults
    fault = faults.add("status", status=500, path="/workflows/checkout/instances$")
    refused = sample(account, api, calls=100)
    faults.remove(fault)
    assert refused == ["checkout"]


def test_after_a_long_absence_nobody_claims_to_know_what_was(account, api):
    sample(account, api, calls=10_000)
    now = timezone.now()
    Sampling.objects.update(whole_since=now - timedelta(days=20), sampled=now - timedelta(days=10))
    sample(account, api, calls=10_000)
    state = Sampling.objects.get(account=account)
    assert now - timedelta(days=2) < state.whole_since < now


def test_it_says_since_when_it_has_not_read_what_went_on(account, api):
    sample(account, api, calls=10_000)
    assert Sampling.objects.get(account=account).behind is None
    long_ago = timezone.now() - timedelta(hours=3)
    SeenInstance.objects.bulk_create(
        SeenInstance(
            account=account, workflow="w", instance_id=f"i-{n}", status="running", read=long_ago
        )
        for n in range(90)
    )
    sample(account, api, calls=60)
    assert Sampling.objects.get(account=account).behind == long_ago
    sample(account, api, calls=10_000)
    assert Sampling.objects.get(account=account).behind is None


def test_a_workflow_told_of_twice_is_one(account, api, monkeypatch):
    twice = api.list_workflows(per_page=100).items * 2
    monkeypatch.setattr(sampling, "all_workflows", lambda *_: twice)
    sample(account, api, calls=100)
    assert CountSample.objects.filter(workflow="checkout", span="hour").count() == 1


def test_old_rows_go(account, api):
    old = timezone.now() - sampling.KEPT - timedelta(days=10)
    for span in ("minute", "hour", "day"):
        CountSample.objects.create(account=account, workflow="w", span=span, at=old, counts={})
    SeenInstance.objects.create(
        account=account, workflow="w", instance_id="i", status="complete", read=old
    )
    sample(account, api, calls=1)
    assert [row.span for row in CountSample.objects.filter(workflow="w")] == ["day"]
    assert not SeenInstance.objects.filter(workflow="w").exists()
