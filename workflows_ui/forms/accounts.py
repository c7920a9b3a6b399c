from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings

from console.audit.fields import OpenText
from console.env import is_loopback
from workflows_ui.cloudflare import AddressRefused, AddressRules, check_url
from workflows_ui.forms.tokens import TokenField


class AccountIdField(forms.RegexField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            r"^[0-9a-f]{32}\Z",
            label="Account id",
            error_messages={"invalid": "An account id is 32 characters: digits and a to f."},
            widget=forms.TextInput(
                attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}
            ),
            **kwargs,
        )

    def to_python(self, value: Any) -> Any:
        return str(super().to_python(value)).lower()


class CloudflareForm(forms.Form):
    """A token and where to take it."""

    token = TokenField()
    account_id = AccountIdField(
        required=False,
        help_text="Only for a token that an account owns: it can't list its accounts.",
    )
    base_url = forms.CharField(
        label="API address",
        max_length=300,
        help_text="Another address than Cloudflare's own is an account of its own here.",
        widget=forms.URLInput(attrs={"autocomplete": "off", "inputmode": "url"}),
    )

    def __init__(self, *args: Any, rules: AddressRules, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"base_url": settings.CLOUDFLARE_API_URL})
        super().__init__(*args, **kwargs)
        self.rules = rules

    def clean_base_url(self) -> str:
        url = checked(self.cleaned_data["base_url"], kind="cloudflare", rules=self.rules)
        if url != settings.CLOUDFLARE_API_URL and not is_listed(url, self.rules):
            raise forms.ValidationError(
                "This console connects to Cloudflare's own address, and to those that its "
                "operator lists in CONSOLE_UPSTREAM_HOSTS."
            )
        return url


class LocalForm(forms.Form):
    """The address of a running wrangler dev."""

    url = forms.CharField(
        label="Address of wrangler dev",
        max_length=300,
        widget=forms.URLInput(
            attrs={"autocomplete": "off", "placeholder": "http://127.0.0.1:8787"}
        ),
    )
    name = OpenText(label="Name", max_length=60, required=False)

    def __init__(self, *args: Any, rules: AddressRules, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rules = rules

    def clean_url(self) -> str:
        return checked(self.cleaned_data["url"], kind="local", rules=self.rules)


def is_listed(url: str, rules: AddressRules) -> bool:
    """Whether the operator named the host, or opened this machine. Anybody may log in and paste
    an address: without a word of the operator the server calls nobody but Cloudflare."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    return rules.trusts(host, port) or (rules.loopback and is_loopback(host))


def checked(url: str, *, kind: Any, rules: AddressRules) -> str:
    try:
        return check_url(url, kind=kind, rules=rules)
    except AddressRefused as refused:
        raise forms.ValidationError(refused.message) from None


class ChoiceForm(forms.Form):
    """Which of the accounts that a token reaches to connect."""

    accounts = forms.MultipleChoiceField(
        label="Accounts",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one account."},
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["accounts"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        field.choices = choices


class AccountIdForm(forms.Form):
    """The account of a token that can't say itself what it reaches."""

    account_id = AccountIdField(
        help_text="In Cloudflare's dashboard: the account's menu, Copy account ID."
    )
