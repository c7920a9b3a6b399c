"""What the answers of a local engine mean, where they differ from the API's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workflows_ui.cloudflare import types as t
from workflows_ui.cloudflare import values as v
from workflows_ui.cloudflare.envelope import Envelope, open_envelope
from workflows_ui.cloudflare.errors import (
    ALREADY_EXISTS,
    CANNOT_TERMINATE,
    INSTANCE_NOT_FOUND,
    ApiError,
    Conflict,
    Invalid,
    NotFound,
    NotSupported,
    ServerError,
)
from workflows_ui.cloudflare.local_dialects import is_no_such_route, refuse_wrong_host
from workflows_ui.cloudflare.parsing import parse_row
from workflows_ui.cloudflare.steps import Steps
from workflows_ui.cloudflare.transport import Reply

PHANTOM_ID = re.compile(r"[0-9a-f]{64}")

ENGINE_TEXTS: tuple[tuple[str, type[ApiError], int | None], ...] = (
    ("(instance.already_exists)", Conflict, ALREADY_EXISTS),
    ("(instance.cannot_terminate)", Conflict, CANNOT_TERMINATE),
    ("(instance.cannot_restart)", Conflict, None),
    ("(instance.not_found)", NotFound, INSTANCE_NOT_FOUND),
    ("(instance.invalid_id)", Invalid, None),
    ("has invalid id", Invalid, None),
    ("are limited to 32MiB", Invalid, None),
)
"""A text in the engine's 500, the class it deserves, and the code the API has for it."""


def open_local(reply: Reply, *, writes: bool = False) -> Envelope:
    """As `open_envelope`, with the engine's plain-text refusals and its 500s put right.

    An id in use is a Conflict with code 10405 and the terminate of an ended instance one with
    10401, as from the API; neither leaves a doubt whether anything was done.
    """
    refuse_wrong_host(reply)
    if is_no_such_route(reply):
        raise NotSupported("wrangler dev has no such call.", status=404)
    try:
        return open_envelope(reply, writes=writes)
    except ServerError as error:
        better = _known(error)
    raise better


def _known(error: ServerError) -> ApiError:
    for text, kind, code in ENGINE_TEXTS:
        if text in error.message:
            message = error.message.removeprefix("WorkflowError: ")
            return kind(message, status=error.status, code=code or error.code, errors=error.errors)
    return error


def parse_local_rows(value: object) -> tuple[t.InstanceRow, ...]:
    """The rows of a list without the phantoms: 64 hex digits and nothing else."""
    rows = [v.as_object(row, "instance") for row in v.as_list(value, "instances")]
    return tuple(
        parse_row({"status": t.InstanceStatus.UNKNOWN.value, **row})
        for row in rows
        if not _is_phantom(row)
    )


def _is_phantom(row: Mapping[str, Any]) -> bool:
    return "status" not in row and PHANTOM_ID.fullmatch(v.text(row.get("id")) or "") is not None


def without_phantom_count(workflow: t.Workflow) -> t.Workflow:
    """Phantoms count as `unknown`, and nothing else does."""
    if workflow.instances is None:
        return workflow
    counts = {s: n for s, n in workflow.instances.items() if s != t.InstanceStatus.UNKNOWN}
    return replace(workflow, instances=counts)


def with_derived_status(detail: t.InstanceDetail) -> t.InstanceDetail:
    """The engine says `running` while an instance sleeps, waits or is between two attempts.

    When that is all that is under way the status is `waiting`, as the API would say, and the
    engine's own word is in `extra["reported_status"]`.
    """
    if detail.status != t.InstanceStatus.RUNNING or not isinstance(detail.steps, Steps):
        return detail
    entries = (detail.steps.raw(index) for index in range(len(detail.steps)))
    unfinished = [entry for entry in entries if _is_unfinished(entry)]
    if not unfinished or not all(_is_waiting(entry) for entry in unfinished):
        return detail
    extra = {**detail.extra, "reported_status": detail.status}
    return replace(detail, status=t.InstanceStatus.WAITING.value, extra=extra)


def _is_unfinished(entry: Mapping[str, Any]) -> bool:
    if entry.get("type") == "step":
        return entry.get("success") is None
    return entry.get("type") in ("sleep", "waitForEvent") and entry.get("finished") is False


def _is_waiting(entry: Mapping[str, Any]) -> bool:
    if entry.get("type") != "step":
        return True
    attempts = v.list_or_empty(entry.get("attempts"))
    return bool(attempts) and v.object_or_empty(attempts[-1]).get("success") is False
