from __future__ import annotations

import threading
from functools import partial
from itertools import chain

import pytest

from workflows_ui.calls import measured, note_bytes
from workflows_ui.side_by_side import ahead, all_of, both, both_ahead, few_at_once


def test_two_calls_run_at_the_same_time():
    meeting = threading.Barrier(2, timeout=10)
    assert both(lambda: meeting.wait() >= 0, lambda: meeting.wait() >= 0) == (True, True)


@pytest.mark.parametrize("failing", [0, 1])
def test_the_error_of_either_is_raised(failing):
    calls = [lambda: 1, lambda: 1]
    calls[failing] = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        both(*calls)


def test_many_results_come_in_the_order_asked():
    assert all_of([lambda n=n: n for n in range(40)]) == list(range(40))


def test_a_call_made_ahead_runs_while_its_caller_goes_on():
    meeting = threading.Barrier(2, timeout=10)
    result = ahead(lambda: meeting.wait() >= 0)
    meeting.wait()
    assert result() is True


def test_two_calls_made_ahead_run_at_the_same_time_and_each_has_its_own_end():
    meeting = threading.Barrier(3, timeout=10)
    first, second = both_ahead(lambda: meeting.wait() >= 0, lambda: meeting.wait() / 0)
    meeting.wait()
    assert first() is True
    with pytest.raises(ZeroDivisionError):
        second()


def test_the_error_of_a_call_made_ahead_is_raised_when_its_result_is_asked_for():
    result = ahead(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        result()


def test_calls_made_ahead_may_wait_for_others_however_many_there_are():
    results = [ahead(lambda n=n: all_of([lambda: n, lambda: n + 1])) for n in range(100)]
    assert [result() for result in results] == [[n, n + 1] for n in range(100)]


def test_calls_that_ask_for_others_never_wait_for_their_own_pool():
    together = threading.Barrier(16, timeout=10)

    def asks_for_more() -> list[int]:
        together.wait()  # every thread of the pool is at such a call
        return all_of([lambda: both(lambda: 1, lambda: 2)[1]] * 3)

    assert all_of([asks_for_more] * 16) == [[2, 2, 2]] * 16


@pytest.mark.parametrize(
    "side_by_side", [all_of, lambda calls: list(chain.from_iterable(few_at_once(calls, 2)))]
)
def test_what_comes_in_for_calls_counts_for_who_asked(side_by_side):
    with measured() as received:
        assert side_by_side([partial(note_bytes, 1_000)] * 5) == [None] * 5
    assert received.bytes == 5_000
