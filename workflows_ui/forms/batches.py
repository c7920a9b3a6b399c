"""Many instances at once: the rows to create, and the ticked ones to act on."""

from __future__ import annotations

import codecs
import re
import uuid
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from workflows_ui.cloudflare import NOTHING, NewInstance
from workflows_ui.forms.acts import ActForm, ForgettingForm
from workflows_ui.forms.instances import ADDRESSABLE
from workflows_ui.forms.rows import Problem, Row, read_rows
from workflows_ui.presenters.batches import SWEPT
from workflows_ui.uploads import MOST_BYTES

MOST_TICKED = 500
MOST_ID = 271
KINDS = {
    "": "Tell by the first character",
    "json": "JSON array",
    "lines": "JSON lines",
    "csv": "CSV",
}


class BatchForm(ActForm):
    """The rows of a batch. The ids that the console chooses follow from its key, so that the same
    form sent again asks for the same ids."""

    # a plain field: the rows say themselves where a NUL is
    text = forms.Field(
        label="Rows",
        required=False,
        widget=forms.Textarea(
            attrs={"rows": 14, "spellcheck": "false", "autocomplete": "off", "class": "mono"}
        ),
    )
    file = forms.FileField(
        required=False,
        allow_empty_file=True,
        help_text="UTF-8, at most 4 MiB. It goes before what is pasted.",
    )
    kind = forms.ChoiceField(
        label="Format",
        required=False,
        choices=list(KINDS.items()),
        help_text="[ is a JSON array, { is JSON lines, anything else CSV.",
    )
    id_column = forms.CharField(
        label="CSV column of the ids",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Empty: the column instance_id, if there is one.",
    )

    rows: list[Row]
    problems: list[Problem]

    def clean_file(self) -> str | None:
        file = self.cleaned_data["file"]
        if file is None:
            return None
        if file.size > MOST_BYTES:
            raise ValidationError("The file is over 4 MiB.")
        content = file.read().removeprefix(codecs.BOM_UTF8)
        try:
            text: str = content.decode()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise ValidationError(f"The file is not UTF-8 on line {line}.") from None
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.rows, self.problems = [], []
        if self.errors:
            return cleaned
        given = cleaned["file"] if cleaned["file"] is not None else cleaned["text"] or ""
        text = re.sub(r"\r\n?", "\n", given).removeprefix("\ufeff")
        # what was in the file stands in the field from here on
        self.data = self.data.copy()
        self.data["text"] = text
        if len(text.encode("utf-8", "replace")) + text.count("\n") > MOST_BYTES:
            self.add_error("text", "The rows are over 4 MiB.")
            return cleaned
        self.rows, self.problems = read_rows(text, cleaned["kind"], cleaned["id_column"])
        if self.problems:
            self.add_error("text", "Nothing was sent: see what is not right below.")
        return cleaned

    @cached_property
    def new_instances(self) -> list[NewInstance]:
        key = uuid.UUID(str(self["key"].value()))
        return [
            NewInstance(
                instance_id=row.id or str(uuid.uuid5(key, str(row.number))),
                params=NOTHING if row.params == {} else row.params,
            )
            for row in self.rows
        ]


class InstanceIds(forms.Field):
    """The same field for each of the ids, without those that are there twice."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> list[str]:
        ids = list(dict.fromkeys(value or []))
        if not ids:
            raise ValidationError("No instance is ticked.")
        if len(ids) > MOST_TICKED:
            raise ValidationError(f"At most {MOST_TICKED:,} instances at once.")
        if not all(len(one) <= MOST_ID and re.fullmatch(ADDRESSABLE, one) for one in ids):
            raise ValidationError("One of these is not the id of an instance.")
        return ids


class TickedForm(ForgettingForm):
    """The ticked instances of a list, carried along by the question about them."""

    instance = InstanceIds()
    only = forms.ChoiceField(
        widget=forms.HiddenInput,
        choices=[("", "all"), ("errored", "errored")],
        required=False,
    )
    # which failures they were ticked among, and in which period and workflows
    failures = forms.CharField(widget=forms.HiddenInput, max_length=16, required=False)
    asked = forms.CharField(widget=forms.HiddenInput, max_length=1_000, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offers_without = True
        self.fields["without_snapshot"].label = "Also those of which no copy can be kept"

    @property
    def ids(self) -> list[str]:
        found: list[str] = self["instance"].value() or []
        return found


class SweepForm(ForgettingForm):
    """Of the status that the address names."""

    status = forms.ChoiceField(
        widget=forms.HiddenInput,
        choices=[(status, status) for status in SWEPT],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offers_without = True
        self.fields["without_snapshot"].label = "Also those of which no copy can be kept"
