"""Runs a drawn graph: a version's code follows from its graph, so the two never disagree.

What a graph does not say (how long a step takes, what it returns, which branch is taken) a
`Behaviour` answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from workflows_ui.simulator.clock import as_millis
from workflows_ui.simulator.definitions import Code, Context
from workflows_ui.simulator.durations import as_duration
from workflows_ui.simulator.ops import Config, Do, Flow, Parallel, Sleep, StepFailed, Wait

Node = dict[str, Any]
PLACEHOLDER = re.compile(r"\$\{[^}]*\}")


class Left(Exception):
    """`break` or `return` in the interpreted code."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Behaviour:
    """Answers what the graph leaves open; the story's workflows override what they care about."""

    def step(self, ctx: Context, op: Do) -> Do:
        """Duration, output, failures and rollback of one step."""
        return replace(op, ms=ctx.draw(op.name).randint(300, 3_500), output={"ok": True})

    def rounds(self, ctx: Context, node: Node) -> int:
        """How often a loop goes round."""
        return 3

    def branch(self, ctx: Context, conditions: list[str | None], discriminant: str | None) -> int:
        """Which branch is taken."""
        return ctx.draw(f"{discriminant}{conditions}").randrange(len(conditions))

    def sleep_until(self, ctx: Context, node: Node) -> int:
        """The moment a `step.sleepUntil` names."""
        try:
            return as_millis(datetime.fromisoformat(node["timestamp"]))
        except ValueError:
            return ctx.created + as_duration("6 hours")

    def result(self, ctx: Context) -> Any:
        """What the run returns."""
        return {"ok": True}


def code_of(graph: dict[str, Any], behaviour: Behaviour) -> Code:
    """The code that a graph (API reference, section 10) draws."""

    def code(ctx: Context) -> Flow:
        interpreter = Interpreter(graph["workflow"].get("functions", {}), behaviour, ctx)
        with suppress(Left):
            yield from interpreter.nodes(graph["workflow"]["nodes"], "")
        return behaviour.result(ctx)

    return code


class Interpreter:
    def __init__(self, functions: dict[str, Any], behaviour: Behaviour, ctx: Context) -> None:
        self.functions = functions
        self.behaviour = behaviour
        self.ctx = ctx

    def nodes(self, nodes: list[Node], label: str) -> Flow:
        """Nodes in order; those begun without await run side by side."""
        for group in promises(nodes):
            if len(group) == 1 and len(group[0]) == 1:
                yield from self.node(group[0][0], label)
            else:
                yield Parallel([self.lane(lane, label) for lane in group])
        return None

    def lane(self, nodes: list[Node], label: str) -> Flow:
        with suppress(Left):  # code that runs side by side can only end itself
            for node in nodes:
                yield from self.node(node, label)
        return None

    def node(self, node: Node, label: str) -> Flow:
        handler = getattr(self, f"_{node['type']}", None)
        if handler is not None:
            yield from handler(node, label)
        return None

    def _step_do(self, node: Node, label: str) -> Flow:
        op = Do(PLACEHOLDER.sub(label, node["name"]), config=config_of(node["config"]))
        op = self.behaviour.step(self.ctx, op)
        self.ctx.results[op.name] = yield op
        return None

    def _step_sleep(self, node: Node, label: str) -> Flow:
        yield Sleep(PLACEHOLDER.sub(label, node["name"]), as_duration(node["duration"]))
        return None

    def _step_sleep_until(self, node: Node, label: str) -> Flow:
        until = self.behaviour.sleep_until(self.ctx, node)
        yield Sleep(PLACEHOLDER.sub(label, node["name"]), until=until)
        return None

    def _step_wait_for_event(self, node: Node, label: str) -> Flow:
        options = node.get("options") or {"event_type": node["name"], "timeout": "24 hours"}
        self.ctx.results[node["name"]] = yield Wait(
            PLACEHOLDER.sub(label, node["name"]), options["event_type"], options["timeout"]
        )
        return None

    def _block(self, node: Node | None, label: str) -> Flow:
        if node is not None:
            yield from self.nodes(node["nodes"], label)
        return None

    _start = _block

    def _loop(self, node: Node, label: str) -> Flow:
        for index in range(self.behaviour.rounds(self.ctx, node)):
            try:
                yield from self.nodes(node["nodes"], f"{label}.{index + 1}".lstrip("."))
            except Left as left:
                if left.kind == "return":
                    raise
                break
        return None

    def _parallel(self, node: Node, label: str) -> Flow:
        flows = [self.lane([child], label) for child in node["nodes"]]
        yield Parallel(flows, node["kind"])
        return None

    def _try(self, node: Node, label: str) -> Flow:
        try:
            yield from self._block(node["try_block"], label)
        except StepFailed as failed:
            if node["catch_block"] is None:
                yield from self._block(node["finally_block"], label)
                raise
            self.ctx.results["error"] = failed.failure.message
            yield from self._block(node["catch_block"], label)
        yield from self._block(node["finally_block"], label)
        return None

    def _if(self, node: Node, label: str) -> Flow:
        branches = node["branches"]
        conditions = [branch["condition"] for branch in branches]
        chosen = self.behaviour.branch(self.ctx, conditions, node.get("discriminant"))
        if chosen < len(branches):
            yield from self.nodes(branches[chosen]["nodes"], label)
        return None

    _switch = _if

    def _function_call(self, node: Node, label: str) -> Flow:
        function = self.functions.get(node["name"])
        if function is not None:
            try:
                yield from self.nodes(function["nodes"], label)
            except Left as left:
                if left.kind != "return":
                    raise
        return None

    def _break(self, node: Node, label: str) -> Flow:
        raise Left(node["kind"])
        yield  # a flow, though it never yields


def config_of(config: dict[str, Any]) -> Config:
    retries = config["retries"]
    return Config(int(retries["limit"]), retries["delay"], retries["backoff"], config["timeout"])


def promises(nodes: list[Node]) -> Iterator[list[list[Node]]]:
    """Groups of lanes by `starts` and `resolves` (API reference, section 10.3)."""
    group: list[list[Node]] = []
    for node in nodes:
        if node.get("starts") is None:
            if group:
                yield group
                group = []
            yield [[node]]
            continue
        for lane in group:
            if lane[-1].get("resolves") == node["starts"]:
                lane.append(node)
                break
        else:
            group.append([node])
    if group:
        yield group
