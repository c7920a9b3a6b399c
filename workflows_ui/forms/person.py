from __future__ import annotations

import zoneinfo
from typing import Any, ClassVar

from django import forms

from console.team.models import User


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]
    """How the console looks to one person."""

    time_zone = forms.ChoiceField(label="Time zone", required=False)

    class Meta:
        model = User
        fields: ClassVar = ["time_zone", "theme", "density", "refresh_seconds", "default_account"]
        labels: ClassVar = {"refresh_seconds": "Refresh", "default_account": "Start at"}
        help_texts: ClassVar = {
            "refresh_seconds": "How often a page that shows something alive asks again.",
            "default_account": "What the console opens with.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields["time_zone"]
        zone.widget = forms.Select(choices=zone_choices())
        zone.choices = zone_choices()  # type: ignore[attr-defined]
        self.fields["default_account"].queryset = self.instance.accounts.all()  # type: ignore[attr-defined]
        self.fields["default_account"].empty_label = "The list of accounts"  # type: ignore[attr-defined]
        refresh = self.fields["refresh_seconds"]
        refresh.choices = [("", "At each page's own pace"), *User.Refresh.choices]  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.required = field.required and not isinstance(field, forms.ModelChoiceField)


class EmailForm(forms.Form):
    """Where notices about the person's own log-in go."""

    email = forms.EmailField(
        label="E-mail",
        required=False,
        help_text="Gets a note when your password or second factor changes, and the link when "
        "you forgot your password.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


def zone_choices() -> list[tuple[str, Any]]:
    """Every zone, by continent, after the browser's own."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        region, slash, place = name.partition("/")
        if slash and region not in ("Etc", "SystemV", "US"):
            regions.setdefault(region, []).append((name, place.replace("_", " ")))
    return [("", "As the browser says"), ("UTC", "UTC"), *regions.items()]
