"""What is asked before a change is sent that was shown first."""

from __future__ import annotations

from typing import Any

from django import forms

from console.audit.fields import OpenText
from workflows_ui.forms.acts import MOST_REASON, ActForm
from workflows_ui.presenters.changes import Draft


class ConfirmForm(ActForm):
    """`seen` marks the state that the changes were drawn against."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)
    tick = forms.BooleanField(error_messages={"required": "Tick this if you mean it."})
    reason = OpenText(
        max_length=MOST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept in the trail, for whoever asks later.",
    )

    def __init__(self, data: Any = None, *, draft: Draft) -> None:
        super().__init__(data, initial={"seen": draft.seen})
        self.fields["tick"].label = draft.tick
        self.fields["reason"].required = draft.wants_reason
        if not draft.tick:
            del self.fields["tick"]

    def is_of(self, draft: Draft) -> bool:
        """Whether it was drawn against the same state."""
        return bool(self["seen"].value() == draft.seen)
