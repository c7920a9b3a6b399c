from __future__ import annotations

import pytest
from django.http import QueryDict

from workflows_ui import cloudflare as cf
from workflows_ui.forms.definitions import DefinitionForm, NewWorkflowForm, SchedulePreview
from workflows_ui.presenters.definitions import Defined

GIVEN = {"name": "orders", "class_name": "Orders", "script_name": "shop"}


def sent(**values: str) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update(GIVEN | values)
    return data


def test_what_is_empty_is_left_out_of_the_put():
    form = DefinitionForm(sent())
    assert form.is_valid()
    assert form.definition() == cf.WorkflowDefinition(class_name="Orders", script_name="shop")


def test_everything_that_is_given_goes_into_the_put():
    form = NewWorkflowForm(
        sent(
            limits_steps="25000",
            concurrency_limit="3",
            success_retention="3 days",
            error_retention="1000",
            schedules=" 0 2 * * *\r\n\r\n*/5 * * * *\r\n0 2 * * *",
            jurisdiction="eu",
        )
    )
    assert form.is_valid()
    assert form.definition() == cf.WorkflowDefinition(
        class_name="Orders",
        script_name="shop",
        limits_steps=25_000,
        concurrency_limit=3,
        default_retention=cf.Retention(success_retention="3 days", error_retention=1000),
        schedules=("0 2 * * *", "*/5 * * * *"),
        jurisdiction="eu",
    )


def test_to_have_no_schedule_is_said_and_not_guessed():
    form = DefinitionForm(sent(no_schedules="on"))
    assert form.is_valid()
    assert form.definition().schedules == ()
    assert "no_schedules" in DefinitionForm(sent(no_schedules="on", schedules="0 2 * * *")).errors


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("class_name", ""),
        ("class_name", "x" * 256),
        ("script_name", "x" * 256),
        ("limits_steps", "0"),
        ("limits_steps", "25001"),
        ("limits_steps", "many"),
        ("concurrency_limit", "0"),
        ("success_retention", "soon"),
        ("schedules", "61 * * * *"),
        ("schedules", "0 2 * * *\nnever"),
        ("schedules", "0 0 30 2 *"),
        ("schedules", "*" * 257),
        ("schedules", "\n".join(f"{n % 60} {n // 60} * * *" for n in range(101))),
        ("name", ""),
        ("name", "-orders"),
        ("name", "a b"),
        ("name", "x" * 65),
        ("name", "settings"),
        ("name", "concurrency"),
        ("jurisdiction", "moon"),
    ],
)
def test_what_the_api_would_refuse_is_named_at_its_field(field, value):
    form = NewWorkflowForm(sent(**{field: value}))
    assert not form.is_valid()
    assert list(form.errors) == [field]


def test_the_form_starts_from_what_is_told():
    now = Defined(
        class_name="Orders",
        script_name="shop",
        success_retention=604_800_000,
        error_retention="1 month",
        schedules=("0 2 * * *", "0 3 * * *"),
    )
    form = DefinitionForm(now=now)
    assert form["success_retention"].value() == "7 days"
    assert form["error_retention"].value() == "1 month"
    assert form["schedules"].value() == "0 2 * * *\n0 3 * * *"
    assert 'placeholder="not told by the API"' in str(form["limits_steps"])


def test_a_preview_takes_whatever_is_typed_so_far():
    preview = SchedulePreview({"schedules": "0 2 *\n\n*/5 * * * *"})
    assert preview.crons() == ("0 2 *", "*/5 * * * *")
    assert SchedulePreview({"schedules": "x" * 100_000}).crons() == ()
