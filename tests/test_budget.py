"""What each token has left, and what is not sent when it is gone."""

from __future__ import annotations

import uuid

import pytest

from workflows_ui import cloudflare as cf
from workflows_ui.budget import (
    CALLS,
    SAMPLER,
    WALL,
    Meter,
    budget_of,
    count,
    may_read_in_background,
    ours,
    used,
)


@pytest.fixture
def reader() -> str:
    return f"t{uuid.uuid4()}"


@pytest.fixture
def meter(reader) -> Meter:
    return Meter(reader=reader, person=7)


def record(path: str = "/accounts/a/workflows", **values) -> cf.CallRecord:
    return cf.CallRecord(**{"method": "GET", "path": path, "status": 200, "seconds": 0} | values)


def test_every_call_counts_by_area_and_person(reader, meter):
    for path in ("", "/shop", "/shop/instances", "/shop/instances/one/step", "/shop/versions/1"):
        meter.after(record(f"/accounts/a/workflows{path}"))
    meter.after(record("/user/tokens/verify"))
    meter.after(record("/accounts/a/workflows/shop/instances", method="POST"))
    areas = ("workflows", "lists", "instances", "versions", "connection", "acts")
    assert [used(reader, area) for area in areas] == [2, 1, 1, 1, 1, 1]
    assert (used(reader), used(reader, "person-7"), used(reader, "person-8")) == (7, 7, 0)


@pytest.mark.parametrize(("who", "part"), [(SAMPLER, "sampling"), (WALL, "walls")])
def test_what_looks_by_itself_counts_as_a_use_of_its_own(reader, who, part):
    meter = Meter(reader=reader, person=who)
    meter.after(record())
    meter.after(record("/accounts/a/workflows/shop/instances"))
    assert (used(reader), used(reader, part)) == (2, 2)
    for other in ("workflows", "lists", f"person-{who}"):
        assert used(reader, other) == 0


def test_a_workflow_may_be_named_like_a_route(reader, meter):
    meter.after(record("/accounts/a/workflows/instances"))
    assert used(reader, "workflows") == 1


def test_calls_age_out_after_five_minutes(reader, meter, time_machine):
    time_machine.move_to("2026-01-01T00:00:00Z", tick=False)
    meter.after(record())
    time_machine.shift(299)
    assert budget_of(reader).used == 1
    time_machine.shift(2)
    assert budget_of(reader).used == 0


@pytest.mark.parametrize(
    ("calls", "stretch", "background"), [(0, 1, True), (601, 2, False), (901, 4, False)]
)
def test_reads_slow_down_as_the_budget_falls(reader, calls, stretch, background):
    for _ in range(calls):
        count(reader, "")
    assert budget_of(reader).stretch == stretch
    assert may_read_in_background(reader) is background


def test_what_the_api_tells_counts_when_it_is_less(reader, meter):
    meter.after(record(rate=cf.CallRate(remaining=240, reset=120, quota=1200, window=300)))
    budget = budget_of(reader)
    assert (budget.used, budget.told, budget.left, budget.stretch) == (1, 240, 240, 4)
    assert 118 <= budget.told_reset <= 120


def test_another_policy_counts_by_its_share(reader, meter):
    meter.after(record(rate=cf.CallRate(remaining=99, reset=60, quota=100, window=60)))
    assert budget_of(reader).stretch == 1


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        ({"retry_after": 40}, 40),
        ({"rate": cf.CallRate(remaining=0, reset=30)}, 30),
        ({}, 60),
    ],
)
def test_after_a_429_nothing_is_sent_until_the_api_takes_calls(
    reader, meter, time_machine, answer, pause
):
    time_machine.move_to("2026-01-01T00:00:00Z", tick=False)
    meter.before()
    meter.after(record(status=429, **answer))
    with pytest.raises(cf.RateLimited) as refused:
        meter.before()
    assert (refused.value.status, refused.value.retry_after) == (429, pause)
    assert not refused.value.maybe_done
    assert not may_read_in_background(reader)
    Meter(reader=f"{reader}-other", person=7).before()
    time_machine.shift(pause + 1)
    meter.before()


def test_a_later_429_does_not_shorten_the_pause(reader, meter, time_machine):
    time_machine.move_to("2026-01-01T00:00:00Z", tick=False)
    for told, pause in [(300, 300), (1, 300), (400, 400)]:
        meter.after(record(status=429, retry_after=told))
        assert budget_of(reader).pause == pause


def test_what_the_api_tells_counts_for_an_hour_at_most(reader, meter, time_machine):
    time_machine.move_to("2026-01-01T00:00:00Z", tick=False)
    meter.after(record(rate=cf.CallRate(remaining=0, reset=999_999_999), status=429))
    assert (budget_of(reader).told_reset, budget_of(reader).pause) == (3_600, 3_600)
    time_machine.shift(3_601)
    assert (budget_of(reader).told, budget_of(reader).pause) == (None, 0)


def test_a_clock_that_was_ahead_stops_nothing(reader, meter, time_machine):
    time_machine.move_to("2026-01-02T00:00:00Z", tick=False)
    meter.after(record(status=429, retry_after=40))
    time_machine.move_to("2026-01-01T00:00:00Z", tick=False)
    meter.before()
    meter.after(record(status=429, retry_after=30))
    assert budget_of(reader).pause == 30


def test_the_budget_is_the_same_in_all_processes(reader, meter, on_redis):
    meter.after(record(status=429, retry_after=40))
    # what another process knows: nothing of its own
    ours().storage.reset()
    assert budget_of(reader).used == 1
    assert budget_of(reader).pause in (39, 40)


def test_without_the_server_the_process_goes_on_counting(reader, meter, on_redis):
    meter.after(record())
    on_redis.kill()
    meter.after(record())
    assert budget_of(reader).used == 2


def test_more_than_the_budget_is_not_less_than_nothing(reader):
    for _ in range(CALLS + 5):
        count(reader, "")
    assert (budget_of(reader).left, budget_of(reader).share) == (0, 0)
