from __future__ import annotations

from dataclasses import replace

from django.utils import timezone

from workflows_ui import cloudflare as cf
from workflows_ui.presenters.definitions import Defined, changes, definition_draft
from workflows_ui.presenters.schedules import cron_runs

NOW = Defined(
    class_name="Orders",
    script_name="shop",
    concurrency_limit=5,
    success_retention=604_800_000,
    schedules=("0 2 * * *",),
    version_id="v1",
)
SAME = cf.WorkflowDefinition(
    class_name="Orders",
    script_name="shop",
    concurrency_limit=5,
    default_retention=cf.Retention(success_retention="1 week"),
    schedules=("0 2 * * *",),
)


def rows(now, then) -> list[tuple]:
    return [(change.field, change.now, change.then) for change in changes(now, then)]


def draft(now, then, *, new=False, protected=False):
    return definition_draft("orders", now, then, back="/", new=new, protected=protected)


def test_what_is_the_same_is_left_out_however_it_is_written():
    assert rows(NOW, SAME) == []


def test_each_difference_is_a_row_with_now_and_then():
    then = replace(SAME, class_name="Orders2", concurrency_limit=9, schedules=("0 3 * * *",))
    assert rows(NOW, then) == [
        ("Class", ("Orders",), ("Orders2",)),
        ("Concurrency limit", ("5",), ("9",)),
        ("Schedules", ("0 2 * * *",), ("0 3 * * *",)),
    ]


def test_what_the_api_does_not_tell_is_not_guessed():
    then = replace(SAME, limits_steps=20_000)
    assert rows(NOW, then) == [("Step limit", ("not told",), ("20,000",))]


def test_what_is_left_out_is_said():
    then = cf.WorkflowDefinition(class_name="Orders", script_name="shop")
    assert rows(NOW, then) == [
        ("Concurrency limit", ("5",), ("left out of the call",)),
        ("Keep when complete", ("7 days",), ("left out of the call",)),
        ("Schedules", ("0 2 * * *",), ("left out of the call",)),
    ]


def test_schedules_can_be_taken_away():
    assert rows(NOW, replace(SAME, schedules=())) == [("Schedules", ("0 2 * * *",), ("none",))]


def test_a_new_one_has_nothing_before():
    then = cf.WorkflowDefinition(class_name="Orders", script_name="shop", jurisdiction="eu")
    assert rows(None, then) == [
        ("Class", (), ("Orders",)),
        ("Script", (), ("shop",)),
        ("Jurisdiction", (), ("European Union",)),
    ]


def test_a_takeover_names_both_scripts_and_wants_a_tick():
    found = draft(NOW, replace(SAME, script_name="other"))
    assert "shop" in found.warnings[0]
    assert "other" in found.warnings[0]
    assert found.tick == "Take orders over from shop"
    assert not draft(NOW, SAME).tick
    assert not draft(None, SAME).tick


def test_creating_what_is_there_is_called_a_change():
    found = draft(NOW, SAME, new=True)
    assert "exists already" in found.warnings[0]
    assert found.label == "Change"


def test_a_protected_one_wants_a_reason():
    assert draft(NOW, SAME, protected=True).wants_reason
    assert not draft(NOW, SAME).wants_reason


def test_another_state_has_another_mark():
    marks = {
        draft(now, SAME).seen
        for now in (None, NOW, replace(NOW, version_id="v2"), replace(NOW, schedules=()))
    }
    assert len(marks) == 4
    assert draft(replace(NOW), SAME).seen in marks


def test_the_next_three_runs_are_in_order_and_to_come():
    (runs,) = cron_runs(["*/5 * * * *"])
    assert list(runs.runs) == sorted(runs.runs)
    assert len(runs.runs) == 3
    assert runs.runs[0] > timezone.now()
    assert cron_runs(["nonsense"])[0].problem
