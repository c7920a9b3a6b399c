"""What a workflow's code asks of the engine: steps, sleeps, waits and parallel branches.

A *flow* is a generator: it yields one of these operations and is sent the result back, or has
`StepFailed` thrown into it, exactly as `await step.do(...)` behaves in a Worker.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from workflows_ui.simulator.clock import DAY
from workflows_ui.simulator.durations import as_duration

Backoff = Literal["constant", "linear", "exponential"]
ParallelKind = Literal["all", "any", "all_settled", "race"]
DYNAMIC = "[dynamic]"
LONGEST_DELAY = 365 * DAY


@dataclass(frozen=True, slots=True)
class Failure:
    """An error's name and message, as the API shows them."""

    name: str
    message: str

    @property
    def retryable(self) -> bool:
        return self.name != "NonRetryableError"


def timed_out(timeout: int) -> Failure:
    return Failure("WorkflowTimeoutError", f"Execution timed out after {timeout}ms")


def too_many_steps(limit: int) -> Failure:
    return Failure(
        "WorkflowFatalError",
        f"The limit of {limit} steps has been reached. "
        "This limit can be changed in your worker configuration.",
    )


class StepFailed(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.name}: {failure.message}")
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Config:
    """A step's configuration; the defaults are the engine's (API reference, section 5.4)."""

    limit: int = 5
    delay: int | str = 1000
    backoff: Backoff = "exponential"
    timeout: int | str = "10 minutes"
    dynamic_delay: int = 5_000  # what a delay of "[dynamic]" comes to

    def retry_delay(self, *, attempts: int) -> int:
        """Milliseconds until the next attempt after so many attempts."""
        base: int = self.dynamic_delay if self.delay == DYNAMIC else as_duration(self.delay)
        if self.delay == DYNAMIC or self.backoff == "constant":
            return base
        if self.backoff == "linear":
            return base * attempts
        return min(base << min(attempts - 1, 40), LONGEST_DELAY)


DEFAULT = Config()


@dataclass(slots=True)
class Do:
    """`step.do`. The first `fails` attempts fail with `failure`; `undo` is its rollback handler."""

    name: str
    ms: int = 500
    output: Any = None
    config: Config = DEFAULT
    fails: int = 0
    failure: Failure | Callable[[int], Failure] = Failure("Error", "step failed")
    fail_ms: int | None = None
    sensitive: bool = False
    stream: bytes | None = None
    undo: Do | None = None

    def failure_of(self, attempt: int) -> Failure:
        return self.failure(attempt) if callable(self.failure) else self.failure


@dataclass(slots=True)
class Sleep:
    """`step.sleep`, or `step.sleepUntil` when `until` is set (milliseconds since 1970)."""

    name: str
    ms: int = 0
    until: int | None = None


@dataclass(slots=True)
class Wait:
    """`step.waitForEvent`."""

    name: str
    event_type: str
    timeout: int | str = "24 hours"


Flow = Generator["Op", Any, Any]


@dataclass(slots=True)
class Parallel:
    """`Promise.all` and its relatives over several flows."""

    flows: Sequence[Flow]
    kind: ParallelKind = "all"


Op = Do | Sleep | Wait | Parallel


@dataclass(slots=True)
class Attempt:
    start: int
    end: int | None = None
    success: bool | None = None
    failure: Failure | None = None


@dataclass(slots=True)
class Entry:
    """One recorded step, sleep, wait or rollback of a run."""

    type: Literal["step", "rollback", "sleep", "waitForEvent"]
    base: str
    count: int
    start: int
    end: int | None
    op: Do | Sleep | Wait
    success: bool | None = None
    output: Any = None
    failure: Failure | None = None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.base if self.type == "rollback" else f"{self.base}-{self.count}"

    @property
    def key(self) -> tuple[str, str, int]:
        return (self.type, self.base, self.count)
