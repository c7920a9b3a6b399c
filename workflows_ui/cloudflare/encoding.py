"""What goes out: path parts, query texts, times and JSON bodies. What can't is Invalid."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from workflows_ui.cloudflare import types as t
from workflows_ui.cloudflare.errors import Invalid


def path_of(*parts: str) -> str:
    """`/a/b%20c`: every part percent-encoded, ids hold spaces, `*`, `/` and `#`.

    An empty part and a dot segment would address something else; they are refused unsent.
    """
    return "".join(f"/{_part(part)}" for part in parts)


def _part(part: str) -> str:
    if part in ("", ".", ".."):
        raise Invalid(f"“{part}” is not a name or id.")
    try:
        return quote(part, safe="")
    except UnicodeEncodeError:
        raise Invalid("A name or id holds half a character.") from None


def query_of(values: Mapping[str, object | None]) -> str:
    """The query of what is not None; spaces as %20."""
    given = {key: str(value) for key, value in values.items() if value is not None}
    try:
        return urlencode(given, quote_via=quote, safe="")
    except UnicodeEncodeError:
        raise Invalid("A value holds half a character.") from None


def utc_text(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and `Z`, the one form both upstreams take.

    A time without a zone is taken as UTC.
    """
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_body(value: t.Json) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()
    except (ValueError, TypeError, RecursionError):
        raise Invalid("What was to be sent can't be written as JSON.") from None


def instance_body(new: t.NewInstance) -> dict[str, Any]:
    """4.6. `params` goes as a JSON value; left out when it was never set."""
    return _given(
        {
            "instance_id": new.instance_id,
            "instance_retention": retention_body(new.retention),
            "location_hint": new.location_hint,
        }
    ) | ({} if new.params is t.NOTHING else {"params": new.params})


def retention_body(retention: t.Retention | None) -> dict[str, Any] | None:
    if retention is None:
        return None
    return _given(
        {
            "success_retention": retention.success_retention,
            "error_retention": retention.error_retention,
        }
    )


def definition_body(definition: t.WorkflowDefinition) -> dict[str, Any]:
    """4.3. `schedules` must be objects, not texts."""
    steps, instances = definition.limits_steps, definition.concurrency_limit
    schedules = definition.schedules
    return _given(
        {
            "class_name": definition.class_name,
            "script_name": definition.script_name,
            "limits": None if steps is None else {"steps": steps},
            "concurrency": None if instances is None else {"limit": instances},
            "default_retention": retention_body(definition.default_retention),
            "schedules": None if schedules is None else [{"cron": cron} for cron in schedules],
            "jurisdiction": definition.jurisdiction,
        }
    )


def status_body(
    action: t.InstanceAction,
    *,
    rollback: bool | None = None,
    restart_from: t.RestartFrom | None = None,
) -> dict[str, Any]:
    """4.15."""
    start = restart_from
    return _given(
        {
            "status": str(action),
            "rollback": rollback,
            "from": start and {"name": start.name, "count": start.count, "type": start.type},
        }
    )


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
