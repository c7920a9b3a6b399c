"""An instance: its runs, the commands it receives, and when it is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from workflows_ui.simulator.definitions import Context, Retention, Version
from workflows_ui.simulator.ops import Entry
from workflows_ui.simulator.run import STEP_LIMIT, Run
from workflows_ui.simulator.slots import Slots
from workflows_ui.simulator.steering import Steering

Source = Literal["unknown", "api", "binding", "event", "cron"]
ENDED = frozenset({"complete", "errored", "terminated"})
STEP_TYPES = {"do": "step", "sleep": "sleep", "waitForEvent": "waitForEvent"}


class Refused(Exception):
    """A command that the instance's state does not allow; `code` is the API's key for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Command:
    """A command given in advance: what the story's people do to an instance, and when."""

    at: int
    act: Callable[[Instance], None]


@dataclass(frozen=True, slots=True)
class Schedule:
    cron: str
    scheduled: int


@dataclass(eq=False)
class Instance:
    id: str
    version: Version
    params: Any
    source: Source
    created: int
    seed: str
    retention: Retention
    slots: Slots | None = None
    schedule: Schedule | None = None
    human_scale: bool = False
    commands: list[Command] = field(default_factory=list)
    on_grant: Callable[[Instance], None] = lambda instance: None

    def __post_init__(self) -> None:
        self.run_number = 0
        self.deleted = False
        self.due: int | None = self.created
        self._run: Run | None = None

    # --- time ---

    @property
    def run(self) -> Run:
        if self._run is None:
            self._run = self._new_run(self.created, {})
        return self._run

    @property
    def status(self) -> str:
        return self.run.status

    @property
    def expires(self) -> int | None:
        """When retention ends: errored by one rule, complete and terminated by the other."""
        if self.run.ended is None or self.run.status not in ENDED:
            return None
        kept = self.retention.error if self.run.status == "errored" else self.retention.success
        return None if kept is None else self.run.ended + kept

    def next_due(self) -> int | None:
        """When something will happen to it by itself."""
        moments = [self.run.next_due, self.expires, self.commands[0].at if self.commands else None]
        return min((moment for moment in moments if moment is not None), default=None)

    def advance(self, until: int) -> None:
        while self.commands and self.commands[0].at <= until:
            command = self.commands.pop(0)
            self.run.advance(command.at)
            try:
                command.act(self)
            except Refused:
                continue  # somebody else acted in between
        self.run.advance(until)
        if self.expires is not None and self.expires <= until:
            self.deleted = True

    # --- commands (API reference, section 7.3) ---

    def pause(self) -> None:
        if self.status in ("running", "waiting"):
            self.run.pause()
        elif self.status not in ("queued", "waitingForPause", "paused"):
            raise Refused("instance.cannot_pause")

    def resume(self) -> None:
        if self.status in ("waitingForPause", "paused"):
            self.run.resume()
        elif self.status != "queued":
            raise Refused("instance.cannot_resume")

    def terminate(self, *, rollback: bool = False) -> None:
        if self.status in ENDED:
            raise Refused("instance.cannot_terminate")
        self.run.terminate(rollback=rollback)

    def send_event(self, event_type: str, payload: Any) -> None:
        if self.status in ENDED or self.status == "rollingBack":
            raise Refused("instance.not_running")
        self.run.send_event(event_type, payload)

    def restart(self, *, name: str | None = None, count: int = 1, kind: str = "do") -> None:
        """Run again from the start, or from one occurrence of a step (section 7.4)."""
        if self.status == "rollingBack":
            raise Refused("instance.cannot_restart")
        memo = {} if name is None else self._before(name, count, STEP_TYPES[kind])
        now = self.run.now
        self.run.abandon()
        self._run = self._new_run(now, memo)

    def delete(self) -> None:
        self.deleted = True
        self.run.abandon()

    # --- inside ---

    def _before(self, name: str, count: int, kind: str) -> dict[tuple[str, str, int], Entry]:
        kept: dict[tuple[str, str, int], Entry] = {}
        for entry in self.run.step_entries():
            if entry.key == (kind, name, count):
                return kept
            if entry.success is not None:
                kept[entry.key] = entry
        raise Refused("instance.cannot_restart")

    def _new_run(self, at: int, memo: dict[tuple[str, str, int], Entry]) -> Run:
        self.run_number += 1
        context = Context(self.params, self.id, self.created, self.seed, self.run_number)
        steering = Steering.of(self.params, human_scale=self.human_scale)
        return Run(
            flow=self.version.code(context),
            queued_at=at,
            steering=steering,
            slots=self.slots,
            step_limit=self.version.step_limit or STEP_LIMIT,
            memo=memo,
            on_grant=lambda: self.on_grant(self),
        )
