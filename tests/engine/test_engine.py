"""The sample workflows do in the real engine what they are there to show."""

from __future__ import annotations

import time

import pytest

from tests.engine.raw_api import RawApi, has_reached, has_status, new_id

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]

SAMPLES = {
    "order-fulfilment",
    "flaky-import",
    "doomed-charge",
    "long-nap",
    "approval-gate",
    "fan-out",
    "many-steps",
    "big-payload",
    "saga-rollback",
    "cron-report",
}


def names(detail: dict) -> list[str]:
    return [entry["name"] for entry in detail["steps"]]


def test_the_engine_serves_the_ten_sample_workflows(raw: RawApi):
    assert {workflow["name"] for workflow in raw.result("GET", "/workflows")} == SAMPLES


def test_an_order_runs_through_its_steps_and_its_sleep(raw: RawApi):
    detail = raw.run("order-fulfilment", orderId="A-17", napMs=50)
    assert detail["status"] == "complete"
    assert detail["output"] == {
        "order": "A-17",
        "total": 21,
        "label": "LBL-A-17",
        "shipped": True,
        "note": None,
    }
    assert [entry["type"] for entry in detail["steps"]] == ["step", "step", "sleep", "step", "step"]
    assert detail["steps"][2]["finished"] is True
    assert "output" not in detail["steps"][4]


@pytest.mark.parametrize("failures", [0, 1, 3])
def test_a_flaky_step_is_tried_until_it_works(raw: RawApi, failures):
    detail = raw.run("flaky-import", failures=failures, delayMs=50)
    assert detail["output"] == 42
    attempts = detail["steps"][0]["attempts"]
    assert [one["success"] for one in attempts] == [False] * failures + [True]
    assert names(detail) == ["fetch page-1", "store-1", "store-2"]


@pytest.mark.parametrize(
    ("how", "attempts", "name", "message"),
    [
        ("non-retryable", 1, "NonRetryableError", "card declined: insufficient funds"),
        ("named", 3, "Error", "CardDeclined: card declined: insufficient funds"),
        ("exhaust", 3, "Error", "gateway timeout"),
        ("timeout", 2, "Error", "WorkflowTimeoutError: Execution timed out after 300ms"),
    ],
)
def test_a_doomed_charge_fails_as_asked(raw: RawApi, how, attempts, name, message):
    detail = raw.run("doomed-charge", how=how)
    assert detail["status"] == "errored"
    assert detail["error"] == {"name": name, "message": message}
    charge = detail["steps"][1]
    assert (charge["success"], len(charge["attempts"])) == (False, attempts)


def test_an_error_outside_of_any_step_ends_the_instance(raw: RawApi):
    detail = raw.run("doomed-charge", how="throw")
    assert detail["error"] == {"name": "RangeError", "message": "thrown outside of any step"}
    assert names(detail) == ["validate card-1"]


def test_a_nap_is_paused_resumed_and_terminated(raw: RawApi):
    nap = raw.create("long-nap", duration="1 hour")
    asleep = raw.follow("long-nap", nap, has_reached("nap-1"))
    assert (asleep["status"], asleep["steps"][0]["finished"]) == ("running", False)
    raw.change("long-nap", nap, status="pause")
    assert raw.follow("long-nap", nap, has_status("paused"))["end"] is None
    raw.change("long-nap", nap, status="resume")
    assert raw.follow("long-nap", nap, has_status("running"))["status"] == "running"
    raw.change("long-nap", nap, status="terminate")
    assert raw.follow("long-nap", nap)["status"] == "terminated"


def test_a_short_nap_ends_by_itself(raw: RawApi):
    assert raw.run("long-nap", duration=200)["output"] == "rested"
    # a moment that is past is refused, and a busy engine takes a while to get to it
    in_a_moment = round(time.time() * 1000) + 5_000
    assert raw.run("long-nap", until=in_a_moment)["output"] == "rested"


def test_an_approval_lets_the_gate_pass(raw: RawApi):
    gate = raw.create("approval-gate")
    waiting = raw.follow("approval-gate", gate, has_reached("wait for approval-1"))
    assert (waiting["status"], waiting["output"]) == ("running", None)
    raw.send_event("approval-gate", gate, "other", {"approved": False})
    raw.send_event("approval-gate", gate, "approval", {"approved": True, "by": "ana"})
    detail = raw.follow("approval-gate", gate)
    assert detail["output"] == {"amount": 100, "approved": True, "eventType": "approval"}
    assert detail["steps"][1]["output"]["payload"] == {"approved": True, "by": "ana"}


def test_an_event_sent_before_the_wait_is_kept_for_it(raw: RawApi):
    gate = raw.create("approval-gate")
    raw.send_event("approval-gate", gate, "approval", {"approved": False})
    assert raw.follow("approval-gate", gate)["output"]["approved"] is False


