"""Pause, resume, terminate, restart and delete: what they do in which state."""

from __future__ import annotations

import pytest

from tests.simulator.world import names, step
from workflows_ui.simulator.ops import Config, Do, Failure, Sleep, Wait


def code_of(name):
    return f"workflows.api.error.{name}"


def error(answer):
    return answer.status, answer.json()["errors"][0]["code"]


def nap_and_work(ctx):
    yield Do("work", ms=10_000, output=1)
    yield Sleep("nap", 60_000)
    yield Do("end", ms=1_000)
    return "done"


def saga(ctx):
    def undo(name, **options):
        return Do(name, ms=2_000, output={"undone": name}, **options)

    broken = ctx.param("broken_undo")
    stubborn = Config(limit=1, delay="1 second", backoff="constant")
    failing = {"fails": 9, "failure": Failure("RefundError", "no"), "config": stubborn}
    yield Do("flight", ms=1_000, undo=undo("flight"))
    yield Do("hotel", ms=1_000, undo=undo("hotel", **(failing if broken else {})))
    yield Do("plain", ms=1_000)
    yield Do("pay", ms=1_000, fails=9, config=Config(limit=0), failure=Failure("CardError", "no"))


# --- pause and resume ---


def test_pausing_while_a_step_executes_waits_for_it(world):
    world.flow(nap_and_work)
    world.start()
    world.clock.advance(5)
    assert world.command("pause").json()["result"]["status"] == "waitingForPause"
    assert world.status() == "waitingForPause"
    world.clock.advance(6)
    assert world.status() == "paused"
    assert names(world.detail()) == ["work-1"]
    assert step(world.detail(), "work-1")["success"] is True
    assert world.command("resume").json()["result"]["status"] == "queued"
    world.clock.advance(1)
    assert world.status() == "waiting"
    assert names(world.detail()) == ["work-1", "nap-1"]


def test_resuming_takes_a_pending_pause_back(world):
    world.flow(nap_and_work)
    world.start()
    world.clock.advance(5)
    world.command("pause")
    assert world.command("resume").json()["result"]["status"] == "running"
    world.clock.advance(6)
    assert world.status() == "waiting"


def test_a_pause_during_a_sleep_shifts_its_end(world):
    world.flow(nap_and_work)
    world.start()
    world.clock.advance(20)
    before = step(world.detail(), "nap-1")["end"]
    assert before == "2026-11-24T09:01:10.150Z"
    assert world.command("pause").json()["result"]["status"] == "paused"
    world.clock.advance(3_600)
    assert world.status() == "paused"
    assert step(world.detail(), "nap-1")["finished"] is False
    world.command("resume")
    assert step(world.detail(), "nap-1")["end"] == "2026-11-24T10:01:10.150Z"
    world.clock.advance(45)
    assert world.status() == "waiting"
    world.clock.advance(10)
    assert world.status() == "complete"


def test_a_pause_interrupts_a_retry_delay_and_a_wait(world):
    def code(ctx):
        yield Do("fragile", ms=100, fails=1, config=Config(delay="30 seconds"))
        yield Wait("approval", "approve", "1 hour")

    world.flow(code)
    world.start()
    world.clock.advance(5)
    assert world.command("pause").json()["result"]["status"] == "paused"
    world.clock.advance(600)
    assert len(world.detail()["steps"][0]["attempts"]) == 1
    world.command("resume")
    world.clock.advance(40)
    assert world.status() == "waiting"
    world.command("pause")
    assert world.event("approve", 1).status == 200
    assert world.status() == "paused"
    world.command("resume")
    world.clock.advance(1)
    assert world.status() == "complete"


def test_events_to_a_paused_instance_are_kept(world):
    def code(ctx):
        return (yield Wait("approval", "approve"))

    world.flow(code)
    world.start()
    world.clock.advance(1)
    world.command("pause")
    world.event("approve", "yes")
    assert step(world.detail(), "approval-1")["finished"] is False
    world.command("resume")
    assert world.after(1)["output"] == '"yes"'


def test_what_has_no_effect_is_accepted_and_what_is_wrong_refused(world):
    world.flow(nap_and_work)
    world.start()
    assert world.command("pause").json()["result"]["status"] == "queued"
    assert world.command("resume").json()["result"]["status"] == "queued"
    world.clock.advance(1)
    assert world.command("resume").status == 400
    world.command("pause")
    assert world.command("pause").json()["result"]["status"] == "waitingForPause"
    world.clock.advance(20)
    assert world.command("pause").json()["result"]["status"] == "paused"
    world.command("terminate")
    assert world.command("pause").status == 400
    assert world.command("resume").status == 400


# --- terminate and rollback ---


@pytest.mark.parametrize("moment", [0, 1, 15])
def test_terminate_ends_any_instance_at_once(world, moment):
    world.flow(nap_and_work)
    world.start()
    world.clock.advance(moment)
    assert world.command("terminate").json()["result"]["status"] == "terminated"
    done = world.detail()
    assert done["status"] == "terminated"
    assert done["success"] is False
    assert done["error"] is None
    assert done["steps"][-1] == {"type": "termination", "trigger": {"source": "api"}}
    assert world.after(600)["steps"] == done["steps"]


def test_terminate_on_a_finished_instance_is_refused(world):
    world.flow(nap_and_work)
    world.start()
    world.command("terminate")
    answer = world.command("terminate")
    assert error(answer) == (400, 10401)
    assert answer.json()["errors"][0]["message"] == code_of("instance.cannot_terminate")


