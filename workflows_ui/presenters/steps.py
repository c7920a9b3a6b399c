"""Step entries of an instance: what each is doing, and when it goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from workflows_ui.cloudflare import Attempt, Failure, StepConfig, StepEntry
from workflows_ui.presenters.instances import Span
from workflows_ui.presenters.status import Look, look_of
from workflows_ui.presenters.words import interval

TRUNCATED = "[truncated output]"
STREAM = re.compile(r"^\[ReadableStream \(binary\): \d+ bytes\]$")
COUNTER = re.compile(r"^(.*)-(\d+)$", re.DOTALL)
ICONS = {
    "step": "step",
    "rollback": "status-rollingBack",
    "sleep": "sleep",
    "waitForEvent": "wait",
    "termination": "status-terminated",
}
MILLISECONDS = {
    "second": 1_000,
    "minute": 60_000,
    "hour": 3_600_000,
    "day": 86_400_000,
    "week": 604_800_000,
    "month": 2_592_000_000,
    "year": 31_536_000_000,
}
NO_SPAN = Span(None, None)
# the kinds of entries an instance can be restarted from, in the words of the restart call
RESTARTABLE = {"step": "do", "sleep": "sleep", "waitForEvent": "waitForEvent"}
DELAY = re.compile(r"^(\d+)\s*(second|minute|hour|day|week|month|year)s?$")
# what a second, third... failure waits, as a factor of the configured delay (5.4, engine)
BACKOFF: dict[str, Callable[[int], int]] = {
    "constant": lambda failed: 1,
    "linear": lambda failed: failed,
    "exponential": lambda failed: 2 ** min(failed - 1, 40),
}


@dataclass(frozen=True, slots=True)
class AttemptLine:
    number: int
    attempt: Attempt
    look: Look
    span: Span


@dataclass(frozen=True, slots=True)
class StepLine:
    place: int
    entry: StepEntry
    name: str
    counter: str
    icon: str
    look: Look
    span: Span
    attempts: tuple[AttemptLine, ...]
    failed_attempts: int
    allowed: int | None
    next_try: datetime | None
    deadline: datetime | None
    output: Any
    has_output: bool
    truncated: bool
    binary: bool
    fetchable: bool
    """Whether the API has more of the output than this entry shows."""
    restart_query: str
    """What names this step to the restart form (4.15, 5.4); empty for one that can't be."""
    policy: str
    timeout: str
    bar: Bar | None

    @property
    def failure(self) -> Failure | None:
        """Why it failed, or failed last."""
        if self.look.label == "complete":
            return None
        return self.entry.error or (self.attempts[-1].attempt.error if self.attempts else None)


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a step stood in its instance's run, in shares of 100."""

    x: float
    width: float


def bar(run: Span, span: Span, now: datetime) -> Bar | None:
    if run.start is None or span.start is None:
        return None
    whole = max(((run.end or now) - run.start).total_seconds(), 0.001)
    x = min(max((span.start - run.start).total_seconds() / whole * 100, 0), 99.5)
    width = ((span.end or now) - span.start).total_seconds() / whole * 100
    return Bar(round(x, 1), round(min(max(width, 0.5), 100 - x), 1))


def step_line(
    entry: StepEntry, place: int, *, run: Span = NO_SPAN, instance_over: bool = False
) -> StepLine:
    name, counter = split_counter(entry)
    look = look_of(step_status(entry, instance_over=instance_over))
    text = entry.output if isinstance(entry.output, str) else ""
    config = entry.config or StepConfig()
    limit = config.retries_limit
    span = step_span(entry, look, run)
    truncated, binary = is_truncated(entry.output), bool(STREAM.match(text))
    return StepLine(
        place=place,
        entry=entry,
        name=name,
        counter=counter,
        icon=ICONS.get(entry.type, "info"),
        look=look,
        span=span,
        attempts=tuple(
            attempt_line(attempt, number) for number, attempt in enumerate(entry.attempts, 1)
        ),
        failed_attempts=sum(attempt.success is False for attempt in entry.attempts),
        allowed=int(limit) + 1 if isinstance(limit, int | float) and 0 <= limit < 1e6 else None,
        next_try=next_try(entry) if look.live else None,
        deadline=entry.end if look.live and entry.finished is False else None,
        output=parsed(entry.output),
        has_output=entry.output is not None,
        truncated=truncated,
        binary=binary,
        fetchable=entry.type in ("step", "waitForEvent") and (truncated or binary),
        restart_query=restart_query(entry.type, name, counter),
        policy=policy(config),
        timeout=interval(config.timeout) if config.timeout is not None else "",
        bar=bar(run, span, datetime.now(UTC)),
    )