def test_an_approval_that_never_comes_fails_the_gate_or_is_escalated(raw: RawApi):
    failed = raw.run("approval-gate", timeout=500)
    assert failed["status"] == "errored"
    assert failed["steps"][1]["error"] == {"name": "WorkflowTimeoutError", "message": ""}
    escalated = raw.run("approval-gate", timeout=500, catch=True)
    assert escalated["status"] == "complete"
    assert escalated["output"]["escalated"] is True


def test_steps_run_side_by_side_and_a_pause_waits_for_them(raw: RawApi):
    # the first takes longer than it takes to start all three and to pause
    fan = raw.create("fan-out", width=3, stepMs=2_000)
    raw.follow("fan-out", fan, has_reached("shard 2-1"))
    raw.change("fan-out", fan, status="pause")
    paused = raw.follow("fan-out", fan, has_status("paused"))
    assert names(paused) == ["shard 0-1", "shard 1-1", "shard 2-1"]
    starts = [entry["start"] for entry in paused["steps"]]
    ends = [entry["end"] for entry in paused["steps"]]
    assert max(starts) < min(ends)
    raw.change("fan-out", fan, status="resume")
    assert raw.follow("fan-out", fan)["output"] == 0 + 1 + 4


def test_a_loop_makes_one_entry_per_round(raw: RawApi):
    detail = raw.run("many-steps", n=300)
    assert detail["step_count"] == len(detail["steps"]) == 300
    assert names(detail)[-1] == "tick-300"
    assert detail["output"] == {"n": 300, "sum": 299 * 150}


def test_a_big_output_and_odd_characters_come_through_whole(raw: RawApi):
    detail = raw.run("big-payload", kb=300, note="carried along")
    assert detail["output"] == {"size": 300 * 1024, "block": "x" * 300 * 1024}
    assert detail["params"]["note"] == "carried along"
    assert detail["steps"][0]["output"] == "<b>bold</b> & \x00\x07 \u2603 \U0001f9fe \u202e"


def test_a_saga_fails_and_hides_what_is_sensitive(raw: RawApi):
    detail = raw.run("saga-rollback", fail=True)
    assert (detail["status"], detail["error"]["message"]) == ("errored", "no courier")
    assert detail["steps"][1]["output"] == "[REDACTED]"
    assert raw.run("saga-rollback", fail=False)["output"] == "done"


def test_a_saga_is_terminated_with_rollback(raw: RawApi):
    saga = raw.create("saga-rollback", holdMs=3_600_000)
    raw.follow("saga-rollback", saga, has_reached("hold-1"))
    raw.change("saga-rollback", saga, status="terminate", rollback=True)
    assert raw.follow("saga-rollback", saga)["status"] == "terminated"


def test_a_report_runs_when_asked_though_schedules_stand_still(raw: RawApi):
    assert raw.run("cron-report")["output"] == {"rows": 3, "scheduled": False}


def test_a_restart_from_a_step_keeps_what_was_before_it(raw: RawApi):
    instance = raw.create("flaky-import", failures=1, delayMs=50)
    before = raw.follow("flaky-import", instance)
    raw.change(
        "flaky-import", instance, status="restart", **{"from": {"name": "store", "count": 2}}
    )
    after = raw.follow("flaky-import", instance, lambda d: is_new(d, before))
    assert after["steps"][:2] == before["steps"][:2]
    assert after["steps"][2]["start"] > before["steps"][2]["start"]


def test_a_whole_restart_runs_everything_again(raw: RawApi):
    instance = raw.create("order-fulfilment", napMs=50)
    before = raw.follow("order-fulfilment", instance)
    raw.change("order-fulfilment", instance, status="restart")
    after = raw.follow("order-fulfilment", instance, lambda d: is_new(d, before))
    assert after["queued"] > before["queued"]
    assert after["output"] == before["output"]


def is_new(detail: dict, before: dict) -> bool:
    """Whether a restarted instance has ended once more."""
    return detail["status"] == "complete" and detail["end"] > before["end"]


def test_a_deleted_instance_is_gone_and_its_id_free_again(raw: RawApi):
    nap = raw.create("long-nap", duration="1 hour")
    raw.result("DELETE", f"/workflows/long-nap/instances/{nap}")
    assert nap not in raw.ids("long-nap")
    assert raw.create("long-nap", instance_id=nap, duration=1) == nap


def test_reading_a_missing_instance_leaves_a_phantom(raw: RawApi):
    before = set(raw.ids("cron-report"))
    assert raw.call("GET", f"/workflows/cron-report/instances/{new_id()}").status_code == 404
    (phantom,) = set(raw.ids("cron-report")) - before
    assert len(phantom) == 64
    raw.result("DELETE", f"/workflows/cron-report/instances/{phantom}")
    assert set(raw.ids("cron-report")) == before
