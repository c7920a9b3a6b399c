from __future__ import annotations

import json

import pytest

from console.team.models import User
from tests.cloudflare import fault_server as faults
from workflows_ui import cloudflare as cf
from workflows_ui.services.instances import AlreadyExists, OutcomeUnknown, instance_create

CREATED = {"id": "order-1", "status": "queued", "version_id": "v1", "workflow_id": "w1"}
DETAIL = {
    "status": "running",
    "params": {},
    "trigger": {"source": "api"},
    "versionId": "v1",
    "queued": "2026-11-24T12:00:00.000Z",
    "step_count": 0,
}
NOT_FOUND = faults.failure(404, 10400, "workflows.api.error.instance.not_found")
LOST = [faults.cut, faults.half, faults.hang, faults.html(502), faults.failure(500, 10001, "oops")]


@pytest.fixture
def api(fault_upstream) -> cf.CloudflareClient:
    return cf.CloudflareClient(
        base_url=fault_upstream.url,
        account_id="0" * 32,
        token="t",
        rules=cf.AddressRules(loopback=True),
        timeout=(1, 0.3),
    )


def create(api: cf.CloudflareClient) -> cf.CreatedInstance:
    new = cf.NewInstance(instance_id="order-1", params={"a": 1})
    return instance_create(actor=User(pk=1), api=api, workflow="orders", new=new)


def sent(upstream, method: str) -> list:
    return [seen for seen in upstream.seen if seen.method == method]


def test_it_sends_the_id_the_console_chose(api, fault_upstream):
    fault_upstream.answer(faults.result(CREATED))
    assert create(api).id == "order-1"
    (post,) = fault_upstream.seen
    assert json.loads(post.body) == {"instance_id": "order-1", "params": {"a": 1}}


@pytest.mark.parametrize("lost", LOST)
def test_a_lost_answer_is_settled_by_asking_for_the_id(api, fault_upstream, lost):
    fault_upstream.answer(lost, faults.result(DETAIL))
    assert create(api).status == "running"
    assert [seen.method for seen in fault_upstream.seen] == ["POST", "GET"]
    assert fault_upstream.seen[1].target.endswith("/instances/order-1?order=asc&simple=true")


@pytest.mark.parametrize("lost", LOST)
def test_it_is_never_sent_twice_and_not_found_yet_is_unknown(api, fault_upstream, lost):
    fault_upstream.answer(lost, NOT_FOUND)
    with pytest.raises(OutcomeUnknown) as unknown:
        create(api)
    assert unknown.value.instance_id == "order-1"
    assert len(sent(fault_upstream, "POST")) == 1


def test_an_upstream_that_stays_silent_is_unknown(api, fault_upstream):
    fault_upstream.answer(faults.cut)
    with pytest.raises(OutcomeUnknown):
        create(api)
    assert len(sent(fault_upstream, "POST")) == 1


def test_an_id_in_use_is_told_apart(api, fault_upstream):
    fault_upstream.answer(faults.failure(400, 10405, "workflows.api.error.instance.already_exists"))
    with pytest.raises(AlreadyExists):
        create(api)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (faults.failure(400, 10002, "body"), cf.Invalid),
        (faults.failure(403, 10000, "Authentication error"), cf.Forbidden),
        (faults.failure(404, 10200, "workflow.not_found"), cf.NotFound),
        (faults.failure(429, 1, "slow", Retry_After="9"), cf.RateLimited),
    ],
)
def test_a_refusal_says_why_and_asks_nothing_more(api, fault_upstream, answer, error):
    fault_upstream.answer(answer)
    with pytest.raises(error):
        create(api)
    assert len(fault_upstream.seen) == 1
