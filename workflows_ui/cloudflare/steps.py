"""The step entries of an instance, parsed one by one and only when looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload

from workflows_ui.cloudflare import types as t
from workflows_ui.cloudflare import values as v

STEP_FIELDS = frozenset(
    [
        "type",
        "name",
        "start",
        "end",
        "success",
        "finished",
        "output",
        "error",
        "config",
        "attempts",
        "event_type",
        "trigger",
    ]
)


class Steps(Sequence[t.StepEntry]):
    """A sequence of StepEntry over the raw list: ten thousand entries cost nothing until shown.

    `raw(index)` gives the entry as it came, for filters that need not parse it.
    """

    __slots__ = ("_entries",)

    def __init__(self, entries: Sequence[object]) -> None:
        self._entries = entries

    @overload
    def __getitem__(self, index: int) -> t.StepEntry: ...
    @overload
    def __getitem__(self, index: slice) -> Steps: ...
    def __getitem__(self, index: int | slice) -> t.StepEntry | Steps:
        if isinstance(index, slice):
            return Steps(self._entries[index])
        return parse_step(self.raw(index))

    def __len__(self) -> int:
        return len(self._entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Steps) and list(self._entries) == list(other._entries)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Steps of {len(self)} entries>"

    def raw(self, index: int) -> Mapping[str, Any]:
        """The entry as it came; one that is no object becomes the output of type "unknown"."""
        entry = self._entries[index]
        return entry if isinstance(entry, dict) else {"type": "unknown", "output": entry}


def awaits_event(steps: Sequence[t.StepEntry]) -> bool:
    """Whether a step waits for an event now. Nothing is parsed for it."""
    if isinstance(steps, Steps):
        entries = (steps.raw(place) for place in range(len(steps)))
        return any(
            entry.get("type") == "waitForEvent" and entry.get("finished") is False
            for entry in entries
        )
    return any(entry.type == "waitForEvent" and entry.finished is False for entry in steps)


def parse_step(data: Mapping[str, Any]) -> t.StepEntry:
    """One entry (5.4) of whatever type, known or not. Never fails."""
    return t.StepEntry(
        type=v.text(data.get("type")) or "unknown",
        name=v.text(data.get("name")) or "",
        start=v.moment(data.get("start")),
        end=v.moment(data.get("end")),
        success=v.boolean(data.get("success")),
        finished=v.boolean(data.get("finished")),
        output=data.get("output"),
        error=parse_failure(data.get("error")),
        config=_parse_config(data.get("config")),
        attempts=tuple(
            _parse_attempt(attempt)
            for attempt in v.list_or_empty(data.get("attempts"))
            if isinstance(attempt, dict)
        ),
        event_type=v.text(data.get("event_type")),
        trigger_source=v.text(v.object_or_empty(data.get("trigger")).get("source")),
        extra=v.other_fields(data, STEP_FIELDS),
    )


def parse_failure(value: object) -> t.Failure | None:
    """`{name, message}`; an error of another shape is kept as the message."""
    if value is None:
        return None
    if not isinstance(value, dict):
        return t.Failure(name="", message=v.shown(value))
    message = value.get("message")
    return t.Failure(
        name=v.text(value.get("name")) or "", message="" if message is None else v.shown(message)
    )


def _parse_attempt(data: Mapping[str, Any]) -> t.Attempt:
    return t.Attempt(
        start=v.moment(data.get("start")),
        end=v.moment(data.get("end")),
        success=v.boolean(data.get("success")),
        error=parse_failure(data.get("error")),
    )


def _parse_config(value: object) -> t.StepConfig | None:
    if not isinstance(value, dict):
        return None
    retries = v.object_or_empty(value.get("retries"))
    return t.StepConfig(
        retries_limit=v.number(retries.get("limit")),
        retries_delay=v.amount(retries.get("delay")),
        retries_backoff=v.text(retries.get("backoff")),
        timeout=v.amount(value.get("timeout")),
        sensitive=v.text(value.get("sensitive")),
    )
