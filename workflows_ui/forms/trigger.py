"""The form that triggers an instance, checked as the API's rules say (section 2, 4.6)."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from workflows_ui.cloudflare import NOTHING, NewInstance, Retention
from workflows_ui.forms.json_field import JsonText

CREATABLE = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_-]*")
RESERVED = re.compile(r"cf_[0-9a-f]{64}")
ROUTES = frozenset({"batch", "terminate", "terminateAll"})
RETENTION = re.compile(r"\d+(\s+(second|minute|hour|day|week|month|year)s?)?")
LOCATIONS = {
    "wnam": "Western North America",
    "enam": "Eastern North America",
    "sam": "South America",
    "weur": "Western Europe",
    "eeur": "Eastern Europe",
    "apac": "Asia-Pacific",
    "apac-ne": "Asia-Pacific, north-east",
    "apac-se": "Asia-Pacific, south-east",
    "oc": "Oceania",
    "afr": "Africa",
    "me": "Middle East",
}


def check_new_id(value: str) -> None:
    """Raises ValidationError for an id the API would refuse."""
    if not CREATABLE.fullmatch(value):
        raise ValidationError(
            "An id starts with a letter, a digit or _ and holds only letters, digits, _ and -."
        )
    if RESERVED.fullmatch(value) or value in ROUTES:
        raise ValidationError("This id is reserved by the API.")


class RetentionField(forms.CharField):
    def __init__(self, label: str, empty: str = "Empty: the workflow's default.") -> None:
        super().__init__(
            label=label,
            required=False,
            max_length=40,
            help_text=f"Like “3 days”, or milliseconds. {empty}",
        )

    def clean(self, value: Any) -> int | str | None:
        text = super().clean(value)
        if not text:
            return None
        if not RETENTION.fullmatch(text):
            raise ValidationError("Write a number and a unit, like “3 days” or “12 hours”.")
        return int(text) if text.isdigit() else str(text)


class TriggerForm(forms.Form):
    instance_id = forms.CharField(
        label="Instance id",
        required=False,
        max_length=100,
        validators=[check_new_id],
        help_text="Empty: the console chooses one.",
    )
    params = JsonText(label="Params", help_text="Any JSON value. Empty: {}.")
    success_retention = RetentionField("Keep when complete")
    error_retention = RetentionField("Keep when errored")
    location_hint = forms.ChoiceField(
        label="Location hint",
        required=False,
        choices=[("", "None"), *((key, f"{name} ({key})") for key, name in LOCATIONS.items())],
    )
    # Chosen when the form is drawn: it is the form's key, which works once. After a sending whose
    # end nobody knows it may be sent again, and the API makes an instance of this id once.
    own_id = forms.UUIDField(widget=forms.HiddenInput, required=False)
    # the instance whose params were offered, for the trail
    again = forms.CharField(widget=forms.HiddenInput, required=False, max_length=271)

    def __init__(self, *args: Any, options: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("own_id", uuid.uuid4())
        if not options:
            for name in ("success_retention", "error_retention", "location_hint"):
                del self.fields[name]

    def clean_own_id(self) -> uuid.UUID:
        return self.cleaned_data["own_id"] or uuid.uuid4()

    @property
    def chose_id(self) -> bool:
        """Whether the person chose the id, rather than the console."""
        return bool(self.cleaned_data["instance_id"])

    def new_instance(self) -> NewInstance:
        data = self.cleaned_data
        keep = Retention(
            success_retention=data.get("success_retention"),
            error_retention=data.get("error_retention"),
        )
        return NewInstance(
            instance_id=data["instance_id"] or str(data["own_id"]),
            params=NOTHING if data["params"] == {} else data["params"],
            retention=keep if keep != Retention() else None,
            location_hint=data.get("location_hint") or None,
        )
