from __future__ import annotations

import uuid

import pytest

from workflows_ui.cloudflare import Retention
from workflows_ui.forms.trigger import TriggerForm


def filled(**values) -> TriggerForm:
    data = {"params": "", "instance_id": "", "own_id": str(uuid.uuid4()), **values}
    form = TriggerForm(data, options=True)
    form.is_valid()
    return form


@pytest.mark.parametrize("value", ["a", "_x", "9-9_9", "x" * 100, "cf_short"])
def test_it_takes_the_ids_the_api_takes(value):
    assert filled(instance_id=value).errors == {}


@pytest.mark.parametrize(
    "value", ["-a", "a b", "a/b", "ä", "x" * 101, "cf_" + "0" * 64, "batch", "terminateAll", "a\n"]
)
def test_it_refuses_the_ids_the_api_refuses(value):
    form = filled(instance_id=value)
    # a trailing line end is taken off like other white space around an id
    assert ("instance_id" in form.errors) == (value != "a\n")


def test_broken_json_is_named_by_line_and_column_and_kept():
    form = filled(params='{\n  "a": 1,\n  "b" 2\n}')
    assert form.errors["params"] == ["Line 3, column 7: Expecting ':' delimiter."]
    assert form["params"].value() == '{\n  "a": 1,\n  "b" 2\n}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("NaN", "NaN is not JSON. Use a number, a text or null."),
        ('{"a": 1, "a": 2}', 'The key "a" is there twice in one object.'),
        ("[" * 100_000, "This is nested too deeply."),
        ("[" * 250 + "]" * 250, "This is nested too deeply."),
        ('"' + "x" * 1_048_600 + '"', "The API takes at most 1 MiB of params."),
    ],
)
def test_what_is_no_good_json_is_refused_with_the_reason(text, message):
    assert filled(params=text).errors["params"] == [message]


@pytest.mark.parametrize(
    ("text", "value"), [("", {}), ("  ", {}), ("null", None), ("[1]", [1]), ('"x"', "x")]
)
def test_any_json_value_is_taken(text, value):
    new = filled(params=text).new_instance()
    assert new.params == value


def test_an_empty_id_becomes_the_one_the_form_was_drawn_with():
    own = str(uuid.uuid4())
    assert filled(own_id=own).new_instance().instance_id == own
    assert filled(own_id=own, instance_id="mine").new_instance().instance_id == "mine"


def test_two_drawn_forms_have_two_ids():
    drawn = [TriggerForm(options=True).initial["own_id"] for _ in range(2)]
    assert drawn[0] != drawn[1]


def test_retention_is_a_text_with_a_unit_or_milliseconds():
    new = filled(success_retention="3 days", error_retention="86400000").new_instance()
    assert new.retention == Retention(success_retention="3 days", error_retention=86_400_000)
    assert filled().new_instance().retention is None
    assert "success_retention" in filled(success_retention="a while").errors


def test_an_upstream_without_options_is_not_asked_for_them():
    form = TriggerForm({"params": "1"}, options=False)
    assert form.is_valid()
    assert "location_hint" not in form.fields
