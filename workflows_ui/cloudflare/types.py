"""Typed, frozen results of the Workflows API.

Rules that hold everywhere here: unknown statuses, node types and fields survive (a status is
text, `InstanceStatus` only names the known ones; what we have no field for is in `extra`);
times are aware datetimes; a field the API may leave out is None, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Json = Any


class _Nothing(dict[str, Any]):
    """An empty object that a dataclass takes as a default."""

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __setitem__(self, key: str, value: Json) -> None:
        raise TypeError("params that were never set can't be changed")


NOTHING: Mapping[str, Any] = _Nothing()
"""Params that were never set: the key is left out of the call. None would be sent as null."""


class InstanceStatus(StrEnum):
    """The statuses of section 3. A status on the wire may be another text."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    WAITING_FOR_PAUSE = "waitingForPause"
    ROLLING_BACK = "rollingBack"
    COMPLETE = "complete"
    ERRORED = "errored"
    TERMINATED = "terminated"
    UNKNOWN = "unknown"


FINISHED = frozenset({"complete", "errored", "terminated"})


class InstanceAction(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    TERMINATE = "terminate"
    RESTART = "restart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page[T]:
    """One page of a numbered list (6.1). `total_count` is None when the upstream doesn't tell."""

    items: tuple[T, ...]
    page: int
    per_page: int
    total_count: int | None = None

    @property
    def has_next(self) -> bool:
        if self.total_count is None:
            return len(self.items) >= self.per_page
        return self.page * self.per_page < self.total_count


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorPage[T]:
    """One page of a cursor list (6.2). `cursor` is None on the last page."""

    items: tuple[T, ...]
    per_page: int
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    id: str
    name: str
    type: str | None = None
    created_on: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenStatus:
    """Answer of a token check (1.5). `status` is active, disabled, expired or a newer word."""

    id: str
    status: str
    expires_on: datetime | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """`{name, message}` of a step, an attempt, a rollback or an instance."""

    name: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Milliseconds, or the text the API was given ("3 days")."""

    success_retention: int | str | None = None
    error_retention: int | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    cron: str
    next_instance: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """5.1. `instances` maps a status to a count; None when the upstream tells no counts."""

    name: str
    class_name: str
    script_name: str
    id: str | None = None
    created_on: datetime | None = None
    modified_on: datetime | None = None
    triggered_on: datetime | None = None
    instances: Mapping[str, int] | None = None
    schedules: tuple[Schedule, ...] = ()
    script_deleted: bool = False
    jurisdiction: str | None = None
    version_id: str | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowDeleted:
    status: str
    success: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRow:
    """5.2, a row of the instances list."""

    id: str
    status: str
    created_on: datetime | None = None
    modified_on: datetime | None = None
    started_on: datetime | None = None
    ended_on: datetime | None = None
    version_id: str | None = None
    workflow_id: str | None = None
    trigger_source: str | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedInstance:
    """Answer of a create (4.6). Local development tells the id only."""

    id: str
    status: str | None = None
    version_id: str | None = None
    workflow_id: str | None = None
    trigger_source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    start: datetime | None
    end: datetime | None
    success: bool | None
    error: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepConfig:
    """As on the wire: delays and timeouts are milliseconds or text, delay may be "[dynamic]"."""

    retries_limit: int | float | None = None
    retries_delay: int | float | str | None = None
    retries_backoff: str | None = None
    timeout: int | float | str | None = None
    sensitive: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEntry:
    """One entry of an instance's `steps` (5.4), of any type.

    `type` is step, rollback, sleep, waitForEvent, termination or a newer word. `success` belongs
    to step and rollback (None: in progress or between attempts), `finished` to sleep and
    waitForEvent; `trigger_source` to termination.
    """

    type: str
    name: str = ""
    start: datetime | None = None
    end: datetime | None = None
    success: bool | None = None
    finished: bool | None = None
    output: Json = None
    error: Failure | None = None
    config: StepConfig | None = None
    attempts: tuple[Attempt, ...] = ()
    event_type: str | None = None
    trigger_source: str | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    outcome: str
    error: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CronRun:
    """Which cron made the instance, and for which moment."""

    cron: str
    scheduled_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceDetail:
    """5.3. `steps` is read entry by entry: an entry is parsed when it is looked at, so that
    ten thousand of them cost nothing until shown. Empty with `simple`."""

    status: str
    params: Json = None
    trigger_source: str | None = None
    version_id: str | None = None
    queued: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    success: bool | None = None
    error: Failure | None = None
    output: Json = None
    rollback: Rollback | None = None
    schedule: CronRun | None = None
    step_count: int = 0
    steps: Sequence[StepEntry] = ()
    extra: Mapping[str, Json] = field(default_factory=dict)
    raw: Mapping[str, Json] = field(default_factory=dict, repr=False, compare=False)
    """The answer's `result` as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutput:
    """4.14, the full output of one step (any JSON value)."""

    status: str | None
    output: Json = None
    error: Failure | None = None
    event_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStream:
    """4.14 of a step that returned a stream: bytes as they came."""

    content: bytes
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged:
    """4.15. What comes back right after the call is not documented: read the instance again."""

    status: str | None = None
    timestamp: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartFrom:
    """Where to restart (4.15): the step's name without counter, its 1-based occurrence."""

    name: str
    count: int = 1
    type: str = "do"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSent:
    instance_id: str | None = None
    timestamp: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceDeleted:
    instance_id: str | None = None
    timestamp: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancesTerminated:
    """4.8: `status` is ok or already_running."""

    status: str
    instances_terminated: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedItem:
    id: str
    code: int | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancesDeleted:
    """4.9: one entry per position sent, in `deleted` or in `errors`."""

    deleted: tuple[str, ...]
    errors: tuple[RefusedItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInstance:
    """One instance to create (4.6). `params` is any JSON value; the client encodes it."""

    instance_id: str
    params: Json = NOTHING
    retention: Retention | None = None
    location_hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowDefinition:
    """Body of a PUT (4.3). None leaves the field out."""

    class_name: str
    script_name: str
    limits_steps: int | None = None
    concurrency_limit: int | None = None
    default_retention: Retention | None = None
    schedules: tuple[str, ...] | None = None
    jurisdiction: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """5.5."""

    id: str
    class_name: str
    workflow_id: str | None = None
    created_on: datetime | None = None
    modified_on: datetime | None = None
    has_dag: bool | None = None
    language: str | None = None
    limits_steps: int | None = None
    concurrency_limit: int | None = None
    default_retention: Retention | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A branch of `if` or `switch`; condition None is else or default."""

    condition: str | None
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node of the graph (10.2) of any type, known or not.

    `nodes` holds what it contains, `branches` those of if and switch, `blocks` the named blocks
    of a try ("try", "catch", "finally"; only those that are there). Everything else the API sent
    is in `fields`, unchanged (config, duration, timestamp, options, kind, discriminant, starts...).
    """

    type: str
    name: str | None = None
    nodes: tuple[Node, ...] = ()
    branches: tuple[Branch, ...] = ()
    blocks: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)
    fields: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """10.1. `functions` by key; `payload` the shape of the params as sent."""

    version: int | None
    class_name: str
    nodes: tuple[Node, ...]
    functions: Mapping[str, Node] = field(default_factory=dict)
    payload: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionGraph:
    """4.21. `graph` is None when the version could not be parsed or is Python."""

    id: str
    class_name: str
    workflow_id: str | None = None
    created_on: datetime | None = None
    modified_on: datetime | None = None
    graph: Graph | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """4.23, account-wide."""

    default_retention: Retention | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRate:
    """What the last answer told of the call budget (1.7): calls left, seconds until it resets.

    `quota` calls per `window` seconds is the policy, when told.
    """

    remaining: int
    reset: int
    quota: int | None = None
    window: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One HTTP request that was really sent, for counting and logs. `path` has no query.

    `status` is None when no answer came; `attempt` counts from 1 and grows with each retry.
    """

    method: str
    path: str
    status: int | None
    seconds: float
    ray_id: str = ""
    attempt: int = 1
    rate: CallRate | None = None
    retry_after: int | None = None
    size: int = 0
    """Bytes of the answer's body, uncompressed."""
