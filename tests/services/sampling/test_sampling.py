from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

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


def test_a_second_round_adds_nothing_twice_and_sees_what_changed(account, api, simulator):
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
    assert lease_take(account, now=now)
    assert not lease_take(account, now=now)
    assert lease_take(account, now=now + sampling.LEASE + timedelta(seconds=1))
    lease_end(account, problem="no answer")
    assert lease_take(account, now=now)
    assert Sampling.objects.get(account=account).problem == "no answer"


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
