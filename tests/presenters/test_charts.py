from __future__ import annotations

from datetime import UTC, datetime, timedelta

from workflows_ui.presenters.charts import HEIGHT, PERIODS, WIDTH, Column, Series, lines, stacked

NOW = datetime(2026, 11, 25, 12, 34, 56, tzinfo=UTC)
GOOD, BAD, INFO = Series("complete", "good"), Series("errored", "bad"), Series("median", "info")


def columns(*values: tuple[float | None, ...]) -> list[Column]:
    return [
        Column(NOW + timedelta(hours=hour), each, known=each != (None,))
        for hour, each in enumerate(values)
    ]


def test_buckets_end_with_the_one_that_holds_now():
    for period in PERIODS.values():
        buckets = period.buckets(NOW)
        assert buckets[-1] <= NOW < buckets[-1] + period.step
        assert buckets[-1] - buckets[0] + period.step == period.length


def test_series_stand_on_top_of_each_other_and_fill_the_height():
    chart = stacked(columns((3, 1), (0, 0), (1, 1)), (GOOD, BAD))
    assert chart.top == 4
    first = [bar for bar in chart.bars if bar.x < WIDTH / 3]
    assert [bar.tone for bar in first] == ["good", "bad"]
    assert sum(bar.height for bar in first) == HEIGHT
    assert min(bar.y for bar in first) == 0
    assert len(chart.bars) == 4  # nothing is drawn for zero


def test_what_is_not_known_is_shown_as_that_and_not_as_zero():
    chart = stacked(columns((None,), (0,), (2,)), (GOOD,))
    assert [bar.x for bar in chart.unknown] == [0]
    assert chart.top == 2


def test_a_line_is_broken_where_a_value_is_missing():
    chart = lines(columns((1.0,), (2.0,), (None,), (2.0,)), (INFO,))
    ((path, tone),) = chart.lines
    assert tone == "info"
    assert path.count("M") == 2
    assert path.count("L") == 1


def test_an_empty_chart_has_an_upper_edge_all_the_same():
    assert stacked([], (GOOD,)).top == 1
    assert lines(columns((None,)), (INFO,)).lines == [("", "info")]


def test_an_upper_edge_is_told_only_where_something_stands_below_it():
    assert stacked(columns((0, 1)), (GOOD, BAD)).drawn
    assert not stacked(columns((0, 0)), (GOOD, BAD)).drawn
    assert lines(columns((2.0,)), (INFO,)).drawn
    assert not lines(columns((None,)), (INFO,)).drawn
