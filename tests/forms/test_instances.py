from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.http import QueryDict
from django.utils import timezone

from workflows_ui.forms.instances import InstanceFilterForm, InstanceLookup, StepFilterForm


def test_dates_are_read_in_the_viewers_zone():
    with timezone.override("Europe/Berlin"):
        form = InstanceFilterForm({"date_start": "2026-11-24T13:00"})
        assert form.is_valid()
        assert form.chosen().date_start == datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_an_end_before_the_start_is_named_at_the_end():
    form = InstanceFilterForm({"date_start": "2026-11-24T13:00", "date_end": "2026-11-23T13:00"})
    assert form.errors == {"date_end": ["This is before the start."]}


def test_a_preset_counts_back_from_now_and_two_viewers_ask_the_same():
    form = InstanceFilterForm({"since": "24h"})
    assert form.is_valid()
    start = form.chosen().date_start
    assert start.second == start.microsecond == 0
    assert timedelta(hours=24) <= timezone.now() - start < timedelta(hours=24, minutes=2)


def test_a_cron_made_id_can_be_looked_up():
    assert InstanceLookup({"id": "*/30 * * * *-1786001400000"}).is_valid()
    assert "id" in InstanceLookup({"id": "../secret"}).errors
    assert "id" in InstanceLookup({"id": "x" * 272}).errors


def test_a_bad_step_filter_shows_all_steps():
    assert StepFilterForm(QueryDict("start=abc&order=up")).chosen().start == 0
    chosen = StepFilterForm(QueryDict("start=200&order=desc&status=errored&q=Charge")).chosen()
    assert (chosen.start, chosen.order, chosen.status, chosen.text) == (
        200,
        "desc",
        "errored",
        "Charge",
    )
