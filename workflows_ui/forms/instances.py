"""What may be asked of the instances list and of an instance's steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from django import forms
from django.utils import timezone

from workflows_ui.presenters.status import STATUSES
from workflows_ui.presenters.words import shorten
from workflows_ui.queries.instances import InstanceFilter, StepFilter

PRESETS = {
    "1h": ("Last hour", timedelta(hours=1)),
    "24h": ("24 hours", timedelta(hours=24)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
}
API_FILTERS = ("status", "since", "date_start", "date_end")
ADDRESSABLE = r"^[a-zA-Z0-9, */#_-]+$"


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", attrs={"step": "60"})


class InstanceFilterForm(forms.Form):
    """Moments are typed in the viewer's zone; the API is asked in UTC."""

    status = forms.ChoiceField(
        choices=[("", "Any status"), *((status, status) for status in STATUSES)], required=False
    )
    since = forms.ChoiceField(
        choices=[("", "Any time"), *((key, label) for key, (label, _) in PRESETS.items())],
        required=False,
        label="Created",
    )
    by = forms.ChoiceField(label="By", required=False)
    date_start = forms.DateTimeField(label="From", widget=MomentInput(), required=False)
    date_end = forms.DateTimeField(label="To", widget=MomentInput(), required=False)
    cursor = forms.CharField(max_length=2_000, required=False, widget=forms.HiddenInput)

    def __init__(
        self, data: Any, *, me: int = 0, people: Callable[[], Mapping[int, str]] = dict
    ) -> None:
        """`people` (id -> name) is asked when somebody is looked for, or the field is shown."""
        super().__init__(data)
        self.me = me
        self.fields["by"] = forms.ChoiceField(
            label="By", required=False, choices=partial(people_choices, me, cache(people))
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("date_start"), cleaned.get("date_end")
        if start and end and end < start:
            self.add_error("date_end", "This is before the start.")
        if cleaned.get("by") and any(cleaned.get(name) for name in API_FILTERS):
            self.add_error(
                "by",
                "Not together with status or time: who triggered what is known from the trail, "
                "the rest from the API.",
            )
        return cleaned

    def chosen(self) -> InstanceFilter:
        """The filter as asked of the API. A preset counts back from the running minute, so that
        everyone who looks in that minute asks the same."""
        data = self.cleaned_data
        start: datetime | None = data.get("date_start")
        if data.get("since") in PRESETS:
            minute = timezone.now().replace(second=0, microsecond=0)
            start = minute - PRESETS[data["since"]][1]
        return InstanceFilter(
            status=data.get("status", ""),
            date_start=start,
            date_end=data.get("date_end"),
            cursor=data.get("cursor", ""),
            by=self.me if data.get("by") == "me" else int(data.get("by") or 0) or None,
        )


def people_choices(me: int, people: Callable[[], Mapping[int, str]]) -> list[tuple[str, str]]:
    others = [(pk, name) for pk, name in people().items() if pk != me]
    listed = sorted(others, key=lambda person: person[1].casefold())
    named = [(str(pk), shorten(name, 32)) for pk, name in listed]
    return [("", "Anybody"), ("me", "Me"), *named]


class InstanceLookup(forms.Form):
    """Opens an instance by its id."""

    id = forms.RegexField(
        ADDRESSABLE,
        label="Instance id",
        max_length=271,
        strip=True,
        error_messages={
            "invalid": "An id holds letters, digits, spaces and , * / # _ - only.",
            "max_length": "An id has at most 271 characters.",
        },
    )


class StepFilterForm(forms.Form):
    order = forms.ChoiceField(choices=[("asc", "Oldest first"), ("desc", "Newest first")])
    status = forms.ChoiceField(
        choices=[
            ("", "All steps"),
            ("errored", "errored"),
            ("running", "running"),
            ("waiting", "waiting"),
            ("complete", "complete"),
        ],
        required=False,
    )
    q = forms.CharField(label="Step name", max_length=256, required=False)
    start = forms.IntegerField(min_value=0, max_value=1_000_000, required=False)

    def __init__(self, data: Any) -> None:
        super().__init__({"order": "asc", **data.dict()})

    def chosen(self) -> StepFilter:
        if not self.is_valid():
            return StepFilter()
        data = self.cleaned_data
        return StepFilter(
            order=data["order"], status=data["status"], text=data["q"], start=data["start"] or 0
        )


class StepOutputForm(forms.Form):
    """Which output of which step (4.14)."""

    name = forms.CharField(max_length=300, strip=False)
    type = forms.ChoiceField(choices=[("step", "step"), ("waitForEvent", "waitForEvent")])
    attempt = forms.IntegerField(min_value=1, required=False)
    download = forms.BooleanField(required=False)


class DownloadForm(forms.Form):
    what = forms.ChoiceField(
        choices=[(what, what) for what in ("params", "output", "error", "detail", "step")]
    )
    place = forms.IntegerField(min_value=1, max_value=1_000_000, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("what") == "step" and not cleaned.get("place"):
            self.add_error("place", "Which step?")
        return cleaned
