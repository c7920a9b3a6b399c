"""How a workflow is defined, checked as the API's rules say (section 2, 4.3)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from workflows_ui.cloudflare import Retention, WorkflowDefinition
from workflows_ui.forms.trigger import CREATABLE, RetentionField
from workflows_ui.presenters.definitions import JURISDICTIONS, Defined
from workflows_ui.presenters.schedules import runs_of
from workflows_ui.presenters.words import retention_text

MOST_STEPS = 25_000
MOST_CRON = 256
MOST_SCHEDULES = 100
MONO = {"autocomplete": "off", "spellcheck": "false", "class": "mono"}
ROUTES = frozenset({"settings", "concurrency"})
"""What the API has at the same place in its addresses."""
OWN_DEFAULT = "Empty: left out, and the new version has the API's own default."


def lines_of(text: str) -> tuple[str, ...]:
    """The lines that say something, each once."""
    return tuple(dict.fromkeys(line for raw in text.splitlines() if (line := raw.strip())))


class ScheduleField(forms.CharField):
    """One cron expression a line; cleans to a tuple of them."""

    def __init__(self) -> None:
        super().__init__(
            label="Schedules",
            required=False,
            max_length=MOST_SCHEDULES * (MOST_CRON + 2),
            widget=forms.Textarea(attrs={"rows": 3, **MONO}),
            help_text="One cron expression a line, in UTC; they need a paid plan. "
            "Empty: left out of the call, which then asks to remove none.",
        )

    def clean(self, value: Any) -> tuple[str, ...]:
        crons = lines_of(super().clean(value))
        if len(crons) > MOST_SCHEDULES:
            raise ValidationError(f"An account has at most {MOST_SCHEDULES} schedules.")
        problems = [problem for cron in crons if (problem := problem_of(cron))]
        if problems:
            raise ValidationError(problems)
        return crons


def problem_of(cron: str) -> str:
    if len(cron) > MOST_CRON:
        return f"“{cron[:40]}…” is longer than {MOST_CRON} characters."
    problem = runs_of(cron).problem
    return f"“{cron}” is no cron expression: {problem}." if problem else ""


class DefinitionForm(forms.Form):
    """`now` is what is defined, to start from."""

    class_name = forms.CharField(
        label="Class",
        max_length=255,
        widget=forms.TextInput(attrs=MONO),
        help_text="As the script exports it.",
    )
    script_name = forms.CharField(
        label="Script",
        max_length=255,
        widget=forms.TextInput(attrs=MONO),
        help_text="The Worker that holds the class. It must be deployed already.",
    )
    limits_steps = forms.IntegerField(
        label="Step limit",
        min_value=1,
        max_value=MOST_STEPS,
        required=False,
        help_text=f"Of one instance, 1 to {MOST_STEPS:,}. {OWN_DEFAULT}",
    )
    concurrency_limit = forms.IntegerField(
        label="Concurrency limit",
        min_value=1,
        max_value=1_000_000,
        required=False,
        help_text=f"Instances that run at once; what is over it is queued. {OWN_DEFAULT}",
    )
    success_retention = RetentionField("Keep when complete", empty=OWN_DEFAULT)
    error_retention = RetentionField("Keep when errored", empty=OWN_DEFAULT)
    schedules = ScheduleField()
    no_schedules = forms.BooleanField(
        label="Remove all schedules",
        required=False,
        help_text="Says so to the API, instead of leaving them out.",
    )

    def __init__(self, data: Any = None, *, now: Defined | None = None) -> None:
        super().__init__(data, initial=initial_of(now) if now else None)
        if now is not None:
            for name in ("limits_steps", "concurrency_limit", *RETENTIONS):
                self.fields[name].widget.attrs["placeholder"] = "not told by the API"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("no_schedules") and cleaned.get("schedules"):
            self.add_error("no_schedules", "Either schedules or none: empty the field above.")
        return cleaned

    def definition(self) -> WorkflowDefinition:
        data = self.cleaned_data
        keep = Retention(**{name: data[name] for name in RETENTIONS})
        return WorkflowDefinition(
            class_name=data["class_name"],
            script_name=data["script_name"],
            limits_steps=data["limits_steps"],
            concurrency_limit=data["concurrency_limit"],
            default_retention=keep if keep != Retention() else None,
            schedules=() if data.get("no_schedules") else data["schedules"] or None,
            jurisdiction=data.get("jurisdiction") or None,
        )


RETENTIONS = ("success_retention", "error_retention")


def initial_of(now: Defined) -> dict[str, Any]:
    keep = {name: getattr(now, name) for name in RETENTIONS}
    return {
        "class_name": now.class_name,
        "script_name": now.script_name,
        "limits_steps": now.limits_steps,
        "concurrency_limit": now.concurrency_limit,
        "schedules": "\n".join(now.schedules),
        **{name: retention_text(value) for name, value in keep.items() if value is not None},
    }


class NewWorkflowForm(DefinitionForm):
    name = forms.CharField(
        max_length=64,
        widget=forms.TextInput(attrs=MONO),
        help_text="Unique in the account. It can't be changed later.",
    )
    jurisdiction = forms.ChoiceField(
        label="Jurisdiction",
        required=False,
        choices=[("", "None"), *((key, f"{name} ({key})") for key, name in JURISDICTIONS.items())],
        help_text="New at Cloudflare. Chosen once: it can't be changed later.",
    )
    field_order = ("name",)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        del self.fields["no_schedules"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not CREATABLE.fullmatch(name):
            raise ValidationError(
                "A name starts with a letter, a digit or _ and holds only letters, digits, _ and -."
            )
        if name in ROUTES:
            raise ValidationError("The API has a page of its own at this name.")
        return name


class SchedulePreview(forms.Form):
    """Schedules as far as they are typed: what can't be read is shown, not refused."""

    schedules = forms.CharField(required=False, max_length=MOST_SCHEDULES * (MOST_CRON + 2))

    def crons(self) -> tuple[str, ...]:
        if not self.is_valid():
            return ()
        found = lines_of(self.cleaned_data["schedules"])
        return tuple(cron[: MOST_CRON + 1] for cron in found[:MOST_SCHEDULES])
