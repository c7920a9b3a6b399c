"""The graph of a version as a nested outline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflows_ui.cloudflare import Graph, Node
from workflows_ui.presenters.words import interval

ICONS = {
    "step_do": "step",
    "step_sleep": "sleep",
    "step_sleep_until": "sleep",
    "step_wait_for_event": "wait",
    "loop": "loop",
    "parallel": "parallel",
    "if": "branch",
    "switch": "branch",
    "try": "branch",
    "block": "menu",
    "break": "leave",
    "start": "play",
    "function_call": "workflow",
    "function_def": "workflow",
}
PARALLEL = {
    "all": "all must succeed",
    "any": "the first to succeed",
    "all_settled": "all, whatever comes of them",
    "race": "the first to end",
}


@dataclass(frozen=True, slots=True)
class OutlineItem:
    kind: str
    name: str
    detail: str
    icon: str
    children: tuple[OutlineItem, ...] = ()


def outline(graph: Graph) -> tuple[OutlineItem, ...]:
    """The nodes, then the functions they call."""
    functions = tuple(item(node) for node in graph.functions.values())
    return (*items(graph.nodes), *functions)


def shape_of(payload: Any) -> Any:
    """The shape of the params (10.2) as a value of that shape: each field with its type."""
    if not isinstance(payload, dict):
        return payload
    fields = payload.get("fields")
    if payload.get("type") == "object" and isinstance(fields, dict):
        return {name: shape_of(field) for name, field in fields.items()}
    return payload.get("type", "unknown") if set(payload) <= {"type"} else payload


def items(nodes: tuple[Node, ...]) -> tuple[OutlineItem, ...]:
    return tuple(item(node) for node in nodes)


def item(node: Node) -> OutlineItem:
    return OutlineItem(
        kind=node.type.removeprefix("step_").replace("_", " "),
        name=node.name or "",
        detail=detail(node),
        icon=ICONS.get(node.type, "step"),
        children=children(node),
    )


def children(node: Node) -> tuple[OutlineItem, ...]:
    branches = tuple(
        branch_item(node.type, branch.condition, items(branch.nodes)) for branch in node.branches
    )
    blocks = tuple(
        OutlineItem(name, "", "", "branch", items(nodes)) for name, nodes in node.blocks.items()
    )
    return (*branches, *blocks, *items(node.nodes))


def branch_item(kind: str, condition: str | None, inside: tuple[OutlineItem, ...]) -> OutlineItem:
    if condition is None:
        return OutlineItem("default" if kind == "switch" else "else", "", "", "branch", inside)
    word = "case" if kind == "switch" else "when"
    return OutlineItem(word, condition, "", "branch", inside)


def detail(node: Node) -> str:
    fields = node.fields
    match node.type:
        case "step_do":
            return step_detail(fields.get("config"))
        case "step_sleep":
            return interval(fields.get("duration"))
        case "step_sleep_until":
            return f"until {fields.get('timestamp', 'unknown')}"
        case "step_wait_for_event":
            return event_detail(fields.get("options"))
        case "parallel":
            return PARALLEL.get(str(fields.get("kind")), str(fields.get("kind", "")))
        case "switch":
            return f"on {fields.get('discriminant', '')}"
        case "break":
            return str(fields.get("kind", ""))
        case "start":
            return str(fields.get("class_name", ""))
    return ""


def step_detail(config: Any) -> str:
    if not isinstance(config, dict):
        return ""
    retries = config.get("retries")
    parts = []
    if isinstance(retries, dict) and "limit" in retries:
        parts.append(f"{retries['limit']} retries")
        if retries.get("delay") is not None:
            parts.append(interval(retries["delay"]))
        if retries.get("backoff"):
            parts.append(str(retries["backoff"]))
    if config.get("timeout") is not None:
        parts.append(f"timeout {interval(config['timeout'])}")
    return ", ".join(parts)


def event_detail(options: Any) -> str:
    if not isinstance(options, dict):
        return ""
    timeout = options.get("timeout")
    within = f" within {interval(timeout)}" if timeout is not None else ""
    return f"{options.get('event_type', '')}{within}".strip()
