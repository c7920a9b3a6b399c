from __future__ import annotations

import json

import pytest

from console.audit.models import Entry
from console.audit.queries import creators_of
from tests.cloudflare import fault_server as faults
from workflows_ui import cloudflare as cf
from workflows_ui.models import Snapshot
from workflows_ui.services import instances as services
from workflows_ui.services.instances import (
    AlreadyExists,
    NoSnapshot,
    OutcomeUnknown,
    StateForbids,
    StepMissing,
    Target,
    instance_create,
)

pytestmark = pytest.mark.django_db

CREATED = {"id": "order-1", "status": "queued", "version_id": "v1", "workflow_id": "w1"}
DETAIL = {
    "status": "running",
    "params": {},
    "trigger": {"source": "api"},
    "versionId": "v1",
    "queued": "2100-11-24T12:00:00.000Z",
    "step_count": 0,
}
NOT_FOUND = faults.failure(404, 10400, "workflows.api.error.instance.not_found")
LOST = [faults.cut, faults.half, faults.hang, faults.html(502), faults.failure(500, 10001, "oops")]


@pytest.fixture
def create(unsteady_api, actor):
    def call() -> cf.CreatedInstance:
        new = cf.NewInstance(instance_id="order-1", params={"a": 1})
        return instance_create(actor=actor, api=unsteady_api, workflow="orders", new=new)

    return call


@pytest.fixture
def target(unsteady_api, actor) -> Target:
    return Target(
        actor=actor, api=unsteady_api, workflow="orders", instance="order-1", reason="asked for"
    )


def trail() -> list[tuple[str, str]]:
    return list(Entry.objects.order_by("sequence").values_list("action", "outcome"))


def sent(upstream, method: str) -> list:
    return [seen for seen in upstream.seen if seen.method == method]


def test_it_sends_the_id_the_console_chose(create, fault_upstream):
    fault_upstream.answer(faults.result(CREATED))
    assert create().id == "order-1"
    (post,) = fault_upstream.seen
    assert json.loads(post.body) == {"instance_id": "order-1", "params": {"a": 1}}
    outcome = Entry.objects.first()
    assert trail() == [("instance:create", "attempted"), ("instance:create", "succeeded")]
    assert (outcome.instance_id, outcome.upstream_status) == ("order-1", 200)
    assert Entry.objects.last().params == {"a": 1}


@pytest.mark.parametrize("lost", LOST)
def test_a_lost_answer_is_settled_by_asking_for_the_id(create, fault_upstream, lost):
    fault_upstream.answer(lost, faults.result(DETAIL))
    assert create().status == "running"
    assert [seen.method for seen in fault_upstream.seen] == ["POST", "GET"]
    assert fault_upstream.seen[1].target.endswith("/instances/order-1?order=asc&simple=true")


@pytest.mark.parametrize("lost", LOST)
def test_it_is_never_sent_twice_and_not_found_yet_is_unknown(create, fault_upstream, lost):
    fault_upstream.answer(lost, NOT_FOUND)
    with pytest.raises(OutcomeUnknown) as unknown:
        create()
    assert unknown.value.instance_id == "order-1"
    assert len(sent(fault_upstream, "POST")) == 1
    assert trail()[1] == ("instance:create", "unknown")


def test_an_upstream_that_stays_silent_is_unknown(create, fault_upstream):
    fault_upstream.answer(faults.cut)
    with pytest.raises(OutcomeUnknown):
        create()
    assert len(sent(fault_upstream, "POST")) == 1


def test_an_id_in_use_is_told_apart(create, fault_upstream):
    fault_upstream.answer(faults.failure(400, 10405, "workflows.api.error.instance.already_exists"))
    with pytest.raises(AlreadyExists):
        create()
    assert trail()[1] == ("instance:create", "failed")
    assert Entry.objects.first().upstream_code == 10405


def test_a_lost_create_of_an_id_that_was_there_before_is_nobodys(create, actor, fault_upstream):
    older = DETAIL | {"queued": "2026-01-01T12:00:00.000Z"}
    fault_upstream.answer(faults.cut, faults.result(older))
    with pytest.raises(AlreadyExists):
        create()
    assert trail()[1] == ("instance:create", "failed")
    assert creators_of(actor.account.pk, "orders", ["order-1"]) == {}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (faults.failure(400, 10002, "body"), cf.Invalid),
        (faults.failure(403, 10000, "Authentication error"), cf.Forbidden),
        (faults.failure(404, 10200, "workflow.not_found"), cf.NotFound),
        (faults.failure(429, 1, "slow", Retry_After="9"), cf.RateLimited),
    ],
)
def test_a_refusal_says_why_and_asks_nothing_more(create, fault_upstream, answer, error):
    fault_upstream.answer(answer)
    with pytest.raises(error):
        create()
    assert len(fault_upstream.seen) == 1


STEP = {
    "type": "step",
    "name": "charge-1",
    "start": "2026-11-24T12:00:00.000Z",
    "end": None,
    "success": True,
    "output": "x" * 20 + "[truncated output]",
    "attempts": [],
}
CHANGED = faults.result({"status": "queued", "timestamp": "2026-11-24T12:00:00.000Z"})


