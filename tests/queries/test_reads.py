from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from unittest.mock import ANY

import pytest
from dogpile.cache.api import CachedValue

from workflows_ui import cloudflare as cf
from workflows_ui.budget import count
from workflows_ui.calls import note
from workflows_ui.queries import reads
from workflows_ui.queries.answers import Failed
from workflows_ui.queries.reads import (
    EVERY_ANSWER,
    Kept,
    LockedAnswers,
    Reading,
    failure_key,
    forget,
    read,
    region,
)


@pytest.fixture(autouse=True)
def _a_busy_machine_is_waited_for(monkeypatch) -> None:
    """An answer that is not held back comes within the patience, however slowly threads start."""
    monkeypatch.setattr(reads, "PATIENCE", 10)


@pytest.fixture
def hasty(monkeypatch) -> None:
    """With an answer at hand a reader waits for no more than a moment, as in life."""
    monkeypatch.setattr(reads, "PATIENCE", 0.5)


@pytest.fixture
def reader() -> str:
    """A token of its own, so that no test sees another's answers."""
    return f"t{uuid.uuid4()}"


class Upstream:
    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.calls = 0

    def __call__(self) -> object:
        self.calls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_fresh_answer_is_not_asked_for_again(reader):
    upstream = Upstream("one", "two")
    assert read(reader, "x", upstream, fresh=60).value == "one"
    assert read(reader, "x", upstream, fresh=60).value == "one"
    assert upstream.calls == 1


def test_each_token_has_answers_of_its_own(reader):
    upstream = Upstream("mine", "yours")
    assert read(reader, "x", upstream, fresh=60).value == "mine"
    assert read(f"{reader}-other", "x", upstream, fresh=60).value == "yours"


@pytest.mark.parametrize(
    "error",
    [cf.TimedOut("slow"), cf.ServerError("500"), cf.RateLimited("429"), cf.BadResponse("html")],
)
def test_passing_trouble_shows_the_last_good_answer_with_its_age(reader, error):
    upstream = Upstream("good", error)
    first = read(reader, "x", upstream, fresh=0)
    second = read(reader, "x", upstream, fresh=0)
    assert (second.value, second.error) == ("good", error)
    assert second.read_at == first.read_at


@pytest.mark.parametrize(
    "error", [cf.Unauthorized("401"), cf.Forbidden("403"), cf.NotFound("404"), cf.Invalid("400")]
)
def test_a_lost_right_or_a_lost_object_is_never_hidden_behind_an_old_answer(reader, error):
    upstream = Upstream("good", error)
    read(reader, "x", upstream, fresh=0)
    with pytest.raises(type(error)):
        read(reader, "x", upstream, fresh=0)


def test_trouble_without_an_older_answer_is_raised(reader):
    with pytest.raises(cf.TimedOut):
        read(reader, "x", Upstream(cf.TimedOut("slow")), fresh=0)


