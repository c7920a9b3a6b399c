from __future__ import annotations

import json

import pytest

from console.audit.models import Entry
from console.audit.queries import creators_of, story_of
from tests.cloudflare import fault_server as faults
from tests.services.conftest import client
from workflows_ui import cloudflare as cf
from workflows_ui.models import Batch
from workflows_ui.models.batches import EXISTS
from workflows_ui.services import batches
from workflows_ui.services.batches import Unfinished, batch_create

pytestmark = pytest.mark.django_db

DETAIL = {
    "status": "running",
    "params": {},
    "trigger": {"source": "api"},
    "versionId": "v1",
    "queued": "2100-11-24T12:00:00.000Z",
    "step_count": 0,
}
NOT_FOUND = faults.failure(404, 10400, "workflows.api.error.instance.not_found")
LIMITED = faults.failure(429, 10429, "slow down", Retry_After="77")
LOST = [faults.cut, faults.half, faults.hang, faults.html(502), faults.failure(500, 10001, "oops")]


class OneByOne(cf.CloudflareClient):
    """The API without its batch routes, as a local engine is."""

    capabilities = cf.Capabilities(batch_create=False, batch_terminate=False, batch_delete=False)


def new(count: int) -> list[cf.NewInstance]:
    return [cf.NewInstance(instance_id=f"o-{n}", params={"n": n}) for n in range(count)]


def created(count: int, first: int = 0) -> faults.Answer:
    return faults.result(
        [{"id": f"o-{n}", "status": "queued"} for n in range(first, first + count)]
    )


def outcomes(batch: Batch) -> dict[str, str]:
    batch.refresh_from_db()
    return {one: outcome for one, (outcome, _) in batch.fates.items()}


def posts(upstream) -> list[faults.Seen]:
    return [seen for seen in upstream.seen if seen.method == "POST"]


def trail() -> list[tuple[str, str, bool]]:
    rows = Entry.objects.order_by("sequence")
    return list(rows.values_list("action", "outcome", "part"))


