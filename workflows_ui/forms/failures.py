"""Which failures of a kind are shown, as the panel says that led there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms

from workflows_ui.forms.panels import GlobsField
from workflows_ui.presenters.charts import PERIODS


class FailureFilterForm(forms.Form):
    """What is not valid chooses nothing: then all are shown."""

    period = forms.ChoiceField(choices=[(name, name) for name in PERIODS], required=False)
    workflow = GlobsField()

    def __init__(self, asked: Any) -> None:
        super().__init__(
            {
                "period": asked.get("period", ""),
                "workflow": "\n".join(asked.getlist("workflow")),
            }
        )
        self.is_valid()

    @property
    def period_name(self) -> str:
        name: str = self.cleaned_data.get("period", "")
        return name

    @property
    def within(self) -> timedelta | None:
        period = PERIODS.get(self.period_name)
        return period.length if period else None

    @property
    def period_label(self) -> str:
        period = PERIODS.get(self.period_name)
        return period.label.lower() if period else ""

    @property
    def query(self) -> str:
        """The same asked again, of what is valid alone."""
        globs = [("workflow", glob) for glob in self.workflows]
        return urlencode([("period", self.period_name)] * bool(self.period_name) + globs)

    @property
    def workflows(self) -> list[str]:
        globs: list[str] = self.cleaned_data.get("workflow") or []
        return globs