def test_many_at_once_are_one_call(reader):
    release, calls = threading.Event(), []

    def slow() -> str:
        calls.append(1)
        release.wait(10)
        return "answer"

    values: list[str] = []
    threads = [
        threading.Thread(target=lambda: values.append(read(reader, "x", slow, fresh=60).value))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    release.set()
    for thread in threads:
        thread.join(20)
    assert (len(calls), values) == (1, ["answer"] * 20)


def test_a_forgotten_answer_is_read_anew(reader):
    upstream = Upstream("old", "new")
    read(reader, "x", upstream, fresh=60)
    forget(reader, "x")
    assert read(reader, "x", upstream, fresh=60).value == "new"


def answer(weight: int) -> CachedValue:
    return CachedValue(Kept(datetime.now(UTC), "value", weight), {})


def test_the_kept_answers_are_bounded_by_their_weight():
    kept = LockedAnswers(100_000)
    for number in range(10):
        kept[str(number)] = answer(30_000 - EVERY_ANSWER)
    assert sorted(kept) == ["7", "8", "9"]


def test_an_answer_too_large_is_not_kept_and_neither_is_the_one_before():
    kept = LockedAnswers(100_000)
    kept["x"] = answer(10)
    kept["x"] = answer(200_000)
    assert "x" not in kept


def test_an_answer_weighs_what_came_over_the_wire(reader):
    def call() -> str:
        note(cf.CallRecord(method="GET", path="/", status=200, seconds=0, size=5_000))
        return "answer"

    read(reader, "x", call)
    assert region.get(f"{reader}:x").weight == 5_000


class Slow(Upstream):
    """Answers when it is let."""

    def __init__(self, *answers: object) -> None:
        super().__init__(*answers)
        self.let = threading.Event()

    def __call__(self) -> object:
        self.let.wait(10)
        return super().__call__()


def landed(reader: str) -> None:
    """Waits until what is read anew in the background has come in and is kept, or not."""
    flight = region._mutex(f"{reader}:x")
    flight.acquire()
    flight.release()


def seconds(action) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def aged(reader: str, by: float) -> None:
    """Makes the kept answer so many seconds older."""
    cached = region.backend._cache[f"{reader}:x"]
    old = cached.payload.read_at - timedelta(seconds=by)
    moved = Kept(old, cached.payload.value, cached.payload.weight)
    region.backend._cache[f"{reader}:x"] = CachedValue(
        moved, {"ct": cached.metadata["ct"] - by, "v": 2}
    )


@pytest.mark.usefixtures("hasty")
def test_while_one_reads_anew_the_others_see_the_last_answer_at_once(reader, monkeypatch):
    read(reader, "x", Upstream("old"))
    aged(reader, 5)
    slow = Slow("new")
    assert seconds(lambda: read(reader, "x", slow)) < 2  # it waits a moment, then shows the old
    # whoever waited now would do so for much longer than a busy machine takes for all of them
    monkeypatch.setattr(reads, "PATIENCE", 8)
    monkeypatch.setattr(reads, "LONG_PATIENCE", 8)
    waits = [seconds(lambda: read(reader, "x", Upstream("another call"))) for _ in range(20)]
    assert max(waits) < 2
    assert read(reader, "x", slow).value == "old"
    slow.let.set()
    landed(reader)
    assert (read(reader, "x", slow).value, slow.calls) == ("new", 1)


def test_who_is_chosen_as_another_comes_back_makes_no_call_more(reader):
    upstream = Upstream("first", "second")
    late, flight = reads.Flight(f"{reader}:x", upstream), threading.Lock()
    read(reader, "x", upstream)
    flight.acquire()
    assert late.renew(flight).value == "first"
    assert upstream.calls == 1
    assert not flight.locked()


def test_a_quick_answer_is_there_at_once(reader):
    read(reader, "x", Upstream("old"))
    aged(reader, 5)
    assert read(reader, "x", Upstream("new")).value == "new"


def test_an_old_answer_is_waited_for_and_then_shown_with_a_word(reader, monkeypatch):
    monkeypatch.setattr(reads, "LONG_PATIENCE", 0.7)
    read(reader, "x", Upstream("old"))
    aged(reader, 60)
    slow = Slow("new")
    found = read(reader, "x", slow)
    assert (found.value, type(found.error)) == ("old", cf.TimedOut)
    monkeypatch.setattr(reads, "LONG_PATIENCE", 10)
    threading.Timer(0.2, slow.let.set).start()
    assert (read(reader, "x", slow).value, slow.calls) == ("new", 1)


def test_who_waits_in_vain_shares_the_failure(reader, monkeypatch):
    release, calls, errors, wishes = threading.Event(), [], [], threading.Semaphore(0)

    class Wish(reads.Flight):
        def __init__(self, *args) -> None:
            super().__init__(*args)
            wishes.release()

    monkeypatch.setattr(reads, "Flight", Wish)

    def failing() -> str:
        calls.append(1)
        release.wait(10)
        raise cf.TimedOut("slow", status=None)

    def attempt() -> None:
        with pytest.raises(cf.TimedOut) as raised:
            read(reader, "x", failing)
        errors.append(raised.value.message)

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    # who came after the failure would rightly try anew
    assert all(wishes.acquire(timeout=10) for _ in threads)
    release.set()
    for thread in threads:
        thread.join(20)
    assert (len(calls), errors) == (1, ["slow"] * 20)


def test_after_a_failure_it_is_not_tried_again_at_once_and_then_recovers(reader, monkeypatch):
    monkeypatch.setattr(reads, "AGAIN_SECONDS", 30)
    read(reader, "x", Upstream("good"))
    aged(reader, 5)
    failing = Upstream(cf.ServerError("500"))
    found = [read(reader, "x", failing) for _ in range(5)]
    assert failing.calls == 1
    assert [(one.value, one.error.message) for one in found] == [("good", "500")] * 5
    failed = region.get(failure_key(f"{reader}:x"))
    long_ago = failed.at - timedelta(seconds=31)
    region.set(failure_key(f"{reader}:x"), Failed(long_ago, failed.error))
    assert read(reader, "x", Upstream("new")) == Reading("new", ANY, None)


@pytest.mark.usefixtures("hasty")
def test_a_right_that_was_lost_behind_the_scenes_is_not_hidden_later(reader):
    read(reader, "x", Upstream("good"))
    aged(reader, 5)
    slow = Slow(cf.Forbidden("403"))
    assert read(reader, "x", slow).value == "good"
    slow.let.set()
    landed(reader)
    with pytest.raises(cf.Forbidden):
        read(reader, "x", slow)


@pytest.mark.usefixtures("hasty")
def test_an_answer_asked_for_before_a_change_is_not_kept_after_it(reader):
    read(reader, "x", Upstream("before"))
    aged(reader, 5)
    slow = Slow("before")
    read(reader, "x", slow)
    forget(reader, "x")
    slow.let.set()
    landed(reader)
    assert read(reader, "x", Upstream("after"), fresh=60).value == "after"


def test_reads_slow_down_with_the_budget(reader):
    upstream = Upstream("one", "two")
    read(reader, "x", upstream)
    for _ in range(1000):
        count(reader, "")
    aged(reader, 6)
    assert read(reader, "x", upstream).value == "one"
    aged(reader, 3)
    assert read(reader, "x", upstream).value == "two"


@pytest.fixture
def clock(time_machine):
    """A clock that is a day ahead."""
    time_machine.move_to("2026-01-02T00:00:00Z", tick=False)
    return time_machine


def put_right(clock) -> None:
    clock.move_to("2026-01-01T00:00:00Z", tick=False)


def test_an_answer_of_a_clock_that_was_ahead_is_read_anew(reader, clock):
    upstream = Upstream("old", "new")
    read(reader, "x", upstream)
    put_right(clock)
    assert read(reader, "x", upstream) == Reading("new", datetime(2026, 1, 1, tzinfo=UTC))
    read(reader, "x", upstream)
    assert upstream.calls == 2


def test_a_change_noted_by_a_clock_that_was_ahead_costs_no_calls(reader, clock):
    forget(reader, "x")
    put_right(clock)
    upstream = Upstream("new")
    read(reader, "x", upstream)
    read(reader, "x", upstream)
    assert upstream.calls == 1


def test_a_failure_noted_by_a_clock_that_was_ahead_is_not_shared(reader, clock):
    with pytest.raises(cf.ServerError):
        read(reader, "x", Upstream(cf.ServerError("500")))
    put_right(clock)
    assert read(reader, "x", Upstream("good")).value == "good"


def test_clocks_of_two_machines_may_differ_a_little(reader, clock):
    upstream = Upstream("one", "two")
    read(reader, "x", upstream)
    clock.shift(-3)
    assert read(reader, "x", upstream).value == "one"
