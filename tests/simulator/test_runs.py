"""Steps, retries, sleeps, waits and parallel branches of one run."""

from __future__ import annotations

import itertools
from datetime import datetime

import pytest

from tests.simulator.world import names, step
from workflows_ui.simulator.ops import Config, Do, Failure, Parallel, Sleep, StepFailed, Wait


def seconds(entry, start="start", end="end"):
    return (
        datetime.fromisoformat(entry[end]) - datetime.fromisoformat(entry[start])
    ).total_seconds()


def test_a_run_goes_from_queued_over_running_to_complete(world):
    def code(ctx):
        first = yield Do("first", ms=1_000, output={"n": 1})
        return first

    world.flow(code)
    world.start()
    assert world.status() == "queued"
    assert world.detail()["start"] is None
    world.clock.advance(0.5)
    assert world.status() == "running"
    assert world.detail()["success"] is None
    done = world.after(1)
    assert world.status() == "complete"
    assert done["success"] is True
    assert done["output"] == '{"n":1}'
    assert done["end"] == "2026-11-24T09:00:01.150Z"
    assert done["steps"][0]["output"] == '{"n":1}'


def test_a_sleeping_run_waits_and_shows_the_planned_end(world):
    def code(ctx):
        yield Sleep("nap", 60_000)
        yield Do("after", ms=1_000)

    world.flow(code)
    world.start()
    world.clock.advance(10)
    assert world.status() == "waiting"
    nap = step(world.detail(), "nap-1")
    assert nap["finished"] is False
    assert nap["end"] == "2026-11-24T09:01:00.150Z"
    assert nap["error"] is None
    world.clock.advance(51)
    assert world.status() == "running"
    assert step(world.detail(), "nap-1")["finished"] is True


@pytest.mark.parametrize(
    ("backoff", "gaps"),
    [("constant", [2, 2, 2]), ("linear", [2, 4, 6]), ("exponential", [2, 4, 8])],
)
def test_retries_are_spaced_by_their_backoff(world, backoff, gaps):
    config = Config(limit=3, delay="2 seconds", backoff=backoff)

    def code(ctx):
        yield Do("fragile", ms=100, config=config, fails=99, failure=Failure("Error", "no"))

    world.flow(code)
    world.start()
    done = world.after(60)
    assert done["status"] == "errored"
    assert done["error"] == {"name": "Error", "message": "no"}
    assert done["output"] is None
    attempts = done["steps"][0]["attempts"]
    assert len(attempts) == 4
    found = [
        seconds({"start": before["end"], "end": after["start"]})
        for before, after in itertools.pairwise(attempts)
    ]
    assert found == gaps


def test_between_attempts_a_run_waits_with_success_null(world):
    def code(ctx):
        yield Do("fragile", ms=100, fails=1, config=Config(delay="30 seconds"), output=7)
        return 7

    world.flow(code)
    world.start()
    world.clock.advance(5)
    assert world.status() == "waiting"
    entry = step(world.detail(), "fragile-1")
    assert entry["success"] is None
    assert entry["end"] is None
    assert entry["attempts"][-1]["success"] is False
    answer = world.call("GET", "/instances/one/step", name="fragile-1", type="step")
    assert answer.json()["result"] == {
        "status": "running",
        "error": {"name": "Error", "message": "step failed"},
        "output": None,
    }
    done = world.after(30)
    assert done["success"] is True
    assert done["output"] == 7


def test_a_non_retryable_error_is_not_tried_again(world):
    def code(ctx):
        yield Do("fatal", ms=100, fails=9, failure=Failure("NonRetryableError", "never"))

    world.flow(code)
    world.start()
    done = world.after(1)
    assert done["status"] == "errored"
    assert len(done["steps"][0]["attempts"]) == 1


def test_an_attempt_that_takes_too_long_times_out(world):
    def code(ctx):
        yield Do("slow", ms=60_000, config=Config(limit=0, timeout="10 seconds"))

    world.flow(code)
    world.start()
    done = world.after(20)
    assert done["error"] == {
        "name": "WorkflowTimeoutError",
        "message": "Execution timed out after 10000ms",
    }


def test_a_caught_failure_lets_the_run_go_on(world):
    def code(ctx):
        try:
            yield Do("risky", ms=100, fails=9, config=Config(limit=0))
        except StepFailed:
            yield Do("repair", ms=100)
        return "repaired"

    world.flow(code)
    world.start()
    done = world.after(5)
    assert done["status"] == "complete"
    assert done["output"] == '"repaired"'
    assert [entry["success"] for entry in done["steps"]] == [False, True]


