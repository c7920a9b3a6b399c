from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from console.audit.fields import OpenText
from console.team.roles import Role
from workflows_ui.forms.acts import ActForm

GLOB = re.compile(r"[A-Za-z0-9_*?-]{1,64}")
MOST_GLOBS = 20
MOST_DAYS = 30
ROLES = [
    (Role.VIEWER, "Viewer: reads everything"),
    (Role.OPERATOR, "Operator: also triggers, sends events, pauses, resumes and restarts"),
    (Role.ADMIN, "Admin: also terminates, deletes, changes workflows and manages the team"),
]


class GlobsField(forms.CharField):
    """Patterns of workflow names, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            widget=forms.Textarea(
                attrs={"rows": 3, "spellcheck": "false", "class": "mono", "autocomplete": "off"}
            ),
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        globs = list(dict.fromkeys(str(super().clean(value)).split()))
        if odd := next((glob for glob in globs if not GLOB.fullmatch(glob)), None):
            raise ValidationError(
                f"“{odd[:80]}” can fit no workflow's name: use 1 to 64 letters, digits, _ and -, "
                "with * for anything and ? for one character."
            )
        if len(globs) > MOST_GLOBS:
            raise ValidationError(f"At most {MOST_GLOBS} patterns, and these are {len(globs)}.")
        return globs


class MemberForm(forms.Form):
    """A member's role, and what an operator is limited to."""

    role = forms.ChoiceField(choices=ROLES, widget=forms.RadioSelect)
    limits = GlobsField(
        label="Workflows that an operator may act on",
        help_text="Patterns of names, one a line: billing-* for all that begin so. Empty: all. "
        "Reading stays whole, and admins are not limited.",
    )


class InvitationForm(ActForm):
    """What the invited person joins as, and how long the link lasts."""

    role = forms.ChoiceField(choices=ROLES, widget=forms.RadioSelect, initial=Role.VIEWER)
    limits = GlobsField(
        label="Workflows that an operator may act on",
        help_text="Patterns of names, one a line: billing-* for all that begin so. Empty: all.",
    )
    days = forms.IntegerField(
        label="Days the link lasts",
        min_value=1,
        max_value=MOST_DAYS,
        initial=7,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    note = OpenText(
        label="For whom",
        max_length=80,
        required=False,
        help_text="To tell invitations apart, here and in the trail.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
