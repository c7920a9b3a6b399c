"""Django's cache on a real cache server, and on none while it is away."""

from __future__ import annotations

import pickle
import time

import pytest
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache

from console import cache_server
from tests.test_settings import start


@pytest.fixture
def shared(on_redis):
    return caches["default"]


def test_counts_and_lists_come_back_as_they_were(shared, redis):
    shared.set("history", [1.5, 2.5], 60)
    assert shared.get("history") == [1.5, 2.5]
    assert shared.add("count", 1, 60)
    assert not shared.add("count", 1, 60)
    assert shared.incr("count") == 2
    assert shared.get_many(["history", "count", "none"]) == {"history": [1.5, 2.5], "count": 2}
    assert all(key.startswith(b"console:") for key in redis.client.scan_iter())


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("code of another ran here",))


def test_what_somebody_else_wrote_there_runs_no_code(shared, redis):
    shared.set("x", "good", 60)
    [key] = redis.client.keys()
    redis.client.set(key, pickle.dumps(Trap()))
    with pytest.raises(ValueError, match=r".*"):
        shared.get("x")


def test_while_the_server_is_away_the_process_counts_for_itself(shared, redis, caplog, monkeypatch):
    # on a busy machine a fifth of a second is over before the next line
    monkeypatch.setattr(cache_server, "AWAY_SECONDS", 60)
    shared.set("x", "there", 60)
    redis.kill()
    assert shared.get("x") is None
    assert shared.add("attempts", 1, 60)
    assert not shared.add("attempts", 1, 60)
    redis.start()
    server = cache_server.server_at(redis.url)
    monkeypatch.setattr(server, "_away_until", time.monotonic())
    shared.set("x", "back", 60)
    assert shared.get("x") == "back"
    told = [record.message for record in caplog.records]
    assert told == ["cache_server_away error=ConnectionError", "cache_server_back"]


def test_without_the_server_a_flood_takes_no_count_away(shared, redis):
    redis.kill()
    shared.set("wrong-passwords", 5, 60)
    for number in range(400):
        shared.set(f"other-{number}", 1, 60)
    assert shared.get("wrong-passwords") == 5


def test_a_hung_server_costs_half_a_second_once(shared, redis, monkeypatch):
    monkeypatch.setattr(cache_server, "AWAY_SECONDS", 60)
    redis.client.client_pause(1500, all=True)
    began = time.monotonic()
    for _ in range(20):
        shared.get("x")
    assert time.monotonic() - began < 2
    redis.client.ping()  # it answers when the pause is over


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("redis://:secret@cache:6379/0", "redis://:secret@cache:6379/0"),
        ("valkeys://cache:6379", "rediss://cache:6379"),
        ("", ""),
    ],
)
def test_the_address_of_the_server(tmp_path, url, taken):
    code = "from console import settings as s; print(repr(s.CACHE_URL))"
    assert start(tmp_path, "-c", code, CACHE_URL=url).stdout.strip() == repr(taken)


def test_another_kind_of_address_is_refused_without_showing_it(tmp_path):
    refused = start(tmp_path, CACHE_URL="memcached://user:secret@cache")
    assert refused.returncode != 0
    assert "CACHE_URL must be like" in refused.stderr
    assert "user:secret" not in refused.stderr


def test_without_an_address_all_stays_in_memory():
    assert cache_server.cache_server() is None
    assert isinstance(caches["default"], LocMemCache)