def restart_query(type: str, name: str, counter: str) -> str:
    kind = RESTARTABLE.get(type)
    return urlencode({"step": name, "count": counter or "1", "type": kind}) if kind else ""


def step_span(entry: StepEntry, look: Look, run: Span) -> Span:
    """The `end` of an unfinished sleep or wait is a plan, not an end: it ended with its run."""
    if look.live:
        return Span(entry.start, None)
    if entry.finished is False:
        return Span(entry.start, run.end)
    return Span(entry.start, entry.end) if entry.end else NO_SPAN


def split_counter(entry: StepEntry) -> tuple[str, str]:
    """ "fetch-2" is the second "fetch". Rollback entries carry no counter (5.4)."""
    found = COUNTER.match(entry.name) if entry.type != "rollback" else None
    if found is None:
        return entry.name or entry.type, ""
    return found[1], "" if found[2] == "1" else found[2]


def step_status(entry: StepEntry, *, instance_over: bool = False) -> str:
    """The status a step would have, in the API's words (4.14)."""
    if entry.type == "termination":
        return "terminated"
    if entry.type in ("sleep", "waitForEvent"):
        if entry.error is not None:
            return "errored"
        if entry.finished:
            return "complete"
        return "terminated" if instance_over else "waiting"
    if entry.success is None:
        if instance_over:
            return "terminated"
        return "waiting" if between_attempts(entry) else "running"
    return "complete" if entry.success else "errored"


def between_attempts(entry: StepEntry) -> bool:
    return bool(entry.attempts) and entry.attempts[-1].success is False


def next_try(entry: StepEntry) -> datetime | None:
    """When the next attempt starts, as far as the retry policy tells (5.4)."""
    config, last = entry.config, entry.attempts[-1] if entry.attempts else None
    if entry.success is not None or config is None or last is None or last.success is not False:
        return None
    delay = milliseconds(config.retries_delay)
    factor = BACKOFF.get(config.retries_backoff or "constant")
    if last.end is None or delay is None or factor is None:
        return None
    wait = delay * factor(len(entry.attempts))
    return last.end + timedelta(milliseconds=min(wait, 3.2e10))


def milliseconds(delay: object) -> float | None:
    """A delay in milliseconds; None for "[dynamic]" and whatever else isn't known here."""
    if isinstance(delay, int | float) and not isinstance(delay, bool):
        return float(delay)
    found = DELAY.match(str(delay).strip())
    return float(found[1]) * MILLISECONDS[found[2]] if found else None


def attempt_line(attempt: Attempt, number: int) -> AttemptLine:
    status = {True: "complete", False: "errored", None: "running"}[attempt.success]
    return AttemptLine(number, attempt, look_of(status), Span(attempt.start, attempt.end))


def policy(config: StepConfig) -> str:
    """ "5 retries, 1 s, exponential" """
    if config.retries_limit is None:
        return ""
    limit = config.retries_limit
    count = f"{limit:g}" if isinstance(limit, int | float) else str(limit)
    parts = [f"{count} {'retry' if count == '1' else 'retries'}"]
    if config.retries_delay is not None:
        parts.append(interval(config.retries_delay))
    if config.retries_backoff:
        parts.append(str(config.retries_backoff))
    return ", ".join(parts)


def is_truncated(output: Any) -> bool:
    return isinstance(output, str) and output.endswith(TRUNCATED)


def parsed(output: Any) -> Any:
    """Outputs come as text that holds JSON (5.4); shown as what they hold when they do."""
    if not isinstance(output, str) or output[:1] not in '{["-0123456789tfn':
        return output
    try:
        return json.loads(output)
    except ValueError:
        return output
