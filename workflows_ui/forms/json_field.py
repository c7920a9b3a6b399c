"""A field that takes any JSON value and says where it is broken."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

MOST_BYTES = 1024 * 1024
DEEPEST = 200


class JsonEditor(forms.Textarea):
    template_name = "widgets/json_editor.html"

    def __init__(self) -> None:
        super().__init__(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off"})


class JsonText(forms.CharField):
    """Cleans to the value itself. Empty text means `{}`; what was typed stays in the form."""

    widget = JsonEditor

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, strip=False, **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text.strip():
            return {}
        if len(text.encode()) > MOST_BYTES:
            raise ValidationError("The API takes at most 1 MiB of params.", code="too_large")
        return parse(text)


def parse(text: str) -> Any:
    """The JSON value. Raises ValidationError that names line and column."""
    try:
        value = json.loads(text, parse_constant=refuse_constant, object_pairs_hook=unique_keys)
        refuse_depth(value)
        return value
    except json.JSONDecodeError as error:
        place = f"Line {error.lineno}, column {error.colno}"
        raise ValidationError(f"{place}: {error.msg}.", code="json") from None
    except (RecursionError, ValueError) as error:
        text = str(error) if type(error) is ValueError else "This is nested too deeply."
        raise ValidationError(text, code="json") from None


def refuse_depth(value: Any) -> None:
    """What is nested deeper than anyone reads breaks every tool that walks it later."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise RecursionError


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON. Use a number, a text or null.")


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"The key {json.dumps(twice)[:80]} is there twice in one object.")
    return found
