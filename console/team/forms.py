"""allauth's forms in the words of this console."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms

from console.audit.fields import OpenText

CODE = {
    "autocomplete": "one-time-code",
    "inputmode": "numeric",
    "spellcheck": "false",
    "class": "mono",
}


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """A code of the app, or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        help_text="Six digits from your authenticator app, or one of your recovery codes.",
        widget=forms.TextInput(attrs=CODE | {"autofocus": True}),
    )


class ConfirmCodeForm(ReauthenticateForm):  # type: ignore[misc]
    """The same, to confirm who it is."""

    code = CodeForm.base_fields["code"]


class AppForm(ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new app proves that it has the secret."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        help_text="The six digits that the app shows now.",
        widget=forms.TextInput(attrs=CODE),
    )


class AddKeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A key or passkey; the browser fills in the credential."""

    name = OpenText(
        label="Name", max_length=80, help_text="To tell it from others: “Laptop”, “Blue key”."
    )
    passwordless = forms.BooleanField(
        label="Log in with it alone",
        required=False,
        initial=True,
        help_text="Without name and password. The device then asks for a finger, a face or a PIN.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = False  # the ceremony is over when this arrives
