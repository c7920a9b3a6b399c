from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from workflows_ui.presenters import words


def test_the_examples_in_the_module_hold():
    assert doctest.testmod(words).failed == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (0.0004, "0 ms"),
        (0.82, "820 ms"),
        (1, "1 s"),
        (59.9, "1 m"),
        (60, "1 m"),
        (3_599, "59 m 59 s"),
        (3_600, "1 h"),
        (86_400 * 3 + 3_600 * 4, "3 d 4 h"),
        (-5, "0 ms"),
    ],
)
def test_a_duration_names_its_two_largest_units(seconds, text):
    assert words.duration(timedelta(seconds=seconds)) == text


def test_ago_knows_past_future_and_now():
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert words.ago(now - timedelta(hours=3, minutes=40), now) == "3 h ago"
    assert words.ago(now + timedelta(minutes=5), now) == "in 5 m"
    assert words.ago(now, now) == "now"


@pytest.mark.parametrize(
    ("moment", "exactly", "shortly"),
    [
        (datetime(2026, 11, 24, 12, tzinfo=UTC), "13:00:00", "13:00"),
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "23 Nov 00:30:00", "23 Nov 00:30"),
        (datetime(2025, 11, 24, 12, tzinfo=UTC), "24 Nov 2025 13:00", "24 Nov 2025 13:00"),
    ],
)
def test_a_moment_is_as_short_as_it_stays_clear(time_machine, moment, exactly, shortly):
    time_machine.move_to(datetime(2026, 11, 24, 15, tzinfo=UTC))
    with timezone.override("Europe/Berlin"):
        assert words.clock(moment) == exactly
        assert words.clock(moment, seconds=False) == shortly


def test_an_exact_time_is_in_the_viewers_zone_with_utc_behind():
    with timezone.override("Europe/Berlin"):
        text = words.exact(datetime(2026, 11, 24, 12, tzinfo=UTC))
    assert text == "2026-11-24 13:00:00 CET · 2026-11-24T12:00:00Z"


def test_a_long_id_is_cut_in_the_middle_and_kept_whole():
    cut = words.cut("x" * 90 + "12345678")
    assert (cut.tail, cut.whole) == ("12345678", "x" * 90 + "12345678")
    assert words.cut("order-1").tail == ""


@pytest.mark.parametrize(
    ("agent", "words_of_it"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.14.1", "curl"),
        ("", "Unknown browser"),
        ("<script>" * 20, ("<script>" * 20)[:60]),
    ],
)
def test_a_browser_is_named_by_what_it_says(agent, words_of_it):
    assert words.browser(agent) == words_of_it