def test_a_failure_rolls_back_in_reverse_order(world):
    world.flow(saga)
    world.start()
    world.clock.advance(5)
    assert world.status() == "rollingBack"
    assert world.detail()["rollback"] is None
    done = world.after(10)
    assert done["status"] == "errored"
    assert done["error"]["name"] == "CardError"
    assert done["rollback"] == {"outcome": "complete", "error": None}
    rolled = [entry for entry in done["steps"] if entry["type"] == "rollback"]
    assert [entry["name"] for entry in rolled] == ["hotel", "flight"]
    assert rolled[0]["end"] <= rolled[1]["start"]
    assert done["step_count"] == 4


def test_a_rollback_that_fails_says_so(world):
    world.flow(saga)
    world.start(params={"broken_undo": True})
    done = world.after(30)
    assert done["status"] == "errored"
    assert done["rollback"] == {
        "outcome": "failed",
        "error": {"name": "RefundError", "message": "no"},
    }
    rolled = [entry for entry in done["steps"] if entry["type"] == "rollback"]
    assert [len(entry["attempts"]) for entry in rolled] == [2]


def test_terminate_with_rollback_runs_the_handlers_first(world):
    world.flow(saga)
    world.start()
    world.clock.advance(2.5)
    answer = world.command("terminate", rollback=True)
    assert answer.json()["result"]["status"] == "rollingBack"
    done = world.after(10)
    assert done["status"] == "terminated"
    assert done["rollback"]["outcome"] == "complete"
    assert names(done)[-2:] == ["hotel", "flight"]


def test_terminate_without_rollback_runs_no_handler(world):
    world.flow(saga)
    world.start()
    world.clock.advance(2.5)
    world.command("terminate")
    assert world.after(10)["rollback"] is None


def test_a_rolling_back_instance_refuses_restart_and_events(world):
    world.flow(saga)
    world.start()
    world.clock.advance(5)
    assert world.command("restart").status == 409
    assert world.command("pause").status == 400
    assert world.event("x", 1).status == 400


# --- restart ---


def test_a_full_restart_erases_the_history_and_keeps_the_version(world):
    world.flow(nap_and_work)
    world.start(params={"kept": True})
    before = world.after(15)
    world.flow(nap_and_work)
    assert world.command("restart").json()["result"]["status"] == "queued"
    assert world.detail()["steps"] == []
    after = world.after(5)
    assert names(after) == ["work-1"]
    assert after["params"] == {"kept": True}
    assert after["versionId"] == before["versionId"]
    assert after["start"] > before["start"]
    row = world.call("GET", "/instances").json()["result"][0]
    assert row["created_on"] == before["queued"]


def test_a_finished_instance_can_be_restarted(world):
    world.flow(nap_and_work)
    world.start()
    assert world.after(100)["status"] == "complete"
    world.command("restart")
    assert world.status() == "queued"
    assert world.after(100)["status"] == "complete"


def test_restart_from_a_step_keeps_what_was_before(world):
    def code(ctx):
        for _ in range(3):
            yield Do("part", ms=1_000, output=ctx.run_number)
        yield Sleep("part", 1_000)

    world.flow(code)
    world.start()
    before = world.after(10)["steps"]
    answer = world.command("restart", **{"from": {"name": "part", "count": 2}})
    assert answer.status == 200
    assert world.detail()["steps"] == before[:1]
    after = world.after(20)["steps"]
    assert after[0] == before[0]
    assert after[1]["start"] > before[-1]["end"]
    assert [entry["output"] for entry in after[:3]] == ["1", "2", "2"]
    assert world.command("restart", **{"from": {"name": "part", "type": "sleep"}}).status == 200
    again = world.after(20)["steps"]
    assert again[:3] == after[:3]
    assert again[3]["start"] > after[3]["start"]


def test_restart_from_a_step_drops_unread_events(world):
    def code(ctx):
        yield Do("first", ms=100)
        return (yield Wait("approval", "approve"))

    world.flow(code)
    world.start()
    world.clock.advance(1)
    world.event("approve", "one")
    world.clock.advance(1)
    world.command("restart", **{"from": {"name": "approval", "type": "waitForEvent"}})
    world.clock.advance(1)
    assert world.status() == "waiting"
    world.event("approve", "two")
    assert world.after(1)["output"] == '"two"'


def test_restart_from_a_step_that_never_ran_is_a_conflict(world):
    world.flow(nap_and_work)
    world.start()
    before = world.after(15)
    for start in ({"name": "nope"}, {"name": "work", "count": 2}, {"name": "nap"}):
        assert world.command("restart", **{"from": start}).status == 409
    assert world.detail()["steps"] == before["steps"]


# --- delete ---


@pytest.mark.parametrize("moment", [0, 5, 20, 100])
def test_a_deleted_instance_is_gone_and_its_id_free(world, moment):
    world.flow(nap_and_work)
    world.start()
    world.clock.advance(moment)
    answer = world.call("DELETE", "/instances/one")
    assert answer.json()["result"]["instanceId"] == "one"
    assert error(world.call("GET", "/instances/one")) == (404, 10400)
    assert error(world.call("DELETE", "/instances/one")) == (404, 10400)
    assert world.call("POST", "/instances", json={"instance_id": "one"}).status == 200
