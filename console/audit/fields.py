"""Form fields for text that others get to read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from console.audit.redaction import scrub, token_in


def no_token(text: str) -> None:
    """Raises ValidationError for text with something in it that looks like a token."""
    if token_in(text):
        raise ValidationError(
            "There is something in it that looks like an API token. It would be stored as it "
            "stands here, for others to read: leave it out.",
            code="token",
        )


class OpenText(forms.CharField):
    """Labels, titles, notes and reasons. A token that was pasted here by mistake is refused, and
    left out where the rest of what was typed is shown again."""

    default_validators = [no_token]

    def bound_data(self, data: Any, initial: Any) -> Any:
        bound = super().bound_data(data, initial)
        return scrub(bound) if isinstance(bound, str) else bound
