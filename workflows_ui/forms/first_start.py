from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.auth.forms import BaseUserCreationForm
from django.utils.crypto import constant_time_compare

from console.team.models import User


class FirstStartForm(BaseUserCreationForm[User]):
    """The first user. With CONSOLE_SETUP_CODE set, only whoever knows the code."""

    code = forms.CharField(
        label="Setup code",
        help_text="The CONSOLE_SETUP_CODE of this server.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = User
        fields: ClassVar = ["username"]

    field_order = ["code", "username", "password1", "password2"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not settings.SETUP_CODE:
            del self.fields["code"]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not constant_time_compare(code, settings.SETUP_CODE):
            raise forms.ValidationError("This is not the setup code of this server.")
        return code
