"""The account: everything the simulator holds, brought to the present on each call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workflows_ui.simulator.clock import Clock
from workflows_ui.simulator.definitions import Code, Retention
from workflows_ui.simulator.workflow import Workflow

ACCOUNT_ID = "0123456789abcdef0123456789abcdef"
ACCOUNT_NAME = "Demo account"


@dataclass(eq=False)
class Account:
    clock: Clock
    seed: str
    created: int
    id: str = ACCOUNT_ID
    name: str = ACCOUNT_NAME
    workflows: dict[str, Workflow] = field(default_factory=dict)
    scripts: set[str] = field(default_factory=set)
    retention: Retention = field(default_factory=Retention)
    # The code, and its graph, of the classes that the account's scripts export.
    codes: dict[str, tuple[Code, dict[str, Any] | None]] = field(default_factory=dict)
    _number: int = 0

    def next_number(self) -> int:
        self._number += 1
        return self._number

    def now(self) -> int:
        return self.clock.millis()

    def workflow(self, name: str) -> Workflow | None:
        """A workflow as it is now."""
        workflow = self.workflows.get(name)
        if workflow is not None:
            workflow.advance(self.now())
        return workflow

    def all_workflows(self) -> list[Workflow]:
        for workflow in self.workflows.values():
            workflow.advance(self.now())
        return sorted(self.workflows.values(), key=lambda workflow: workflow.name)

    def add(self, workflow: Workflow) -> Workflow:
        workflow.account_retention = self.retention
        self.workflows[workflow.name] = workflow
        if not workflow.script_deleted:
            self.scripts.add(workflow.script_name)
        return workflow

    def set_retention(self, retention: Retention) -> None:
        self.retention = retention
        for workflow in self.workflows.values():
            workflow.account_retention = retention