def test_pause_and_resume_are_sent_once_and_written_down(target, fault_upstream):
    fault_upstream.answer(CHANGED)
    services.instance_pause(target)
    services.instance_resume(target)
    assert [json.loads(seen.body) for seen in fault_upstream.seen] == [
        {"status": "pause"},
        {"status": "resume"},
    ]
    assert trail() == [
        ("instance:pause", "attempted"),
        ("instance:pause", "succeeded"),
        ("instance:resume", "attempted"),
        ("instance:resume", "succeeded"),
    ]
    assert Entry.objects.first().reason == "asked for"


@pytest.mark.parametrize(
    ("act", "method", "body"),
    [
        (services.instance_restart, "PATCH", {"status": "restart"}),
        (services.instance_terminate, "PATCH", {"status": "terminate"}),
        (services.instance_delete, "DELETE", None),
    ],
)
def test_a_copy_with_whole_outputs_is_kept_before_it_is_lost(
    target, fault_upstream, act, method, body
):
    detail = DETAIL | {"steps": [STEP], "step_count": 1}
    output = {"status": "complete", "error": None, "output": {"all": "of it"}}
    fault_upstream.answer(faults.result(detail), faults.result(output), CHANGED)
    act(target)
    assert [seen.method for seen in fault_upstream.seen] == ["GET", "GET", method]
    assert (json.loads(fault_upstream.seen[2].body or "null")) == body
    kept = Snapshot.objects.get()
    assert kept.attempt_sequence == Entry.objects.last().sequence
    assert json.loads(kept.content["steps"][0]["output"]) == {"all": "of it"}
    assert (kept.status, kept.missing) == ("running", "")
    assert trail()[1][1] == "succeeded"


def test_a_restart_from_a_step_names_it(target, fault_upstream):
    fault_upstream.answer(faults.result(DETAIL), CHANGED)
    services.instance_restart(target, step=cf.RestartFrom(name="charge", count=2))
    body = json.loads(fault_upstream.seen[1].body)
    assert body == {"status": "restart", "from": {"name": "charge", "count": 2, "type": "do"}}
    assert Entry.objects.last().detail == {"step": "charge", "count": 2, "type": "do"}
    assert trail()[0] == ("instance:restart_from", "attempted")


def test_without_a_copy_nothing_is_done_unless_chosen(target, fault_upstream):
    fault_upstream.answer(faults.failure(500, 10001, "internal_server"))
    with pytest.raises(NoSnapshot):
        services.instance_restart(target)
    assert not sent(fault_upstream, "PATCH")
    assert trail()[1] == ("instance:restart", "failed")
    fault_upstream.answer(CHANGED)
    services.instance_restart(target, snapshot=False)
    assert len(sent(fault_upstream, "PATCH")) == 1
    assert Entry.objects.all()[1].detail == {"snapshot": "left out by choice"}


@pytest.mark.parametrize("status", [400, 409])
def test_a_refusal_that_the_state_explains_names_the_state(target, fault_upstream, status):
    refused = faults.failure(status, 10401, "workflows.api.error.instance.cannot_terminate")
    fault_upstream.answer(refused, faults.result(DETAIL | {"status": "complete"}))
    with pytest.raises(StateForbids) as forbidden:
        services.instance_terminate(target, snapshot=False)
    assert forbidden.value.now == "complete"
    outcome = Entry.objects.first()
    assert (outcome.outcome, outcome.upstream_status, outcome.upstream_code) == (
        "failed",
        status,
        10401,
    )


@pytest.mark.parametrize(
    ("status", "error"),
    [("running", StepMissing), ("complete", StepMissing), ("rollingBack", StateForbids)],
)
def test_a_step_that_is_refused_is_not_laid_on_a_status_that_allows_it(
    target, fault_upstream, status, error
):
    refused = faults.failure(409, 10404, "workflows.api.error.instance.cannot_restart")
    fault_upstream.answer(refused, faults.result(DETAIL | {"status": status}))
    with pytest.raises(error):
        services.instance_restart(target, step=cf.RestartFrom(name="charge"), snapshot=False)
    assert trail()[1] == ("instance:restart_from", "failed")
    assert Entry.objects.first().upstream_status == 409


@pytest.mark.parametrize(
    ("status", "error"), [("terminated", StateForbids), ("waiting", cf.Invalid)]
)
def test_an_event_that_is_refused_names_the_state_if_it_ended(
    target, fault_upstream, status, error
):
    refused = faults.failure(400, 10002, "workflows.api.error.body")
    fault_upstream.answer(refused, faults.result(DETAIL | {"status": status}))
    with pytest.raises(error):
        services.instance_event(target, event_type="approve", payload={})
    assert trail()[1] == ("instance:event", "failed")


def test_a_yes_to_an_ended_instance_is_no_success(target, fault_upstream):
    fault_upstream.answer(faults.result({"status": "complete"}))
    with pytest.raises(StateForbids):
        services.instance_pause(target)
    assert trail()[1] == ("instance:pause", "failed")


@pytest.mark.parametrize("lost", LOST)
def test_an_event_whose_answer_is_lost_is_unknown_and_not_sent_again(target, fault_upstream, lost):
    fault_upstream.answer(lost)
    with pytest.raises(cf.CloudflareError) as caught:
        services.instance_event(target, event_type="approve", payload={"ok": True})
    assert caught.value.maybe_done
    assert len(fault_upstream.seen) == 1
    assert trail()[1] == ("instance:event", "unknown")
    assert Entry.objects.last().params == {"ok": True}
