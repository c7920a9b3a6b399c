"""Builders of graph nodes (API reference, section 10)."""

from __future__ import annotations

from typing import Any

Node = dict[str, Any]
Shape = dict[str, Any]


def graph(
    class_name: str,
    *nodes: Node,
    functions: dict[str, list[Node]] | None = None,
    payload: Shape | None = None,
) -> dict[str, Any]:
    workflow: dict[str, Any] = {
        "class_name": class_name,
        "functions": {
            name: {"type": "function_def", "name": name, "nodes": body}
            for name, body in (functions or {}).items()
        },
        "nodes": list(nodes),
    }
    if payload is not None:
        workflow["payload"] = payload
    return {"version": 1, "workflow": workflow}


def fields(**shapes: Shape | None) -> Shape:
    found = {name: shape or {"type": "unknown"} for name, shape in shapes.items()}
    return {"type": "object", "fields": found}


def step(
    name: str,
    *inner: Node,
    limit: int = 5,
    delay: int | str = 1000,
    backoff: str = "exponential",
    timeout: int | str = "10 minutes",
    **promise: int,
) -> Node:
    retries = {"limit": limit, "delay": delay, "backoff": backoff}
    config = {"retries": retries, "timeout": timeout}
    return {"type": "step_do", "name": name, "config": config, "nodes": list(inner), **promise}


def sleep(name: str, duration: int | str, **promise: int) -> Node:
    return {"type": "step_sleep", "name": name, "duration": duration, **promise}


def sleep_until(name: str, timestamp: str, **promise: int) -> Node:
    return {"type": "step_sleep_until", "name": name, "timestamp": timestamp, **promise}


def wait(
    name: str,
    event_type: str | None,
    timeout: int | str = "24 hours",
    payload: Shape | None = None,
    **promise: int,
) -> Node:
    options = None if event_type is None else {"event_type": event_type, "timeout": timeout}
    node: Node = {"type": "step_wait_for_event", "name": name, "options": options, **promise}
    return node if payload is None else node | {"payload": payload}


def loop(*nodes: Node) -> Node:
    return {"type": "loop", "nodes": list(nodes)}


def parallel(*nodes: Node, kind: str = "all") -> Node:
    return {"type": "parallel", "kind": kind, "nodes": list(nodes)}


def block(*nodes: Node) -> Node:
    return {"type": "block", "nodes": list(nodes)}


def attempt(body: Node, *, catch: Node | None = None, finally_: Node | None = None) -> Node:
    return {"type": "try", "try_block": body, "catch_block": catch, "finally_block": finally_}


def branch(condition: str | None, *nodes: Node) -> Node:
    return {"condition": condition, "nodes": list(nodes)}


def if_(*branches: Node) -> Node:
    return {"type": "if", "branches": list(branches)}


def switch(discriminant: str, *branches: Node) -> Node:
    return {"type": "switch", "discriminant": discriminant, "branches": list(branches)}


def call(name: str, **promise: int) -> Node:
    return {"type": "function_call", "name": name, **promise}


def start(class_name: str, *nodes: Node) -> Node:
    return {"type": "start", "class_name": class_name, "functions": {}, "nodes": list(nodes)}


def leave(kind: str = "return") -> Node:
    return {"type": "break", "kind": kind}
