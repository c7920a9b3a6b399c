from __future__ import annotations

import pytest
from django import forms

from console.audit.fields import OpenText
from console.audit.redaction import token_in
from console.team.forms import AddKeyForm
from workflows_ui.forms.account_settings import RedactionForm, RenameForm
from workflows_ui.forms.accounts import LocalForm
from workflows_ui.forms.acts import DestructiveForm
from workflows_ui.forms.changes import ConfirmForm
from workflows_ui.forms.dashboards import DashboardForm, LinkForm
from workflows_ui.forms.members import InvitationForm
from workflows_ui.forms.panels import PANEL_FORMS, NoteForm
from workflows_ui.forms.tokens import TokenForm

MARKED = "cfut_" + "Zk3" * 12
OLD = "aB3" + "x" * 37  # Cloudflare's older ones: 40 characters without a prefix


class NoteOnly(forms.Form):
    text = OpenText(max_length=300)


@pytest.mark.parametrize("token", [MARKED, OLD, f"Bearer {'a1' * 10}"])
def test_what_looks_like_a_token_is_refused_at_its_field(token):
    form = NoteOnly({"text": f"for the hall, {token}"})
    assert "looks like an API token" in form.errors["text"][0]
    assert form.errors["text"].as_data()[0].code == "token"
    page = str(form)
    assert token not in page
    assert "for the hall, [redacted]" in page


@pytest.mark.parametrize(
    "text",
    ["the hall", "cf-workers", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "order " + "9" * 40],
)
def test_other_words_are_taken_as_typed(text):
    form = NoteOnly({"text": text})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["text"] == text
    assert text in str(form)


def test_in_random_letters_only_a_mark_counts():
    assert token_in(OLD) == OLD
    assert token_in(OLD, marked=True) == ""
    assert token_in(f"x {MARKED} y", marked=True) == MARKED


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (TokenForm, "label"),
        (DashboardForm, "title"),
        (LinkForm, "label"),
        (NoteForm, "text"),
        (InvitationForm, "note"),
        (DestructiveForm, "reason"),
        (ConfirmForm, "reason"),
        (RedactionForm, "reason"),
        (RedactionForm, "words"),
        (RenameForm, "name"),
        (LocalForm, "name"),
        (AddKeyForm, "name"),
        *((kind, "title") for kind in PANEL_FORMS.values()),
    ],
)
def test_every_text_that_others_read_is_looked_at(form, name):
    assert isinstance(form.base_fields[name], OpenText)
