from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from console.audit.models import Entry
from tests.cloudflare import fault_server as faults
from workflows_ui import cloudflare as cf
from workflows_ui.presenters.definitions import Defined
from workflows_ui.services.workflows import ScriptUnknown, workflow_delete, workflow_put

pytestmark = pytest.mark.django_db

ABOUT = {"name": "orders", "class_name": "Orders", "script_name": "shop"}
PUT = ABOUT | {"id": "w1", "version_id": "v2"}
WANTED = cf.WorkflowDefinition(class_name="Orders", script_name="shop", limits_steps=500)
BEFORE = asdict(Defined(class_name="Orders", script_name="shop", version_id="v1"))
LOST = [faults.cut, faults.half, faults.hang, faults.html(502), faults.failure(500, 10001, "oops")]
NOT_FOUND = faults.failure(404, 10200, "workflows.api.error.workflow.not_found")


def versions(version_id: str, steps: int | None = None):
    limits = {"limits": {"steps": steps}} if steps else {}
    return faults.result([{"id": version_id, "class_name": "Orders", **limits}])


@pytest.fixture
def put(unsteady_api, actor):
    def call(before=BEFORE) -> None:
        workflow_put(
            actor=actor,
            api=unsteady_api,
            workflow="orders",
            definition=WANTED,
            before=before,
            reason="asked for",
        )

    return call


def trail() -> list[tuple[str, str]]:
    return list(Entry.objects.order_by("sequence").values_list("action", "outcome"))


def methods(upstream) -> list[str]:
    return [seen.method for seen in upstream.seen]


def test_a_put_holds_what_was_asked_and_the_trail_before_and_after(put, fault_upstream):
    fault_upstream.answer(faults.result(PUT))
    put()
    (seen,) = fault_upstream.seen
    assert json.loads(seen.body) == {
        "class_name": "Orders",
        "script_name": "shop",
        "limits": {"steps": 500},
    }
    attempt, outcome = Entry.objects.order_by("sequence")
    assert attempt.detail["before"]["version_id"] == "v1"
    assert attempt.detail["after"] == {
        "class_name": "Orders",
        "script_name": "shop",
        "limits_steps": 500,
    }
    assert (attempt.action, attempt.workflow, attempt.reason) == (
        "workflow:put",
        "orders",
        "asked for",
    )
    assert (outcome.outcome, outcome.detail) == ("succeeded", {"version_id": "v2"})


@pytest.mark.parametrize("lost", LOST)
def test_a_lost_answer_is_settled_by_looking(put, fault_upstream, lost):
    fault_upstream.answer(lost, faults.result(ABOUT), versions("v2", 500))
    put()
    assert methods(fault_upstream) == ["PUT", "GET", "GET"]
    assert trail()[1] == ("workflow:put", "succeeded")
    assert Entry.objects.first().detail == {"version_id": "v2"}


@pytest.mark.parametrize("found", [versions("v1", 500), versions("v2", 300), NOT_FOUND])
def test_what_can_not_be_told_is_unknown_and_not_sent_again(put, fault_upstream, found):
    fault_upstream.answer(faults.cut, faults.result(ABOUT), found)
    with pytest.raises(cf.CloudflareError) as caught:
        put()
    assert caught.value.maybe_done
    assert methods(fault_upstream).count("PUT") == 1
    assert trail()[1] == ("workflow:put", "unknown")


def test_an_upstream_that_stays_silent_is_unknown(put, fault_upstream):
    fault_upstream.answer(faults.cut)
    with pytest.raises(cf.ConnectionFailed):
        put()
    assert trail()[1] == ("workflow:put", "unknown")


@pytest.mark.parametrize(("before", "now"), [(BEFORE, faults.result(ABOUT)), (None, NOT_FOUND)])
def test_an_internal_error_that_changed_nothing_is_an_unknown_script(
    put, fault_upstream, before, now
):
    refused = faults.failure(500, 10001, "workflows.api.error.internal_server")
    fault_upstream.answer(refused, now, versions("v1"))
    with pytest.raises(ScriptUnknown):
        put(before)
    outcome = Entry.objects.first()
    assert (outcome.outcome, outcome.upstream_code) == ("failed", 10001)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (faults.failure(400, 10002, "body"), cf.Invalid),
        (faults.failure(403, 10208, "workflow.cron_requires_paid_plan"), cf.Forbidden),
        (faults.failure(429, 1, "slow", Retry_After="9"), cf.RateLimited),
    ],
)
def test_a_refusal_says_why_and_asks_nothing_more(put, fault_upstream, answer, error):
    fault_upstream.answer(answer)
    with pytest.raises(error):
        put()
    assert methods(fault_upstream) == ["PUT"]
    assert trail()[1] == ("workflow:put", "failed")


def test_a_delete_is_sent_once_with_the_counts_in_the_trail(unsteady_api, actor, fault_upstream):
    fault_upstream.answer(faults.result({"status": "ok", "success": True}))
    workflow_delete(
        actor=actor, api=unsteady_api, workflow="orders", reason="moved", instances={"errored": 2}
    )
    assert methods(fault_upstream) == ["DELETE"]
    attempt = Entry.objects.last()
    assert (attempt.reason, attempt.detail) == ("moved", {"instances": {"errored": 2}})
    assert trail()[1] == ("workflow:delete", "succeeded")


@pytest.mark.parametrize("lost", LOST)
def test_a_delete_whose_answer_is_lost_is_unknown(unsteady_api, actor, fault_upstream, lost):
    fault_upstream.answer(lost)
    with pytest.raises(cf.CloudflareError):
        workflow_delete(actor=actor, api=unsteady_api, workflow="orders", reason="moved")
    assert methods(fault_upstream) == ["DELETE"]
    assert trail()[1] == ("workflow:delete", "unknown")
