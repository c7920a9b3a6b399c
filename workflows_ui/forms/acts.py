"""What is asked before an act. Each form carries a key that works once."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from console.audit.fields import OpenText
from workflows_ui.cloudflare import RestartFrom
from workflows_ui.forms.json_field import JsonText
from workflows_ui.forms.trigger import CREATABLE

MOST_REASON = 1000


class ActForm(forms.Form):
    """A key, and nothing else to say: for an act that is not asked about."""

    key = forms.UUIDField(
        widget=forms.HiddenInput(attrs={"id": False}),  # a page may hold several forms
        error_messages={"required": "The form is incomplete. Open it once more."},
    )

    data: Any

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.initial.setdefault("key", uuid.uuid4())

    def renew_key(self) -> None:
        """After a sending whose end nobody knows: to send it again is a decision of its own."""
        self.data = self.data.copy()
        self.data["key"] = str(uuid.uuid4())


class DestructiveForm(ActForm):
    """With a reason; on a protected workflow the reason is required and its name is typed."""

    reason = OpenText(
        max_length=MOST_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "autofocus": True}),
        help_text="Kept in the trail, for whoever asks later.",
    )
    typed = forms.CharField(
        max_length=64,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}
        ),
    )

    def __init__(
        self, data: Any = None, *args: Any, workflow: str, protected: bool, **kwargs: Any
    ) -> None:
        super().__init__(data, *args, **kwargs)
        self.workflow = workflow
        self.fields["reason"].required = protected
        self.fields["typed"].label = f"This workflow is protected. Type its name: {workflow}"
        if not protected:
            del self.fields["typed"]

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed != self.workflow:
            raise ValidationError("This is not the workflow's name.")
        return typed


class TypedForm(DestructiveForm):
    """For what takes everything with it: reason and name are asked for, protected or not."""

    def __init__(self, *args: Any, protected: bool, **kwargs: Any) -> None:
        super().__init__(*args, protected=True, **kwargs)
        if not protected:
            self.fields["typed"].label = f"Type its name: {self.workflow}"


class ForgettingForm(DestructiveForm):
    """For an act that makes the API forget: a copy is kept, unless that turned out impossible."""

    without_snapshot = forms.BooleanField(
        required=False, label="Go on without a copy: what ran can't be looked at any more"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offers_without = bool(self.data.get("without_snapshot"))


class TerminateForm(ForgettingForm):
    rollback = forms.BooleanField(
        required=False,
        label="Run the rollback handlers first",
        help_text="In reverse order, for the steps that have one.",
    )

    def __init__(self, *args: Any, rollback: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not rollback:
            del self.fields["rollback"]


class RestartForm(ForgettingForm):
    """From the beginning, or from a step: its name without counter, which occurrence, its kind."""

    step = forms.CharField(max_length=256, required=False, strip=False, widget=forms.HiddenInput)
    count = forms.IntegerField(
        min_value=1, max_value=1_000_000, required=False, widget=forms.HiddenInput
    )
    type = forms.ChoiceField(
        choices=[(kind, kind) for kind in ("do", "sleep", "waitForEvent")],
        required=False,
        widget=forms.HiddenInput,
    )

    @classmethod
    def from_step(cls, query: Any, **kwargs: Any) -> RestartForm:
        """The form for the step that an address names."""
        names = ("step", "count", "type")
        return cls(initial={name: query[name] for name in names if name in query}, **kwargs)

    @property
    def step_name(self) -> str:
        return str(self["step"].value() or "")

    def restart_from(self) -> RestartFrom | None:
        data = self.cleaned_data
        if not data["step"]:
            return None
        return RestartFrom(name=data["step"], count=data["count"] or 1, type=data["type"] or "do")


class EventForm(ActForm):
    event_type = forms.CharField(
        label="Event type",
        max_length=100,
        widget=forms.TextInput(
            attrs={
                "list": "event-types",
                "autocomplete": "off",
                "spellcheck": "false",
                "class": "mono",
            }
        ),
    )
    payload = JsonText(label="Payload", help_text="Any JSON value. Empty: {}.")

    def clean_event_type(self) -> str:
        value: str = self.cleaned_data["event_type"]
        if not CREATABLE.fullmatch(value):
            raise ValidationError(
                "A type starts with a letter, a digit or _ and holds only letters, digits, _ and -."
            )
        return value
