"""How a story is told: chapters, one per workflow, and the instances that arrive in them."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from workflows_ui.simulator.account import Account
from workflows_ui.simulator.clock import DAY, HOUR, SECOND, as_datetime
from workflows_ui.simulator.definitions import Context, Retention, Version, stable_uuid
from workflows_ui.simulator.instance import Command, Instance, Source
from workflows_ui.simulator.interpreter import Behaviour, code_of
from workflows_ui.simulator.ops import Do, Failure
from workflows_ui.simulator.workflow import Arrival, Workflow

LIVELY = 2 * HOUR  # how long instances come quickly after the start
CALM = 8  # and how much slower afterwards
OFFICE_HOURS = (
    *(0.3, 0.2, 0.2, 0.2, 0.3, 0.4, 0.7, 1.0, 1.4, 1.6, 1.7, 1.6),
    *(1.5, 1.6, 1.7, 1.6, 1.5, 1.4, 1.2, 1.1, 1.0, 0.8, 0.6, 0.4),
)

USUAL = Retention()

MakeParams = Callable[[int, random.Random], Any]
MakeCommands = Callable[[int, random.Random], tuple[Command, ...]]


@dataclass
class Deployment:
    """A version: its graph, how it behaves and how many hours before the start it was deployed."""

    graph: dict[str, Any]
    behaviour: Behaviour
    hours: float


@dataclass
class Chapter:
    name: str
    script: str
    deployments: list[Deployment]  # oldest first
    days: float = 90  # how long before the start the workflow was created
    crons: list[str] = field(default_factory=list)
    language: Literal["javascript", "python"] = "javascript"
    concurrency: int | None = None
    retention: Retention = USUAL
    script_deleted: bool = False
    history_days: float = 28
    arrivals: Callable[[Account], Iterator[Arrival]] = lambda account: iter(())

    def tell(self, account: Account) -> Workflow:
        """Put the workflow and everything that happened to it into the account."""
        now = account.created
        workflow = Workflow(
            name=self.name,
            script_name=self.script,
            created=now - round(self.days * DAY),
            seed=account.seed,
            id=stable_uuid("demo", self.name),
            script_deleted=self.script_deleted,
        )
        for number, deployment in enumerate(self.deployments, start=1):
            self._deploy(account, workflow, deployment, number)
        workflow.schedule(self.crons, now - round(self.history_days * DAY))
        workflow.expect(self.arrivals(account))
        return account.add(workflow)

    def _deploy(
        self, account: Account, workflow: Workflow, deployment: Deployment, number: int
    ) -> None:
        drawn = deployment.graph
        at = account.created - round(deployment.hours * HOUR)
        version = Version(
            id=stable_uuid("demo", self.name, number),
            class_name=drawn["workflow"]["class_name"],
            created=at,
            code=code_of(drawn, deployment.behaviour),
            graph=None if self.language == "python" else drawn,
            language=self.language,
            concurrency=self.concurrency,
            retention=self.retention,
        )
        workflow.deploy(version, at)
        account.codes[version.class_name] = (version.code, version.graph)


@dataclass
class Steady:
    """Instances that come at random, more by day than by night, and quickly after the start."""

    prefix: str
    params: MakeParams
    per_day: float
    live_seconds: float  # mean gap after the start
    source: Source = "api"
    commands: MakeCommands = lambda at, rng: ()
    from_days: float = 28
    to_days: float | None = None

    def __call__(self, account: Account) -> Iterator[Arrival]:
        rng = random.Random(f"{account.seed}/{self.prefix}")
        start = account.created
        at = start - round(self.from_days * DAY)
        number = 1_000 + rng.randint(0, 500)
        while True:
            at += round(self._gap(at, start, rng))
            number += rng.randint(1, 3)
            if self.to_days is not None and at > start - self.to_days * DAY:
                return
            yield Arrival(
                at=at,
                id=f"{self.prefix}-{number}",
                params=self.params(number, rng),
                source=self.source,
                commands=self.commands(at, rng),
            )

    def _gap(self, at: int, start: int, rng: random.Random) -> float:
        if at < start:
            mean = DAY / self.per_day / OFFICE_HOURS[as_datetime(at).hour]
            return max(min(rng.expovariate(1 / mean), start - at + SECOND), SECOND)
        mean = self.live_seconds * SECOND
        return rng.uniform(0.4, 1.6) * mean * (1 if at < start + LIVELY else CALM)


@dataclass
class Regular:
    """`size` instances at once every `every` milliseconds, for ever."""

    prefix: str
    params: MakeParams
    every: int
    size: int = 1
    from_days: float = 28
    phase: int = 0  # milliseconds after midnight UTC, or after the hour for short periods
    spread: int = 0  # milliseconds between the instances of one batch
    extra: int = 0  # more instances in the first batch
    source: Source = "api"
    commands: MakeCommands = lambda at, rng: ()

    def __call__(self, account: Account) -> Iterator[Arrival]:
        rng = random.Random(f"{account.seed}/{self.prefix}")
        begin = account.created - round(self.from_days * DAY)
        at = begin - (begin - self.phase) % self.every + self.every
        size = self.size + self.extra
        while True:
            day = as_datetime(at)
            for index in range(size):
                moment = at + index * self.spread
                yield Arrival(
                    at=moment,
                    id=f"{self.prefix}-{day:%Y%m%d-%H%M}-{index + 1:02d}",
                    params=self.params(index, rng),
                    source=self.source,
                    commands=self.commands(moment, rng),
                )
            size = self.size
            at += self.every


@dataclass
class Burst:
    """So many instances within one span of the past."""

    prefix: str
    params: MakeParams
    span: tuple[int, int]
    size: int

    def __call__(self, account: Account) -> Iterator[Arrival]:
        rng = random.Random(f"{account.seed}/{self.prefix}")
        for index, at in enumerate(sorted(rng.randint(*self.span) for _ in range(self.size))):
            params = self.params(index, rng)
            yield Arrival(at, f"{self.prefix}-{index + 1:02d}", params, "event")


def together(*streams: Callable[[Account], Iterator[Arrival]]) -> Callable[..., Iterator[Arrival]]:
    """Several streams of arrivals as one, in order of time."""

    def merged(account: Account) -> Iterator[Arrival]:
        each = [stream(account) for stream in streams]
        return heapq.merge(*each, key=lambda arrival: arrival.at)

    return merged


def at(moment: int, act: Callable[[Instance], None]) -> Command:
    return Command(moment, act)


def chance(ctx: Context, key: str, share: float) -> bool:
    return ctx.draw(key).random() < share


def fail(op: Do, name: str, message: str, *, times: int = 1_000_000, ms: int | None = None) -> Do:
    """The step fails, so many times or for good."""
    op.fails, op.failure, op.fail_ms = times, Failure(name, message), ms
    return op


class Usual(Behaviour):
    """A behaviour with a duration range per step, in milliseconds."""

    times: dict[str, tuple[int, int]] = {}

    def __init__(self, number: int = 1) -> None:
        self.number = number  # of the version

    def step(self, ctx: Context, op: Do) -> Do:
        rng = ctx.draw(op.name)
        op.ms = rng.randint(*self.times.get(op.name, (180, 2_400)))
        op.output = {"ok": True, "took": op.ms}
        return op
