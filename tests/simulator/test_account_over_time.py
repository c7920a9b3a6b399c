"""Concurrency, schedules, retention and new versions: what happens by itself."""

from __future__ import annotations

import pytest

from workflows_ui.simulator.clock import DAY, HOUR
from workflows_ui.simulator.definitions import Retention
from workflows_ui.simulator.ops import Config, Do, Sleep


def work(ctx):
    yield Do("work", ms=10_000)


def test_surplus_instances_queue_and_start_in_order_as_others_end(world):
    world.flow(work, concurrency=2)
    for number in range(5):
        world.start(f"i{number}")
        world.clock.advance(0.001)
    world.clock.advance(1)
    assert [row["status"] for row in world.rows()] == ["running"] * 2 + ["queued"] * 3
    world.clock.advance(10)
    assert [row["status"] for row in world.rows()] == ["complete"] * 2 + ["running"] * 2 + [
        "queued"
    ]
    assert world.rows()[2]["started_on"] == world.rows()[0]["ended_on"]
    world.clock.advance(100)
    assert {row["status"] for row in world.rows()} == {"complete"}


def test_a_waiting_instance_gives_its_slot_away_and_queues_for_it_again(world):
    def code(ctx):
        if ctx.instance_id == "sleeper":
            yield Sleep("nap", 5_000)
        yield Do("work", ms=20_000)

    world.flow(code, concurrency=1)
    world.start("sleeper")
    world.clock.advance(0.001)
    world.start("worker")
    world.clock.advance(1)
    assert world.status("sleeper") == "waiting"
    assert world.status("worker") == "running"
    world.clock.advance(6)
    assert world.status("sleeper") == "queued"
    world.clock.advance(15)
    assert world.status("sleeper") == "running"


@pytest.mark.parametrize("act", ["terminate", "pause", "delete"])
def test_a_slot_becomes_free_however_its_holder_leaves(world, act):
    world.flow(work, concurrency=1)
    world.start("first")
    world.clock.advance(0.001)
    world.start("second")
    world.clock.advance(1)
    assert world.status("second") == "queued"
    world.clock.advance(4)
    at = "2026-11-24T09:00:10.150Z" if act == "pause" else "2026-11-24T09:00:05.001Z"
    if act == "delete":
        world.call("DELETE", "/instances/first")
    else:
        world.command(act, "first")
    world.clock.advance(10)
    assert world.status("second") != "queued"
    assert world.detail("second")["start"] == at


def test_a_queued_instance_can_be_terminated(world):
    world.flow(work, concurrency=1)
    for name in ("first", "second", "third"):
        world.start(name)
        world.clock.advance(0.001)
    world.clock.advance(1)
    world.command("terminate", "second")
    world.clock.advance(10)
    assert world.status("second") == "terminated"
    assert world.status("third") == "running"


def test_a_greater_limit_lets_the_queue_go(world):
    world.flow(work, concurrency=1)
    for name in ("first", "second"):
        world.start(name)
        world.clock.advance(0.001)
    world.clock.advance(1)
    world.flow(work, concurrency=3)
    world.clock.advance(1)
    assert world.status("second") == "running"


def test_a_schedule_fires_as_time_passes(world):
    world.flow(work, schedules=["*/30 * * * *"])
    world.clock.advance(3 * 3600)
    found = world.rows()
    assert len(found) == 5  # 09:30 to 11:30; the one of 12:00 is 120 ms away
    assert found[0]["id"].startswith("*/30 * * * *-")
    assert found[0]["trigger_source"] == "cron"
    detail = world.detail(found[0]["id"].replace(" ", "%20").replace("/", "%2F"))
    assert detail["schedule"] == {"cron": "*/30 * * * *", "scheduledTime": 1795512600000}
    assert detail["queued"] == "2026-11-24T09:30:00.120Z"
    assert detail["status"] == "complete"
    [schedule] = world.call("GET", "").json()["result"]["schedules"]
    assert schedule["cron"] == "*/30 * * * *"
    assert schedule["next_instance"] == "2026-11-24T12:00:00.000Z"


def test_cron_runs_take_no_slot(world):
    def code(ctx):
        yield Do("work", ms=HOUR, config=Config(timeout="2 hours"))

    world.flow(code, concurrency=1, schedules=["*/10 * * * *"])
    world.clock.advance(45 * 60)
    assert [row["status"] for row in world.rows()] == ["running"] * 4


def test_finished_instances_disappear_when_their_retention_ends(world):
    def code(ctx):
        yield Do("work", ms=1_000, fails=9 if ctx.params else 0, config=Config(limit=0))

    world.flow(code, retention=Retention(success=DAY, error=2 * DAY))
    world.start("good")
    world.start("bad", params={"fail": True})
    world.start("ended")
    world.command("terminate", "ended")
    world.start("long kept", retention=Retention(success=5 * DAY))
    world.clock.advance(24 * 3600)
    assert {row["id"] for row in world.rows()} == {"good", "bad", "long kept"}
    world.clock.advance(2)
    assert {row["id"] for row in world.rows()} == {"bad", "long kept"}
    answer = world.call("GET", "/instances/good")
    assert (answer.status, answer.json()["errors"][0]["code"]) == (404, 10400)
    world.clock.advance(2 * 24 * 3600)
    assert [row["id"] for row in world.rows()] == ["long kept"]


def test_unfinished_instances_do_not_expire(world):
    def code(ctx):
        yield Sleep("year", 300 * DAY)

    world.flow(code, retention=Retention(success=DAY, error=DAY))
    world.start()
    world.clock.advance(100 * 24 * 3600)
    assert world.status() == "waiting"


def test_a_new_version_is_used_by_instances_created_after_it(world):
    world.flow(work)
    world.start("old")
    world.clock.advance(1)
    world.flow(work)
    world.start("new")
    assert world.detail("old")["versionId"] != world.detail("new")["versionId"]
    versions = world.call("GET", "/versions").json()["result"]
    assert versions[0]["id"] == world.detail("new")["versionId"]
