"""A workflow: its versions, its instances and the order in which things happen to them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cronsim import CronSim

from workflows_ui.simulator.clock import SECOND, as_datetime, as_millis
from workflows_ui.simulator.definitions import (
    NEW_RETENTION,
    OLD_RETENTION,
    RETENTION_CHANGE,
    Retention,
    Version,
    stable_uuid,
)
from workflows_ui.simulator.instance import Command, Instance, Schedule, Source
from workflows_ui.simulator.slots import Slots

CRON_DELAY = 120


@dataclass
class Cron:
    """A schedule and the next moment it fires."""

    expression: str
    next: int

    @classmethod
    def after(cls, expression: str, moment: int) -> Cron:
        cron = cls(expression, moment)
        cron.forward()
        return cron

    def forward(self) -> None:
        self.next = as_millis(next(CronSim(self.expression, _to_second(self.next))))


def _to_second(moment: int) -> datetime:
    return as_datetime(moment - moment % SECOND)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An instance that somebody outside creates at a known moment."""

    at: int
    id: str
    params: Any
    source: Source = "api"
    commands: tuple[Command, ...] = ()


@dataclass(eq=False)
class Workflow:
    name: str
    script_name: str
    created: int
    seed: str
    versions: list[Version] = field(default_factory=list)  # oldest first
    id: str = ""
    modified: int = 0
    jurisdiction: str | None = None
    script_deleted: bool = False
    human_scale: bool = True

    def __post_init__(self) -> None:
        self.id = self.id or stable_uuid(self.seed, "workflow", self.name, self.created)
        self.modified = self.modified or self.created
        self.triggered: int | None = None
        self.instances: dict[str, Instance] = {}
        self.crons: list[Cron] = []
        self._arrivals: Iterator[Arrival] = iter(())
        self._next_arrival: Arrival | None = None
        self.job_until = 0  # the terminate job runs until then
        self.account_retention = Retention()
        self.slots = Slots(self._limit())
        self._agenda: list[tuple[int, int, Instance]] = []
        self._sequence = 0

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    def version_at(self, moment: int) -> Version:
        """The version that was deployed at that moment."""
        deployed = [version for version in self.versions if version.created <= moment]
        return deployed[-1] if deployed else self.versions[0]

    def deploy(self, version: Version, now: int) -> None:
        self.versions.append(version)
        self.modified = now
        self.slots.limit = self._limit()
        self.slots.fill(now)

    def schedule(self, expressions: Iterable[str], now: int) -> None:
        self.crons = [Cron.after(expression, now) for expression in expressions]

    def expect(self, arrivals: Iterator[Arrival]) -> None:
        """Instances that come by themselves, in order of time."""
        self._arrivals = arrivals
        self._next_arrival = next(arrivals, None)

    # --- instances ---

    def add(
        self,
        instance_id: str,
        *,
        at: int,
        params: Any,
        source: Source = "api",
        retention: Retention | None = None,
        schedule: Schedule | None = None,
        commands: Iterable[Command] = (),
        human_scale: bool | None = None,
    ) -> Instance:
        """A new instance, created at that moment with the version deployed then."""
        version = self.version_at(at)
        # A cron-fired run takes no slot (for its first hour, which ours never outlast).
        limited = version.concurrency is not None and source != "cron"
        instance = Instance(
            id=instance_id,
            version=version,
            params=params,
            source=source,
            created=at,
            seed=self.seed,
            retention=(retention or Retention()).over(self._retention(version)),
            slots=self.slots if limited else None,
            schedule=schedule,
            commands=sorted(commands, key=lambda command: command.at),
            human_scale=self.human_scale if human_scale is None else human_scale,
            on_grant=self.reschedule,
        )
        self.instances[instance_id] = instance
        self.triggered = max(self.triggered or 0, at)
        self._push(at, instance)
        return instance

    def find(self, instance_id: str) -> Instance | None:
        return self.instances.get(instance_id)

    def command(self, instance: Instance, act: Callable[[Instance], None], *, now: int) -> None:
        """Let a command act on the instance at this moment; raises `Refused`."""
        instance.advance(now)
        try:
            act(instance)
            instance.run.advance(now)
        finally:
            self.reschedule(instance)
        self.advance(now)

    def delete(self, instance: Instance, *, now: int) -> None:
        """Stop and forget the instance; its slot is free from this moment on."""
        instance.advance(now)
        instance.delete()
        self._forget(instance)
        self.advance(now)

    def counts(self) -> Counter[str]:
        return Counter(instance.status for instance in self.instances.values())

    # --- time ---

    def advance(self, now: int) -> None:
        """Bring every instance, and every schedule, to `now`."""
        self._fire_crons(now)
        self._receive(now)
        limited = self.slots.limit is not None
        agenda = self._agenda
        while agenda and agenda[0][0] <= now:
            due, _, instance = heapq.heappop(agenda)
            if instance.deleted or instance.due != due:
                continue
            # Instances that share slots depend on each other: one moment at a time.
            instance.advance(due if limited else now)
            if instance.deleted:
                self._forget(instance)
            else:
                self.reschedule(instance)

    def reschedule(self, instance: Instance) -> None:
        """Note when to look at the instance again, after it changed."""
        instance.due = instance.next_due()
        if instance.due is not None:
            self._push(instance.due, instance)

    def _push(self, due: int, instance: Instance) -> None:
        instance.due = due
        self._sequence += 1
        heapq.heappush(self._agenda, (due, self._sequence, instance))

    def _forget(self, instance: Instance) -> None:
        if self.instances.get(instance.id) is instance:
            del self.instances[instance.id]

    def _fire_crons(self, now: int) -> None:
        for cron in self.crons:
            while cron.next + CRON_DELAY <= now and not self.script_deleted:
                scheduled = cron.next
                cron.forward()
                instance_id = f"{cron.expression}-{scheduled}"
                if instance_id not in self.instances:
                    self.add(
                        instance_id,
                        at=scheduled + CRON_DELAY,
                        params={},
                        source="cron",
                        schedule=Schedule(cron.expression, scheduled),
                        human_scale=False,
                    )

    def _receive(self, now: int) -> None:
        while (arrival := self._next_arrival) is not None and arrival.at <= now:
            self._next_arrival = next(self._arrivals, None)
            if arrival.id not in self.instances:
                self.add(
                    arrival.id,
                    at=arrival.at,
                    params=arrival.params,
                    source=arrival.source,
                    commands=arrival.commands,
                    human_scale=False,
                )

    def _limit(self) -> int | None:
        return self.versions[-1].concurrency if self.versions else None

    def _retention(self, version: Version) -> Retention:
        default = OLD_RETENTION if self.created < RETENTION_CHANGE else NEW_RETENTION
        return version.retention.over(self.account_retention).over(Retention(default, default))
