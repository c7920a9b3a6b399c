"""What each kind of panel can be told. A form cleans to the settings its read takes."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from console.audit.fields import OpenText
from workflows_ui.forms.acts import ActForm
from workflows_ui.forms.dashboards import Title
from workflows_ui.models import Panel
from workflows_ui.presenters.charts import PERIODS
from workflows_ui.presenters.instances import TRIGGERS
from workflows_ui.presenters.status import STATUSES

GLOB = re.compile(r"[a-zA-Z0-9_*?-]{1,64}")
MOST_GLOBS = 20
OWN = ("key", "title", "size")
PLAIN = {"class": "mono", "spellcheck": "false", "autocapitalize": "none"}


class GlobsField(forms.CharField):
    """Names of workflows, one per line; `*` and `?` stand for others."""

    def __init__(self) -> None:
        super().__init__(
            label="Workflows",
            required=False,
            widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
            help_text="Names, one per line; * stands for anything. "
            "Empty: all, also those that come later.",
        )

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        globs = str(super().clean(value)).split()
        if len(globs) > MOST_GLOBS:
            raise ValidationError(f"At most {MOST_GLOBS} lines.")
        for glob in globs:
            if not GLOB.fullmatch(glob):
                raise ValidationError(f"“{glob[:70]}” can't be the name of a workflow.")
        return globs


class PanelForm(ActForm):
    """A panel's title and size; what else it can be told is up to its kind."""

    title = Title(max_length=80, required=False, help_text="Empty: what it shows is its title.")
    size = forms.ChoiceField(choices=Panel.Size)

    @classmethod
    def of(cls, panel: Panel, data: Any) -> PanelForm:
        """The form of a panel that is there."""
        initial = {**panel.settings, "title": panel.title, "size": panel.size}
        return cls(data, initial=initial)

    def settings(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in OWN}


class RowsField(forms.TypedChoiceField):
    def __init__(self, initial: int = 10) -> None:
        choices = [(count, str(count)) for count in (5, 10, 20, 50)]
        super().__init__(label="Rows", coerce=int, choices=choices, initial=initial)


class PeriodField(forms.ChoiceField):
    def __init__(self) -> None:
        choices = [(key, period.label) for key, period in PERIODS.items()]
        super().__init__(label="Period", choices=choices, initial="24h")


class ChosenForm(PanelForm):
    """For a kind that is told which workflows to look at, and no more."""

    workflows = GlobsField()


class CountsForm(ChosenForm):
    style = forms.ChoiceField(choices=[("bars", "Bars"), ("numbers", "Big numbers")])


class PeriodForm(ChosenForm):
    period = PeriodField()


class FailuresForm(PeriodForm):
    rows = RowsField()


class GroupsForm(ChosenForm):
    rows = RowsField(initial=20)


class RowsForm(ChosenForm):
    rows = RowsField()


class LongestForm(RowsForm):
    status = forms.ChoiceField(
        choices=[("running", "Running"), ("", "All under way, waiting ones too")],
        initial="running",
        required=False,
    )


class InstancesForm(RowsForm):
    status = forms.ChoiceField(
        choices=[("", "Any status"), *((status, status) for status in STATUSES)], required=False
    )
    created = forms.ChoiceField(
        choices=[("", "At any time"), *((key, period.label) for key, period in PERIODS.items())],
        required=False,
    )
    trigger = forms.ChoiceField(
        label="Triggered by",
        choices=[("", "Anything"), *((source, source) for source in TRIGGERS)],
        required=False,
    )
    version = forms.CharField(
        label="Version",
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs=PLAIN),
        help_text="Its id or how that begins.",
    )
    begins = OpenText(
        label="Instance id",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs=PLAIN),
        help_text="How it begins, such as eu-invoice.",
    )


class ActsForm(PanelForm):
    rows = RowsField()


class NoteForm(PanelForm):
    text = OpenText(
        max_length=4_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Markdown: headings, lists, links, tables, `code`.",
    )


PANEL_FORMS: dict[str, type[PanelForm]] = {
    "counts": CountsForm,
    "failures": FailuresForm,
    "throughput": PeriodForm,
    "durations": PeriodForm,
    "instances": InstancesForm,
    "longest": LongestForm,
    "waiting": GroupsForm,
    "schedules": GroupsForm,
    "acts": ActsForm,
    "note": NoteForm,
}
