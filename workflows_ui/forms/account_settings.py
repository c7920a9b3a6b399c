"""What an admin sets for an account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from console.audit.fields import OpenText
from console.audit.redaction import Rules
from console.team.models import Account
from console.team.names import NAME_LENGTH, one_line
from workflows_ui.cloudflare import Retention
from workflows_ui.forms.acts import MOST_REASON, ActForm
from workflows_ui.forms.definitions import MONO, RETENTIONS, lines_of
from workflows_ui.forms.json_field import JsonText
from workflows_ui.forms.trigger import RetentionField
from workflows_ui.presenters.words import retention_text

MOST_WORDS = 50
MOST_WORD = 40


class RenameForm(ActForm):
    name = OpenText(
        max_length=NAME_LENGTH, help_text="As everybody sees it here. Its address stays."
    )

    def clean_name(self) -> str:
        name = one_line(self.cleaned_data["name"])
        if not name:
            raise ValidationError("A name has something to read.")
        return name


class SecondFactorForm(forms.Form):
    required = forms.BooleanField(
        label="Require a second factor",
        required=False,
        help_text="Members who came without one see nothing of this account until they have it.",
    )


class RetentionForm(forms.Form):
    """The account's defaults; what is empty stays as it is (4.23)."""

    success_retention = RetentionField("Keep when complete", empty="Empty: stays as it is.")
    error_retention = RetentionField("Keep when errored", empty="Empty: stays as it is.")

    def __init__(self, data: Any = None, *, now: Retention | None = None) -> None:
        keep = {name: getattr(now, name, None) for name in RETENTIONS}
        told = {name: retention_text(value) for name, value in keep.items() if value is not None}
        super().__init__(data, initial=told)
        if now is not None:
            for name in RETENTIONS:
                self.fields[name].widget.attrs["placeholder"] = "not told by the API"

    def retention(self) -> Retention:
        return Retention(**{name: self.cleaned_data[name] for name in RETENTIONS})


class WordsField(OpenText):
    """One word a line; cleans to a tuple of them, each once whatever its case."""

    def __init__(self) -> None:
        super().__init__(
            label="Words",
            required=False,
            max_length=MOST_WORDS * (MOST_WORD + 2) * 2,
            widget=forms.Textarea(attrs={"rows": 6, **MONO}),
            help_text="One a line. What stands under a key that holds one of them, in capitals or "
            f"not, is left out. At most {MOST_WORDS} words of {MOST_WORD} characters.",
        )

    def clean(self, value: Any) -> tuple[str, ...]:
        found = lines_of(super().clean(value))
        words = tuple({word.casefold(): word for word in reversed(found)}.values())[::-1]
        if len(words) > MOST_WORDS:
            raise ValidationError(f"These are {len(words)} words. It takes {MOST_WORDS} at most.")
        if long := [word for word in words if len(word) > MOST_WORD]:
            raise ValidationError(
                f"“{long[0][:MOST_WORD]}…” is longer than {MOST_WORD} characters."
            )
        return words


def keep_params_field() -> forms.BooleanField:
    return forms.BooleanField(
        label="Keep the params of acts",
        required=False,
        help_text="Without it the trail keeps their size and a digest alone.",
    )


class RedactionForm(ActForm):
    """To keep more than now is an act with a reason."""

    words = WordsField()
    keep_params = keep_params_field()
    reason = OpenText(
        max_length=MOST_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed when the trail would keep more than now.",
    )

    def __init__(self, data: Any = None, *, account: Account, **kwargs: Any) -> None:
        now = {"words": "\n".join(account.redacted_keys), "keep_params": account.keep_params}
        super().__init__(data, initial=now | kwargs.pop("initial", {}), **kwargs)
        self.account = account

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "words" in cleaned and not cleaned.get("reason") and (more := self.kept_more()):
            self.add_error("reason", f"The trail would keep more: {more}. Say why.")
        return cleaned

    def kept_more(self) -> str:
        """What the trail would keep that it doesn't now; empty for nothing."""
        words = {word.casefold() for word in self.cleaned_data["words"]}
        gone = [word for word in self.account.redacted_keys if word.casefold() not in words]
        on = self.cleaned_data["keep_params"] and not self.account.keep_params
        return ", ".join([*(["the params of acts"] if on else []), *(f"“{w}”" for w in gone)])


class ExampleForm(forms.Form):
    """JSON to try words on. Nothing of it is kept."""

    words = WordsField()
    keep_params = keep_params_field()
    example = JsonText(label="Try it", help_text="Any JSON value. It is not stored.")

    def rules(self) -> Rules:
        return Rules(self.cleaned_data["words"], self.cleaned_data["keep_params"])
