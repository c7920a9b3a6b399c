"""What may be asked of the trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from console.audit.actions import AuditAction
from console.audit.acts import Place
from console.audit.models import Outcome
from console.audit.queries import PENDING, Filter
from workflows_ui.forms.instances import PRESETS, MomentInput
from workflows_ui.presenters.words import shorten

OUTCOMES = [
    ("", "Any outcome"),
    (Outcome.SUCCEEDED, "succeeded"),
    (Outcome.FAILED, "failed"),
    (Outcome.UNKNOWN, "unknown"),
    (PENDING, "no outcome yet"),
    (Outcome.EVENT, "event"),
]
# what belongs to no account is on the page of log-ins
ELSEWHERE = ("session", "user")
LARGEST = 2**63 - 1


def grouped_actions() -> list[tuple[str, Any]]:
    """Every action an account's trail may hold, under its subject."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for action in AuditAction:
        subject, _, verb = action.partition(":")
        if subject not in ELSEWHERE:
            groups.setdefault(subject, []).append((action, verb.replace("_", " ")))
    return [("", "Anything"), *groups.items()]


def people_field(label: str, everybody: str, people: Mapping[int, str]) -> forms.ChoiceField:
    """One of these people (id -> name), by name."""
    listed = sorted(people.items(), key=lambda person: person[1].casefold())
    choices = [("", everybody), *((str(pk), shorten(name, 32)) for pk, name in listed)]
    return forms.ChoiceField(label=label, choices=choices, required=False)


class PlaceForm(forms.Form):
    """Where in the trail a page begins; a place that is none is the newest page."""

    before = forms.IntegerField(min_value=0, max_value=LARGEST, required=False)
    after = forms.IntegerField(min_value=0, max_value=LARGEST, required=False)

    def place(self) -> Place:
        self.is_valid()
        data = self.cleaned_data
        return Place(before=data.get("before"), after=data.get("after"))


class TrailFilterForm(forms.Form):
    """Moments are typed in the viewer's zone. What is not valid says so, the rest still filters."""

    q = forms.CharField(
        label="Text",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Reason, id, param, error"}),
    )
    person = forms.ChoiceField(label="By", required=False)
    action = forms.ChoiceField(label="What", choices=grouped_actions, required=False)
    outcome = forms.ChoiceField(label="Outcome", choices=OUTCOMES, required=False)
    since = forms.ChoiceField(
        label="When",
        choices=[("", "Any time"), *((key, label) for key, (label, _) in PRESETS.items())],
        required=False,
    )
    workflow = forms.CharField(label="Workflow", max_length=100, required=False)
    instance = forms.CharField(label="Instance id", max_length=271, required=False)
    date_start = forms.DateTimeField(label="From", widget=MomentInput(), required=False)
    date_end = forms.DateTimeField(label="To", widget=MomentInput(), required=False)

    def __init__(self, data: Any, *, people: Mapping[int, str]) -> None:
        super().__init__(data)
        self.fields["person"] = people_field("By", "Anybody", people)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("date_start"), cleaned.get("date_end")
        if start and end and end < start:
            self.add_error("date_end", "This is before the start.")
        return cleaned

    def chosen(self, account_id: int) -> Filter:
        self.is_valid()
        data = self.cleaned_data
        start: datetime | None = data.get("date_start")
        if data.get("since") in PRESETS:
            start = timezone.now() - PRESETS[data["since"]][1]
        return Filter(
            account_ids=[account_id],
            actor_id=int(data["person"]) if data.get("person") else None,
            action=data.get("action", ""),
            outcome=data.get("outcome", ""),
            workflow=data.get("workflow", ""),
            instance_id=data.get("instance", ""),
            since=start,
            until=data.get("date_end"),
            text=data.get("q", ""),
        )

    @property
    def has_more(self) -> bool:
        """Whether a field that is folded away is in use."""
        return any(self[name].value() or self[name].errors for name in FOLDED)

    @property
    def narrows(self) -> bool:
        return any(self[name].value() for name in self.fields)


FOLDED = ("workflow", "instance", "date_start", "date_end")


class LogInFilterForm(forms.Form):
    """Whose log-ins; everybody's that may be seen when nobody is named."""

    person = forms.ChoiceField(label="Whose", required=False)

    def __init__(self, data: Any, *, people: Mapping[int, str]) -> None:
        super().__init__(data)
        self.fields["person"] = people_field("Whose", "Every member", people)
        self.people = people

    def chosen(self) -> Mapping[int, str]:
        self.is_valid()
        asked = self.cleaned_data.get("person")
        return {int(asked): self.people[int(asked)]} if asked else self.people


class TrailExportForm(forms.Form):
    format = forms.ChoiceField(choices=[("csv", "CSV"), ("jsonl", "JSON lines")])
