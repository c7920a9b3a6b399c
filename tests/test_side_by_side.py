from __future__ import annotations

import threading

import pytest

from workflows_ui.side_by_side import all_of, both


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
