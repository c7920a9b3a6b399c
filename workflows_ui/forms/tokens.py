from __future__ import annotations

from typing import Any

from django import forms

from console.audit.fields import OpenText
from console.vault.models import ApiToken


class TokenField(forms.RegexField):
    """A pasted token. It is never rendered back, not even after an error."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            r"^[\x21-\x7e]{8,300}\Z",
            label="API token",
            error_messages={
                "invalid": "This is no API token: it holds spaces or other odd characters, "
                "or has the wrong length."
            },
            widget=forms.PasswordInput(
                render_value=False, attrs={"autocomplete": "off", "spellcheck": "false"}
            ),
            **kwargs,
        )


class TokenForm(forms.Form):
    """A token, one more or in place of another."""

    token = TokenField()
    label = OpenText(
        max_length=80,
        required=False,
        help_text="For yourself, to tell it from others: what it was called at Cloudflare.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


TO_NOBODY = (ApiToken.Lent.NONE, "Nobody")
TO_DASHBOARDS = (
    ApiToken.Lent.DASHBOARDS,
    "Dashboards: what the panels of dashboards I share show, and the history behind charts, is "
    "read with this token, also for those who have none. Nobody acts with it.",
)
TO_TEAM = (
    ApiToken.Lent.TEAM,
    "The team: also every member without a token of their own sees the account with it and acts "
    "with it within their role.",
)


class LendForm(forms.Form):
    """To whom the owner lends a token. To the team only for those who may."""

    lent = forms.ChoiceField(label="Who may use it besides you", widget=forms.RadioSelect)
    sure = forms.BooleanField(
        required=False,
        label="I know that to Cloudflare all they do is done by me",
        help_text="It counts against my 1,200 calls per five minutes, and may be more than their "
        "own permissions at Cloudflare allow. The trail says who did what with whose token. "
        "I can take it back at any time.",
    )

    def __init__(self, *args: Any, to_team: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["lent"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [TO_NOBODY, TO_DASHBOARDS, *([TO_TEAM] if to_team else [])]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        lends = cleaned.get("lent", ApiToken.Lent.NONE) != ApiToken.Lent.NONE
        if lends and not cleaned.get("sure"):
            self.add_error("sure", "Confirm this, or lend it to nobody.")
        return cleaned
