from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from console.audit.fields import OpenText
from console.team.names import one_line
from workflows_ui.forms.acts import ActForm


class Title(OpenText):
    """A line with something to read: nothing in it is invisible or turns it around."""

    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "")


class DashboardForm(ActForm):
    title = Title(max_length=80)


class LinkForm(ActForm):
    """A secret link: who it is for, and for how long."""

    label = Title(max_length=80, label="Where it hangs", help_text="To know it by later.")
    days = forms.TypedChoiceField(
        label="Ends after",
        coerce=int,
        choices=[(1, "1 day"), (7, "7 days"), (30, "30 days"), (90, "90 days")],
        initial=30,
    )

    def expires(self) -> datetime:
        return timezone.now() + timedelta(days=self.cleaned_data["days"])
