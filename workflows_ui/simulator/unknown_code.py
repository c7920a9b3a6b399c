"""What a workflow runs whose Worker's code the simulator does not know: a small flow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workflows_ui.simulator.definitions import Code, Context
from workflows_ui.simulator.graph import graph, sleep, step
from workflows_ui.simulator.interpreter import Behaviour, code_of
from workflows_ui.simulator.ops import Do


class Plain(Behaviour):
    """Three steps of a second and a short sleep."""

    def step(self, ctx: Context, op: Do) -> Do:
        return replace(op, ms=1_000, output={"step": op.name})


def unknown_code(class_name: str) -> tuple[Code, dict[str, Any]]:
    drawn = graph(
        class_name,
        step("prepare"),
        step("work"),
        sleep("settle", "5 seconds"),
        step("finish"),
    )
    return code_of(drawn, Plain()), drawn
