"""Flows in execution, and how parallel ones are joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflows_ui.simulator.ops import Failure, Flow, Parallel


@dataclass(slots=True, eq=False)
class Task:
    """A flow in execution, and the parallel group it belongs to."""

    flow: Flow
    group: Group | None = None
    index: int = 0


@dataclass(slots=True, eq=False)
class Outcome:
    """What to send into a task's flow: a value, or a failure to throw."""

    task: Task
    value: Any = None
    failure: Failure | None = None


@dataclass(slots=True, eq=False)
class Group:
    """`Promise.all` and its relatives: who waits, and what came back so far."""

    parent: Task
    kind: str
    results: list[Any]
    left: int
    settled: bool = False

    @classmethod
    def fork(cls, parent: Task, op: Parallel) -> list[Task]:
        group = cls(parent, op.kind, [None] * len(op.flows), len(op.flows))
        return [Task(flow, group, index) for index, flow in enumerate(op.flows)]

    def join(self, index: int, value: Any, failure: Failure | None) -> Outcome | None:
        """A child ended; the parent's outcome when that settles the group."""
        if self.settled:
            return None
        self.left -= 1
        self.results[index] = value if failure is None else failure
        first_counts = self.kind == "race" or (self.kind == "all" and failure is not None)
        if first_counts or (self.kind == "any" and failure is None):
            return self._settle(value, failure)
        if self.left:
            return None
        if self.kind == "any":
            return self._settle(None, Failure("AggregateError", "All promises were rejected"))
        return self._settle(self.results, None)

    def _settle(self, value: Any, failure: Failure | None) -> Outcome:
        self.settled = True
        return Outcome(self.parent, value, failure)