def test_counters_count_each_name_and_kind_apart(world):
    def code(ctx):
        for _ in range(2):
            yield Do("a", ms=10)
            yield Sleep("a", 10)

    world.flow(code)
    world.start()
    done = world.after(5)
    assert names(done) == ["a-1", "a-1", "a-2", "a-2"]
    assert [entry["type"] for entry in done["steps"]] == ["step", "sleep"] * 2
    assert done["step_count"] == 4


def test_parallel_steps_overlap_and_are_joined(world):
    def one(name, ms):
        return (yield Do(name, ms=ms, output=name))

    def code(ctx):
        return (yield Parallel([one("x", 1_000), one("y", 3_000)]))

    world.flow(code)
    world.start()
    world.clock.advance(2)
    assert [entry["success"] for entry in world.detail()["steps"]] == [True, None]
    done = world.after(3)
    assert done["output"] == '["x","y"]'
    assert done["end"] == "2026-11-24T09:00:03.150Z"


@pytest.mark.parametrize(
    ("kind", "output", "end"),
    [
        ("race", '"quick"', "01.150"),
        ("any", '"quick"', "01.150"),
        ("all_settled", '["quick","slow"]', "05.150"),
    ],
)
def test_the_relatives_of_promise_all_end_in_their_own_way(world, kind, output, end):
    def one(name, ms):
        return (yield Do(name, ms=ms, output=name))

    def code(ctx):
        return (yield Parallel([one("quick", 1_000), one("slow", 5_000)], kind))

    world.flow(code)
    world.start()
    done = world.after(10)
    assert done["output"] == output
    assert done["end"] == f"2026-11-24T09:00:{end}Z"


def test_one_failure_fails_promise_all(world):
    def bad():
        yield Do("bad", ms=100, fails=9, config=Config(limit=0))

    def good():
        yield Do("good", ms=60_000)

    def code(ctx):
        yield Parallel([good(), bad()])

    world.flow(code)
    world.start()
    done = world.after(5)
    assert done["status"] == "errored"
    assert step(done, "good-1")["success"] is None


def test_an_event_sent_early_is_kept_and_delivered_first_in_first_out(world):
    def code(ctx):
        yield Sleep("nap", 5_000)
        first = yield Wait("first", "go")
        second = yield Wait("second", "go")
        return [first, second]

    world.flow(code)
    world.start()
    for number in (1, 2):
        assert world.event("go", {"n": number}).status == 200
    assert world.event("other", 1).status == 200
    done = world.after(10)
    assert done["output"] == '[{"n":1},{"n":2}]'
    assert step(done, "first-1")["event_type"] == "go"
    assert step(done, "first-1")["output"] == '{"n":1}'


def test_an_event_goes_to_the_oldest_waiter_of_its_type(world):
    def one(name):
        return (yield Wait(name, "go"))

    def code(ctx):
        return (yield Parallel([one("old"), one("young")]))

    world.flow(code)
    world.start()
    world.clock.advance(1)
    assert world.status() == "waiting"
    assert world.event("go", "a").status == 200
    assert step(world.detail(), "old-1")["finished"] is True
    assert step(world.detail(), "young-1")["finished"] is False
    assert "output" not in step(world.detail(), "young-1")


def test_a_wait_without_event_times_out(world):
    def code(ctx):
        yield Wait("approval", "approve", "1 hour")

    world.flow(code)
    world.start()
    world.clock.advance(3_599)
    assert world.status() == "waiting"
    assert step(world.detail(), "approval-1")["end"] == "2026-11-24T10:00:00.150Z"
    done = world.after(2)
    assert done["status"] == "errored"
    assert done["error"]["name"] == "WorkflowTimeoutError"
    assert step(done, "approval-1")["error"]["message"] == "Execution timed out after 3600000ms"


def test_code_that_stumbles_over_its_params_errors(world):
    def code(ctx):
        yield Do("first", ms=10)
        return ctx.params["missing"]

    world.flow(code)
    world.start()
    done = world.after(1)
    assert done["status"] == "errored"
    assert done["error"]["name"] == "TypeError"


def test_too_many_steps_are_fatal(world):
    def code(ctx):
        for _ in range(10):
            yield Do("again", ms=1)

    world.flow(code, step_limit=3)
    world.start()
    done = world.after(1)
    assert done["error"]["name"] == "WorkflowFatalError"
    assert done["error"]["message"].startswith("The limit of 3 steps has been reached.")
    assert done["step_count"] == 3


def test_an_instance_of_ten_thousand_steps_can_be_built(world):
    world.simulator.define("flow")
    world.simulator.start_long("flow", "one", steps=10_000)
    done = world.after(1)
    assert done["status"] == "complete"
    assert done["step_count"] == len(done["steps"]) == 10_000
