from __future__ import annotations

from typing import Any

from django import forms


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
    """A token in place of the one before."""

    token = TokenField()
    label = forms.CharField(
        max_length=80,
        required=False,
        help_text="For yourself, to tell it from others: what it was called at Cloudflare.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
