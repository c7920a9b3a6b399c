"""Answers on a real cache server, as two processes see them."""

from __future__ import annotations

import pickle
import threading
import time
import zlib
from datetime import UTC, datetime

import pytest
from dogpile.cache import make_region
from dogpile.cache.api import NO_VALUE

from console.cache_server import cache_server
from workflows_ui import cloudflare as cf
from workflows_ui.queries.answers import FORGOTTEN, LARGEST_KEPT, MARK, Failed, Kept
from workflows_ui.queries.sealing import DoesNotOpen, bound_to, cipher, open_sealed

SECRET = "the payload of somebody"


@pytest.fixture
def process(on_redis):
    """Makes regions that share nothing but the server."""

    def make():
        return make_region().configure("console.shared", arguments={"server": cache_server()})

    return make


def detail(output: object = SECRET) -> Kept:
    raw = {
        "status": "complete",
        "output": output,
        "queued": "2026-01-01T00:00:00Z",
        "steps": [{"type": "step", "name": "one-1", "output": output, "success": True}],
    }
    return Kept(datetime.now(UTC), cf.parse_detail(raw), 300)


def name(key: str) -> str:
    return f"{cache_server().prefix}:answer:{key}"


def test_an_answer_is_there_for_the_other_process(process):
    one, other = process(), process()
    kept = detail()
    one.set("x", kept)
    found = other.get("x")
    assert found == kept
    assert found.value.steps[0].output == SECRET
    assert other.get("x") is found  # not fetched again


def test_a_failure_is_there_with_all_that_it_says(process):
    error = cf.RateLimited("slow", status=429, code=971, retry_after=9, ray_id="8f-FRA")
    process().set("x!", Failed(datetime.now(UTC), error))
    found = process().get("x!").error
    assert (type(found), found.message, found.status) == (cf.RateLimited, "slow", 429)
    assert (found.code, found.retry_after, found.ray_id) == (971, 9, "8f-FRA")


def test_a_newer_answer_takes_the_place_of_the_one_at_hand(process):
    one, other = process(), process()
    one.set("x", detail("old"))
    other.get("x")
    one.set("x", detail("new"))
    assert other.get("x").value.output == "new"


def test_what_one_forgets_no_other_shows(process):
    one, other = process(), process()
    one.set("x", detail())
    other.get("x")
    one.delete("x")
    assert other.get("x") is NO_VALUE
    assert one.get("x") is NO_VALUE


def test_the_server_killed_and_back_empty(process, on_redis):
    one, other = process(), process()
    one.set("x", detail("before"))
    other.get("x")
    on_redis.kill()
    assert other.get("x").value.output == "before"
    one.set("x", detail("meanwhile"))
    assert (one.get("x").value.output, other.get("x").value.output) == ("meanwhile", "before")
    on_redis.start()
    time.sleep(0.3)
    assert one.get("x").value.output == "meanwhile"
    one.set("x", detail("after"))
    assert other.get("x").value.output == "after"


def test_the_newer_of_two_is_shown_when_the_server_was_only_out_of_reach(process, monkeypatch):
    one, other = process(), process()
    one.set("x", detail("old"))
    with monkeypatch.context() as patch:
        patch.setattr(cache_server(), "_away_until", time.monotonic() + 60)
        other.set("x", detail("newer"))
    assert other.get("x").value.output == "newer"


def test_nobody_else_can_read_what_lies_there(process, on_redis):
    process().set("x", detail(SECRET * 50))
    lying = on_redis.client.get(name("x"))
    assert SECRET.encode() not in lying
    assert b"complete" not in lying


def test_an_answer_copied_to_another_token_does_not_open(process, on_redis):
    process().set("t1.1:x", detail())
    on_redis.client.set(name("t2.2:x"), on_redis.client.get(name("t1.1:x")))
    assert process().get("t2.2:x") is NO_VALUE


@pytest.mark.parametrize("lying", [b"x", b"\x80\x05}.", b"y" * 400])
def test_rubbish_is_no_answer(process, on_redis, lying):
    on_redis.client.set(name("x"), lying)
    assert process().get("x") is NO_VALUE


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("code of another ran here",))


def test_even_under_our_own_seal_only_our_types_are_made(process):
    mark, packed = b"m" * MARK, zlib.compress(pickle.dumps(Trap()))
    sealed = mark + cipher().encrypt(mark, packed, bound_to("x"))
    with pytest.raises(DoesNotOpen):
        open_sealed(sealed, mark=MARK, name="x")


def test_too_large_and_too_deep_stay_in_the_process(process, on_redis):
    one, deep = process(), []
    for _ in range(100_000):
        deep = [deep]
    one.set("large", Kept(datetime.now(UTC), "x", LARGEST_KEPT))
    one.set("deep", Kept(datetime.now(UTC), deep, 10))
    assert one.get("deep") is not NO_VALUE
    assert not list(on_redis.client.scan_iter())


def test_nothing_stays_there_for_long(process, on_redis):
    one = process()
    one.set("x", detail())
    one.delete("y")
    assert on_redis.client.get(name("y")) == FORGOTTEN
    assert all(0 < on_redis.client.ttl(key) <= 3600 for key in on_redis.client.scan_iter())


def test_one_flight_among_all_processes(process):
    one, other = (process().backend.get_mutex("x") for _ in range(2))
    assert one.acquire(False)
    assert not other.acquire(False)
    waiting = threading.Thread(target=other.acquire)
    waiting.start()
    one.release()
    waiting.join(5)
    assert not waiting.is_alive()
    assert not one.acquire(False)
    other.release()


def test_a_flight_that_outlives_the_server_ends_well(process, on_redis):
    one, other = (process().backend.get_mutex("x") for _ in range(2))
    one.acquire()
    on_redis.kill()
    assert other.acquire()  # without the server each process has its own
    one.release()
    other.release()
    on_redis.start()
    time.sleep(0.3)
    assert one.acquire(False)
    one.release()
