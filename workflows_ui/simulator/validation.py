"""Checks of bodies and queries: the rules of the API reference, section 2. All raise 400/10002."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from workflows_ui.simulator.clock import as_millis
from workflows_ui.simulator.definitions import OLD_RETENTION, Retention
from workflows_ui.simulator.durations import as_duration
from workflows_ui.simulator.errors import bad_body, refused
from workflows_ui.simulator.http import Request

NAME = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9\-_]*", re.ASCII)
ADDRESSABLE = re.compile(r"[a-zA-Z0-9, */#_-]{1,271}", re.ASCII)
RESERVED = re.compile(r"cf_[0-9a-f]{64}")
ROUTE_WORDS = frozenset({"batch", "terminate", "terminateAll"})
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
HINTS = frozenset(
    {"wnam", "weur", "enam", "eeur", "apac", "apac-ne", "apac-se", "oc", "sam", "afr", "me"}
)
JURISDICTIONS = frozenset({"eu", "fedramp", "us"})
PAYLOAD_LIMIT = 1024 * 1024
STEP_MAXIMUM = 25_000
SCHEDULE_MAXIMUM = 100


# --- queries ---


class Query:
    """The query string, each name at most once."""

    def __init__(self, request: Request) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in request.query:
            self._values.setdefault(name, []).append(value)

    def text(self, name: str) -> str | None:
        values = self._values.get(name)
        if values is None:
            return None
        if len(values) > 1:
            raise bad_body()
        return values[0]

    def required(self, name: str, *, most: int = 1024) -> str:
        value = self.text(name)
        if not value or len(value) > most:
            raise bad_body()
        return value

    def integer(self, name: str, *, least: int = 1, most: int | None = None) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if re.fullmatch(r"[+-]?\d{1,15}(\.0+)?", value, re.ASCII) is None:
            raise bad_body()
        number = int(float(value))
        if number < least or (most is not None and number > most):
            raise bad_body()
        return number

    def one_of(self, name: str, values: tuple[str, ...]) -> str | None:
        value = self.text(name)
        if value is not None and value not in values:
            raise bad_body()
        return value

    def moment(self, name: str) -> int | None:
        """ISO 8601 in UTC; an aware datetime's `+00:00` is UTC too."""
        value = self.text(name)
        if value is None:
            return None
        # A plus sign that was not percent-encoded arrives as a space.
        value = re.sub(r" (?=\d\d:\d\d$)", "+", value)
        if MOMENT.fullmatch(value) is None:
            raise bad_body()
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise bad_body() from error
        if moment.utcoffset() not in (None, timedelta()):
            raise bad_body()
        return as_millis(moment.replace(tzinfo=UTC))


# --- bodies ---


def json_body(request: Request) -> Any:
    """The body as JSON; a missing one is invalid."""
    try:
        return json.loads(request.body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise bad_body() from error


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def object_body(request: Request) -> dict[str, Any]:
    return expect(json_body(request), dict)


def expect[T](value: Any, kind: type[T]) -> T:
    if not isinstance(value, kind):
        raise bad_body()
    return value


def optional_object(value: Any) -> dict[str, Any]:
    return {} if value is None else expect(value, dict)


def text(value: Any, *, most: int, pattern: re.Pattern[str] | None = None) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise bad_body()
    if pattern is not None and pattern.fullmatch(value) is None:
        raise bad_body()
    return value


def whole(value: Any, *, least: int = 1, most: int | None = None) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise bad_body()
    if most is not None and value > most:
        raise bad_body()
    return value


def retention(value: Any) -> Retention:
    """`success_retention` and `error_retention`, within the plan's 30 days."""
    found = expect(value, dict)
    for each in (found.get("success_retention"), found.get("error_retention")):
        if each is None:
            continue
        if isinstance(each, bool) or not isinstance(each, int | str):
            raise bad_body()
        try:
            millis = as_duration(each)
        except ValueError as error:
            raise bad_body() from error
        if not 0 <= millis <= OLD_RETENTION:
            raise bad_body()
    return Retention.parse(found)


def instance_id(value: Any) -> str:
    found = text(value, most=100, pattern=NAME)
    if found in ROUTE_WORDS or RESERVED.fullmatch(found):
        raise refused("instance.invalid_id")
    return found


def params(value: Any) -> Any:
    """The event payload: JSON as text, as the schema has it, or any JSON value."""
    if isinstance(value, str):
        payload_size(value)
        try:
            return json.loads(value, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return value
    payload_size(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    return value


def payload_size(value: str) -> None:
    if len(value.encode("utf-8", "surrogatepass")) > PAYLOAD_LIMIT:
        raise bad_body()


def batch(value: Any) -> list[Any]:
    found = expect(value, list)
    if not 1 <= len(found) <= 100:
        raise bad_body()
    return found
