"""Reading single values out of decoded JSON, one rule per kind of value.

What may be missing comes back as None, never as a guess; what must be there is a BadResponse.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from workflows_ui.cloudflare.errors import BadResponse

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)


def as_object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadResponse(f"The API sent no {what}.")
    return value


def as_list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadResponse(f"The API sent no list of {what}.")
    return value


def required_text(data: Mapping[str, Any], key: str, what: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise BadResponse(f"The API sent a {what} without “{key}”.")
    return value


def object_or_empty(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def list_or_empty(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value)


def number(value: object) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def amount(value: object) -> int | float | str | None:
    """Milliseconds or a text such as "10 minutes"."""
    return value if isinstance(value, str) else number(value)


def shown(value: object) -> str:
    """Any JSON value as text."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "…"


def moment(value: object) -> datetime | None:
    """ISO 8601 text (UTC when it names no zone) or epoch milliseconds; anything else is None.

    So is a moment no clock can mean: at the ends of the calendar every reckoning overflows.
    """
    try:
        found = _moment(value)
    except (ValueError, OverflowError):
        return None
    return found if found and EPOCH <= found < END_OF_TIME else None


def _moment(value: object) -> datetime | None:
    if isinstance(value, str):
        parsed = datetime.fromisoformat(value)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    milliseconds = number(value)
    return None if milliseconds is None else EPOCH + timedelta(milliseconds=milliseconds)


def other_fields(data: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in known}
