"""The client for local development, against both engines it speaks to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.engine.engine import Engine
from tests.engine.raw_api import FOLLOW_LIMIT, RawApi, new_id
from workflows_ui.cloudflare import types as t
from workflows_ui.cloudflare.addresses import AddressRules
from workflows_ui.cloudflare.errors import Conflict, Invalid, NotFound, NotSupported
from workflows_ui.cloudflare.local import LocalClient

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]

TERMINATE, RESTART = t.InstanceAction.TERMINATE, t.InstanceAction.RESTART
PAUSE, RESUME = t.InstanceAction.PAUSE, t.InstanceAction.RESUME
JSON_VALUES = [
    {"a": [1, None, True, "\u2603"]},
    [1, 2],
    "just text",
    '{"not": "parsed"}',
    7,
    False,
    None,
    "<b>\x00\x07\u202e",
]


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """An engine seen by the client, and as it is."""

    client: LocalClient
    raw: RawApi

    def create(self, workflow: str, **params: t.Json) -> str:
        new = t.NewInstance(instance_id=new_id(), params=params)
        return self.client.create_instance(workflow, new).id

    def follow(
        self, workflow: str, instance_id: str, until: Callable[[t.InstanceDetail], bool]
    ) -> t.InstanceDetail:
        limit = time.monotonic() + FOLLOW_LIMIT
        while time.monotonic() < limit:
            detail = self.client.get_instance(workflow, instance_id)
            if until(detail):
                return detail
            time.sleep(0.1)
        raise AssertionError(f"{workflow} {instance_id} stays at {detail}")

    def run(self, workflow: str, **params: t.Json) -> tuple[str, t.InstanceDetail]:
        instance_id = self.create(workflow, **params)
        return instance_id, self.follow(workflow, instance_id, is_finished)

    def phantoms(self, workflow: str) -> set[str]:
        rows = self.raw.result("GET", f"/workflows/{workflow}/instances?per_page=100")
        return {row["id"] for row in rows if "status" not in row}


def is_finished(detail: t.InstanceDetail) -> bool:
    return detail.status in t.FINISHED


def has_status(status: str) -> Callable[[t.InstanceDetail], bool]:
    return lambda detail: detail.status == status


def connect(engine: Engine, raw: RawApi) -> Upstream:
    client = LocalClient(base_url=engine.url, rules=AddressRules(loopback=True))
    return Upstream(client=client, raw=raw)


@pytest.fixture
def new(engine: Engine, raw: RawApi) -> Upstream:
    """wrangler 4.164"""
    return connect(engine, raw)


@pytest.fixture
def old(old_engine: Engine, old_raw: RawApi) -> Upstream:
    """wrangler 4.86"""
    return connect(old_engine, old_raw)


@pytest.fixture(params=["new", "old"])
def upstream(request: pytest.FixtureRequest) -> Upstream:
    found: Upstream = request.getfixturevalue(request.param)
    return found


# --- Both engines ----------------------------------------------------------------------------


def test_workflows_are_listed_searched_and_paged(upstream: Upstream):
    everything = upstream.client.list_workflows()
    assert (len(everything.items), everything.total_count) == (10, 10)
    found = upstream.client.list_workflows(search="NAP")
    assert [(w.name, w.class_name) for w in found.items] == [("long-nap", "LongNap")]
    last = upstream.client.list_workflows(page=4, per_page=3)
    assert last.items == everything.items[9:]


def test_a_workflow_tells_counts_without_phantoms(upstream: Upstream):
    workflow = upstream.client.get_workflow("order-fulfilment")
    assert workflow.script_name == "workflows-sample"
    assert workflow.instances is not None
    assert set(workflow.instances) >= {"complete", "errored", "running"}
    assert "unknown" not in workflow.instances


def test_an_unknown_workflow_is_not_found(upstream: Upstream):
    with pytest.raises(NotFound):
        upstream.client.get_workflow("no-such")
    with pytest.raises(NotFound):
        upstream.client.list_instances("no-such")
    with pytest.raises(NotFound):
        upstream.client.create_instance("no-such", t.NewInstance(instance_id=new_id()))


def test_an_instance_is_created_followed_and_listed(upstream: Upstream):
    instance_id, detail = upstream.run("order-fulfilment", orderId="A-17", napMs=50)
    assert detail.output == {
        "order": "A-17",
        "total": 21,
        "label": "LBL-A-17",
        "shipped": True,
        "note": None,
    }
    assert detail.params == {"orderId": "A-17", "napMs": 50}
    assert detail.start is not None
    assert detail.end is not None
    assert detail.start < detail.end
    assert [(s.type, s.name) for s in detail.steps] == [
        ("step", "load order-1"),
        ("step", "price order-1"),
        ("sleep", "cool-off-1"),
        ("step", "print label-1"),
        ("step", "notify-1"),
    ]
    page = upstream.client.list_instances("order-fulfilment", per_page=100)
    (row,) = [row for row in page.items if row.id == instance_id]
    assert row.status == "complete"
    assert row.created_on is not None


@pytest.mark.parametrize("params", JSON_VALUES)
def test_params_of_any_json_arrive_as_they_were(upstream: Upstream, params):
    new = t.NewInstance(instance_id=new_id(), params=params)
    created = upstream.client.create_instance("cron-report", new)
    detail = upstream.follow("cron-report", created.id, is_finished)
    assert (detail.status, detail.params) == ("complete", params)


def test_a_retried_step_tells_its_attempts(upstream: Upstream):
    _, detail = upstream.run("flaky-import", failures=1, delayMs=50)
    fetch = detail.steps[0]
    assert [attempt.success for attempt in fetch.attempts] == [False, True]
    assert fetch.attempts[0].error == t.Failure(
        name="TypeError", message="upstream 503 (attempt 1)"
    )
    assert fetch.config is not None
    assert (fetch.config.retries_limit, fetch.config.retries_delay) == (5, 50)


def test_a_failed_instance_tells_why(upstream: Upstream):
    instance_id, detail = upstream.run("doomed-charge", how="exhaust")
    assert (detail.status, detail.output) == ("errored", None)
    assert detail.error == t.Failure(name="Error", message="gateway timeout")
    failed = upstream.client.list_instances("doomed-charge", status="errored", per_page=100)
    assert instance_id in [row.id for row in failed.items]


def test_a_nap_is_waiting_pausable_and_terminable(upstream: Upstream):
    client, nap = upstream.client, upstream.create("long-nap")
    upstream.follow("long-nap", nap, has_status("waiting"))
    client.change_instance_status("long-nap", nap, PAUSE)
    upstream.follow("long-nap", nap, has_status("paused"))
    client.change_instance_status("long-nap", nap, RESUME)
    upstream.follow("long-nap", nap, has_status("waiting"))
    client.change_instance_status("long-nap", nap, TERMINATE)
    upstream.follow("long-nap", nap, has_status("terminated"))
    with pytest.raises(Conflict):
        client.change_instance_status("long-nap", nap, TERMINATE)


@pytest.mark.parametrize("payload", [{"approved": True}, "yes", False, ["\x00"]])
def test_an_event_passes_the_gate_with_its_payload(upstream: Upstream, payload):
    gate = upstream.create("approval-gate")
    waiting = upstream.follow("approval-gate", gate, has_status("waiting"))
    assert (waiting.steps[1].type, waiting.steps[1].finished) == ("waitForEvent", False)
    upstream.client.send_event("approval-gate", gate, "other", {"approved": False})
    upstream.client.send_event("approval-gate", gate, "approval", payload)
    passed = upstream.follow("approval-gate", gate, is_finished)
    assert passed.status == "complete"
    assert passed.steps[1].output["payload"] == payload


def test_an_event_with_a_null_payload_arrives_with_an_empty_one(upstream: Upstream):
    gate = upstream.create("approval-gate")
    upstream.follow("approval-gate", gate, has_status("waiting"))
    upstream.client.send_event("approval-gate", gate, "approval", None)
    assert upstream.follow("approval-gate", gate, is_finished).steps[1].output["payload"] == {}


def test_a_wait_that_times_out_is_told_by_the_step(upstream: Upstream):
    _, detail = upstream.run("approval-gate", timeout=500)
    assert detail.status == "errored"
    assert detail.steps[1].error is not None
    assert detail.steps[1].error.name == "WorkflowTimeoutError"


def test_a_restart_runs_everything_again(upstream: Upstream):
    instance_id, before = upstream.run("order-fulfilment", napMs=50)
    upstream.client.change_instance_status("order-fulfilment", instance_id, RESTART)
    after = upstream.follow(
        "order-fulfilment", instance_id, lambda d: is_finished(d) and d.end != before.end
    )
    assert (after.status, after.output) == ("complete", before.output)


def test_a_long_instance_is_read_whole_backwards_and_without_steps(upstream: Upstream):
    instance_id, detail = upstream.run("many-steps", n=300)
    assert (detail.step_count, len(detail.steps)) == (300, 300)
    backwards = upstream.client.get_instance("many-steps", instance_id, order="desc")
    assert backwards.steps[0].name == "tick-300"
    simple = upstream.client.get_instance("many-steps", instance_id, simple=True)
    assert (simple.status, len(simple.steps)) == ("complete", 0)


def test_a_big_output_comes_through_whole(upstream: Upstream):
    _, detail = upstream.run("big-payload", kb=300)
    assert detail.output == {"size": 300 * 1024, "block": "x" * 300 * 1024}
    assert detail.steps[0].output == "<b>bold</b> & \x00\x07 \u2603 \U0001f9fe \u202e"


def test_an_id_in_use_is_a_conflict_and_leaves_the_first_alone(upstream: Upstream):
    taken, before = upstream.run("cron-report", mark="first")
    again = t.NewInstance(instance_id=taken, params={"mark": "second"})
    with pytest.raises(Conflict) as caught:
        upstream.client.create_instance("cron-report", again)
    assert caught.value.code == 10405
    assert not caught.value.maybe_done
    assert upstream.client.get_instance("cron-report", taken) == before


@pytest.mark.parametrize("instance_id", ["two words", "-first", "a.b", "snow\u2603", "a" * 101])
def test_an_id_the_engine_refuses_is_invalid(upstream: Upstream, instance_id):
    with pytest.raises(Invalid) as caught:
        upstream.client.create_instance("cron-report", t.NewInstance(instance_id=instance_id))
    assert not caught.value.maybe_done


@pytest.mark.parametrize(
    "call",
    [
        lambda client, missing: client.get_instance("cron-report", missing),
        lambda client, missing: client.delete_instance("cron-report", missing),
        lambda client, missing: client.send_event("cron-report", missing, "approval", {}),
        *(
            lambda client, missing, action=action: client.change_instance_status(
                "cron-report", missing, action
            )
            for action in t.InstanceAction
        ),
    ],
)
def test_a_missing_instance_is_not_found_and_leaves_no_phantom(upstream: Upstream, call):
    before = upstream.raw.ids("cron-report")
    with pytest.raises(NotFound):
        call(upstream.client, new_id("missing"))
    assert upstream.raw.ids("cron-report") == before


def test_an_instance_that_another_client_deleted_is_looked_for_once(new: Upstream):
    """Its id was known, so the first look makes a phantom; after that the list is asked."""
    nap = new.create("long-nap")
    new.raw.result("DELETE", f"/workflows/long-nap/instances/{nap}")
    with pytest.raises(NotFound):
        new.client.get_instance("long-nap", nap)
    after_first = new.phantoms("long-nap")
    new.raw.result("DELETE", f"/workflows/long-nap/instances/{nap}")
    with pytest.raises(NotFound):
        new.client.get_instance("long-nap", nap)
    assert len(new.phantoms("long-nap")) == len(after_first) - 1


def test_a_phantom_of_others_is_neither_listed_nor_found(upstream: Upstream):
    upstream.raw.call("GET", f"/workflows/fan-out/instances/{new_id()}")
    phantoms = upstream.phantoms("fan-out")
    listed = upstream.client.list_instances("fan-out", per_page=100)
    assert phantoms.isdisjoint(row.id for row in listed.items)
    with pytest.raises(NotFound):
        upstream.client.get_instance("fan-out", phantoms.pop())


def test_a_deleted_instance_is_neither_found_nor_listed(upstream: Upstream):
    nap = upstream.create("long-nap")
    before = upstream.phantoms("long-nap")
    upstream.client.delete_instance("long-nap", nap)
    with pytest.raises(NotFound):
        upstream.client.get_instance("long-nap", nap)
    assert nap not in upstream.raw.ids("long-nap")
    assert upstream.phantoms("long-nap") == before


def test_a_list_is_walked_by_cursor_each_instance_once(upstream: Upstream):
    made = {upstream.create("fan-out", width=1, stepMs=1) for _ in range(5)}
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = upstream.client.list_instances("fan-out", cursor=cursor, per_page=2)
        seen += [row.id for row in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert made <= set(seen)
    assert len(seen) == len(set(seen))


def test_a_deleted_workflow_loses_its_instances_and_stays_listed(upstream: Upstream):
    upstream.run("fan-out", width=1, stepMs=1)
    upstream.client.delete_workflow("fan-out")
    assert upstream.client.list_instances("fan-out").items == ()
    assert upstream.client.get_workflow("fan-out").name == "fan-out"


# --- Where they differ -----------------------------------------------------------------------


def test_a_restart_from_a_step_keeps_what_was_before_it(new: Upstream):
    instance_id, before = new.run("flaky-import", failures=1, delayMs=50)
    start = t.RestartFrom(name="store", count=2)
    new.client.change_instance_status("flaky-import", instance_id, RESTART, restart_from=start)
    after = new.follow(
        "flaky-import", instance_id, lambda d: is_finished(d) and d.end != before.end
    )
    assert after.steps[1] == before.steps[1]
    assert after.steps[2].start != before.steps[2].start


def test_a_restart_from_an_unknown_step_is_a_conflict(new: Upstream):
    instance_id, before = new.run("cron-report")
    start = t.RestartFrom(name="no such step")
    with pytest.raises(Conflict) as caught:
        new.client.change_instance_status("cron-report", instance_id, RESTART, restart_from=start)
    assert not caught.value.maybe_done
    assert new.client.get_instance("cron-report", instance_id).end == before.end


def test_the_old_engine_does_not_pretend_to_restart_from_a_step(old: Upstream):
    instance_id, before = old.run("cron-report")
    start = t.RestartFrom(name="collect")
    with pytest.raises(NotSupported):
        old.client.change_instance_status("cron-report", instance_id, RESTART, restart_from=start)
    assert old.client.get_instance("cron-report", instance_id).end == before.end


def test_a_saga_is_terminated_with_rollback(new: Upstream):
    saga = new.create("saga-rollback", holdMs=3_600_000)
    new.follow("saga-rollback", saga, has_status("waiting"))
    new.client.change_instance_status("saga-rollback", saga, TERMINATE, rollback=True)
    assert new.follow("saga-rollback", saga, is_finished).status == "terminated"


def test_many_are_deleted_at_once_and_the_missing_named(new: Upstream):
    one, two = new.create("long-nap"), new.create("long-nap")
    missing = new_id("missing")
    before = new.phantoms("long-nap")
    done = new.client.delete_instances("long-nap", [one, missing, two])
    assert set(done.deleted) == {one, two}
    assert [refused.id for refused in done.errors] == [missing]
    assert {one, two}.isdisjoint(new.raw.ids("long-nap"))
    assert new.phantoms("long-nap") == before


def test_the_id_of_a_deleted_instance_is_free_again(new: Upstream):
    nap = new.create("long-nap")
    new.client.delete_instance("long-nap", nap)
    again = t.NewInstance(instance_id=nap, params={"duration": 1})
    new.client.create_instance("long-nap", again)
    assert new.follow("long-nap", nap, is_finished).status == "complete"


def test_the_old_engine_does_not_delete_many_at_once(old: Upstream):
    with pytest.raises(NotSupported):
        old.client.delete_instances("long-nap", [new_id()])


def test_a_list_is_bounded_by_dates(new: Upstream):
    instance_id, _ = new.run("cron-report")
    now = datetime.now(UTC)
    soon, ago = now + timedelta(hours=1), now - timedelta(hours=1)
    later = new.client.list_instances("cron-report", date_start=soon)
    assert later.items == ()
    around = new.client.list_instances("cron-report", date_start=ago, date_end=soon, per_page=100)
    assert instance_id in [row.id for row in around.items]


def test_capabilities_follow_the_engine(new: Upstream, old: Upstream):
    for upstream in (new, old):
        upstream.client.list_workflows()
    assert new.client.capabilities.restart_from
    assert new.client.capabilities.batch_delete
    assert not old.client.capabilities.restart_from
    assert not old.client.capabilities.batch_delete