class TestCreate:
    def test_a_round_is_one_call_one_act_and_a_part_for_each(
        self, batch, actor, unsteady_api, fault_upstream
    ):
        fault_upstream.answer(created(2))
        batch_create(batch, actor=actor, api=unsteady_api, new=new(2))
        (post,) = fault_upstream.seen
        assert post.target.endswith("/workflows/orders/instances/batch")
        assert json.loads(post.body)[1] == {"instance_id": "o-1", "params": {"n": 1}}
        assert trail() == [
            ("instance:create_batch", "attempted", False),
            ("instance:create", "succeeded", True),
            ("instance:create", "succeeded", True),
            ("instance:create_batch", "succeeded", False),
        ]
        attempt = Entry.objects.last()
        assert attempt.detail["ids"] == ["o-0", "o-1"]
        assert attempt.params == [{"n": 0}, {"n": 1}]
        assert creators_of(actor.account.pk, "orders", ["o-1"])["o-1"].name == "ada"
        assert batch.ended
        assert batch.acts == [attempt.sequence]

    def test_params_are_redacted_and_long_ones_are_a_digest(
        self, batch, actor, unsteady_api, fault_upstream
    ):
        fault_upstream.answer(created(1))
        row = cf.NewInstance(instance_id="o-0", params={"password": "hush", "a": 1})
        batch_create(batch, actor=actor, api=unsteady_api, new=[row])
        assert Entry.objects.last().params == [{"password": "[redacted]", "a": 1}]
        long = cf.NewInstance(instance_id="o-1", params={"text": "x" * 500_000})
        fault_upstream.answer(created(1, 1))
        batch_create(batch, actor=actor, api=unsteady_api, new=[long])
        attempt = Entry.objects.filter(outcome="attempted").first()
        assert attempt.params is None
        assert attempt.params_size > 500_000

    def test_more_than_100_go_in_rounds(self, batch, actor, unsteady_api, fault_upstream):
        fault_upstream.answer(created(100), created(100, 100), created(50, 200))
        batch_create(batch, actor=actor, api=unsteady_api, new=new(250))
        assert [len(json.loads(post.body)) for post in posts(fault_upstream)] == [100, 100, 50]
        assert len(batch.acts) == 3
        assert set(outcomes(batch).values()) == {"succeeded"}

    def test_ids_left_out_of_the_answer_exist_already(
        self, batch, actor, unsteady_api, fault_upstream
    ):
        fault_upstream.answer(created(5))
        batch_create(batch, actor=actor, api=unsteady_api, new=new(10))
        assert [batch.fates[f"o-{n}"][1] for n in (4, 5)] == ["", EXISTS]
        assert sum(outcome == "failed" for outcome in outcomes(batch).values()) == 5
        assert list(creators_of(actor.account.pk, "orders", ["o-4", "o-5"])) == ["o-4"]

    @pytest.mark.parametrize("lost", LOST)
    def test_a_lost_answer_is_settled_by_looking_the_ids_up(
        self, batch, actor, unsteady_api, fault_upstream, lost
    ):
        fault_upstream.answer(lost, faults.result(DETAIL))
        batch_create(batch, actor=actor, api=unsteady_api, new=new(3))
        assert len(posts(fault_upstream)) == 1
        assert set(outcomes(batch).values()) == {"succeeded"}

    def test_one_that_is_older_than_the_lost_create_was_there_before(
        self, batch, actor, unsteady_api, fault_upstream
    ):
        old = DETAIL | {"queued": "2020-01-01T00:00:00.000Z"}
        fault_upstream.answer(faults.cut, faults.result(old))
        batch_create(batch, actor=actor, api=unsteady_api, new=new(1))
        assert outcomes(batch) == {"o-0": "failed"}
        assert batch.fates["o-0"][1] == EXISTS

    def test_what_is_not_found_is_unknown_and_ends_the_sending(
        self, batch, actor, unsteady_api, fault_upstream
    ):
        fault_upstream.answer(faults.cut, NOT_FOUND)
        with pytest.raises(Unfinished):
            batch_create(batch, actor=actor, api=unsteady_api, new=new(150))
        assert len(posts(fault_upstream)) == 1
        assert outcomes(batch) == {f"o-{n}": "unknown" for n in range(100)}
        assert trail()[-1] == ("instance:create_batch", "unknown", False)
        assert batch.ended

    def test_a_pause_in_round_2_keeps_what_is_done_and_a_resend_asks_for_the_rest(
        self, batch, actor, unsteady_api, fault_upstream
    ):
        fault_upstream.answer(created(100), LIMITED)
        with pytest.raises(Unfinished) as unfinished:
            batch_create(batch, actor=actor, api=unsteady_api, new=new(250))
        assert unfinished.value.error.retry_after == 77
        assert len(posts(fault_upstream)) == 2
        fault_upstream.seen.clear()
        fault_upstream.answer(created(100, 100), created(50, 200))
        batch_create(batch, actor=actor, api=unsteady_api, new=new(250))
        bodies = [json.loads(post.body) for post in posts(fault_upstream)]
        sent = [one["instance_id"] for body in bodies for one in body]
        assert sent == [f"o-{n}" for n in range(100, 250)]
        assert set(outcomes(batch).values()) == {"succeeded"}

    def test_a_refused_first_round_says_why(self, batch, actor, unsteady_api, fault_upstream):
        fault_upstream.answer(faults.failure(403, 10000, "Authentication error"))
        with pytest.raises(cf.Forbidden):
            batch_create(batch, actor=actor, api=unsteady_api, new=new(150))
        assert len(fault_upstream.seen) == 1
        assert trail()[-1] == ("instance:create_batch", "failed", False)
        story = story_of(actor.account.pk, "orders", "o-0")
        assert [(entry.action, entry.outcome) for entry in story] == [("instance:create", "failed")]

    def test_without_a_batch_route_they_are_created_one_by_one(self, batch, actor, fault_upstream):
        refused = faults.failure(400, 10002, "body")
        fault_upstream.answer(*[faults.result({"id": "x"})] * 4, refused)
        batch_create(batch, actor=actor, api=client(fault_upstream, OneByOne), new=new(5))
        assert all(post.target.endswith("/instances") for post in posts(fault_upstream))
        assert sorted(outcomes(batch).values()) == ["failed", *["succeeded"] * 4]
        assert len(batch.acts) == 1

    def test_one_by_one_rests_when_the_api_wants_a_pause(self, batch, actor, fault_upstream):
        fault_upstream.answer(*[faults.result({"id": "x"})] * 4, LIMITED)
        with pytest.raises(Unfinished):
            batch_create(batch, actor=actor, api=client(fault_upstream, OneByOne), new=new(60))
        assert len(fault_upstream.seen) == 8
        assert batch.fates["o-59"][1] == batches.NOT_SENT
