from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from workflows_ui.cloudflare import Attempt, Failure, StepConfig, StepEntry
from workflows_ui.presenters.status import LOOKS, TONES, look_of
from workflows_ui.presenters.steps import milliseconds, next_try, step_line, step_status

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FAILED = Attempt(start=NOON, end=NOON, success=False, error=Failure(name="Error", message="no"))
TIMED_OUT = Failure(name="WorkflowTimeoutError", message="")


def retrying(attempts: int, **config) -> StepEntry:
    defaults = {"retries_limit": 5, "retries_delay": 1_000, "retries_backoff": "exponential"}
    return StepEntry(
        type="step",
        name="charge-1",
        start=NOON,
        config=StepConfig(**{**defaults, **config}),
        attempts=(FAILED,) * attempts,
    )


@pytest.mark.parametrize(
    ("backoff", "attempts", "seconds"),
    [
        ("constant", 3, 1),
        ("linear", 3, 3),
        ("exponential", 1, 1),
        ("exponential", 3, 4),
        (None, 2, 1),
    ],
)
def test_the_next_try_follows_the_retry_policy(backoff, attempts, seconds):
    entry = retrying(attempts, retries_backoff=backoff)
    assert next_try(entry) == NOON + timedelta(seconds=seconds)


def test_a_delay_may_be_a_text():
    assert next_try(retrying(1, retries_delay="10 seconds")) == NOON + timedelta(seconds=10)


@pytest.mark.parametrize("delay", ["[dynamic]", "soon", None])
def test_no_next_try_is_shown_when_it_cannot_be_known(delay):
    assert next_try(retrying(1, retries_delay=delay)) is None


def test_a_giant_delay_does_not_overflow():
    assert next_try(retrying(40, retries_delay="365 days")) is not None
    assert milliseconds(10**300) == 1e300


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        (StepEntry(type="step", success=True), "complete"),
        (StepEntry(type="step", success=False), "errored"),
        (StepEntry(type="step"), "running"),
        (retrying(1), "waiting"),
        (StepEntry(type="sleep", finished=False), "waiting"),
        (StepEntry(type="sleep", finished=True), "complete"),
        (StepEntry(type="waitForEvent", finished=True, error=TIMED_OUT), "errored"),
        (StepEntry(type="rollback", success=True), "complete"),
        (StepEntry(type="termination"), "terminated"),
    ],
)
def test_a_step_has_the_status_the_api_would_give_it(entry, status):
    assert step_status(entry) == status


def test_what_was_open_when_the_instance_ended_was_stopped_with_it():
    assert step_status(StepEntry(type="sleep", finished=False), instance_over=True) == "terminated"
    assert step_status(StepEntry(type="step"), instance_over=True) == "terminated"


def test_an_output_that_holds_json_is_shown_as_what_it_holds():
    assert step_line(StepEntry(type="step", output='{"a": 1}'), 1).output == {"a": 1}
    assert step_line(StepEntry(type="step", output="just text"), 1).output == "just text"
    assert step_line(StepEntry(type="step", output="{broken"), 1).output == "{broken"


def test_truncated_and_binary_outputs_can_be_fetched_whole():
    cut = step_line(StepEntry(type="step", output="x" * 1024 + "[truncated output]"), 1)
    stream = step_line(StepEntry(type="step", output="[ReadableStream (binary): 9 bytes]"), 1)
    whole = step_line(StepEntry(type="step", output="x"), 1)
    assert (cut.fetchable, stream.fetchable, whole.fetchable) == (True, True, False)
    assert stream.binary


def test_the_counter_is_told_apart_from_the_name():
    second = step_line(StepEntry(type="step", name="fetch-data-2"), 1)
    assert (second.name, second.counter) == ("fetch-data", "2")
    rollback = step_line(StepEntry(type="rollback", name="undo-2"), 1)
    assert (rollback.name, rollback.counter) == ("undo-2", "")


def test_every_status_has_a_tone_and_a_shape_of_its_own():
    assert all(look.tone in TONES for look in LOOKS.values())
    assert len({look.icon for look in LOOKS.values()}) == len(LOOKS) == 9


def test_a_status_nobody_knows_is_shown_as_it_came():
    look = look_of("hibernating")
    assert (look.label, look.icon, look.live) == ("hibernating", "status-unknown", True)
