from __future__ import annotations

import uuid

import pytest

from console.audit.redaction import DEFAULT_PATTERNS, REDACTED, redact
from console.team.models import Account
from workflows_ui.forms.account_settings import (
    ExampleForm,
    RedactionForm,
    RenameForm,
    RetentionForm,
)
from workflows_ui.presenters.account_settings import ALWAYS_GOES

ACCOUNT = Account(name="Acme", redacted_keys=["phone", "Birthday"], keep_params=True)


def redaction(account: Account = ACCOUNT, **values) -> RedactionForm:
    given = {"key": str(uuid.uuid4()), "words": "phone\nbirthday", "keep_params": "on"}
    return RedactionForm({**given, **values}, account=account)


def test_words_come_one_a_line_and_once():
    form = redaction(words=" phone \r\n\r\nPHONE\r\nBirthday\r\nvat id")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["words"] == ("phone", "Birthday", "vat id")


@pytest.mark.parametrize("words", ["x" * 41, "\n".join(f"word{n}" for n in range(51))])
def test_too_long_or_too_many_words_are_refused(words):
    form = redaction(words=words, reason="all of them")
    assert list(form.errors) == ["words"]


def test_the_most_that_is_allowed_is_taken():
    words = "\n".join(f"{n:02}".ljust(40, "x") for n in range(50))
    form = redaction(words=f"phone\nbirthday\n{words[: 41 * 48]}")
    assert form.is_valid(), form.errors
    assert len(form.cleaned_data["words"]) == 50


def test_to_keep_more_wants_a_reason_and_says_what():
    form = redaction(words="birthday")
    assert "“phone”" in form.errors["reason"][0]
    assert redaction(words="birthday", reason="not a secret").is_valid()


def test_to_keep_less_wants_none():
    assert redaction(words="phone\nbirthday\nvat").is_valid()
    assert redaction(keep_params="").is_valid()


def test_to_keep_params_again_wants_a_reason():
    off = Account(name="Acme", redacted_keys=[], keep_params=False)
    assert "the params of acts" in redaction(off).errors["reason"][0]


def test_every_word_that_always_goes_does_go():
    kept = redact(dict.fromkeys(ALWAYS_GOES, 1))
    assert set(kept.values()) == {REDACTED}


def test_no_pattern_that_always_goes_is_left_unsaid():
    for pattern in DEFAULT_PATTERNS:
        kept = redact(dict.fromkeys(ALWAYS_GOES, 1), [pattern])
        assert REDACTED in kept.values(), pattern


def test_an_example_has_the_rules_that_are_typed():
    form = ExampleForm({"words": "phone", "example": '{"phone": 1}'})
    assert form.is_valid()
    assert (form.rules().words, form.rules().keep) == (("phone",), False)
    assert "example" in ExampleForm({"example": "{"}).errors


@pytest.mark.parametrize("name", ["", "  ", "\u200b\u202e", "x" * 101])
def test_a_name_has_something_to_read(name):
    assert "name" in RenameForm({"key": str(uuid.uuid4()), "name": name}).errors


def test_a_name_is_one_line():
    form = RenameForm({"key": str(uuid.uuid4()), "name": "Acme\u202e \t Shop"})
    assert form.is_valid()
    assert form.cleaned_data["name"] == "Acme Shop"


def test_a_retention_that_is_empty_is_left_out():
    form = RetentionForm({"success_retention": "3 days", "error_retention": ""})
    assert form.is_valid()
    assert form.retention().error_retention is None
