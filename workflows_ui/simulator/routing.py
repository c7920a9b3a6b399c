"""Finds the handler of a path below `/accounts/{account_id}`.

Instance ids made by a schedule hold `/`. The Python SDK encodes it, wrangler does not; so an id
is whatever lies between `instances/` and a known ending.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from workflows_ui.simulator.http import Response

Methods = dict[str, Callable[..., Response]]


@dataclass(frozen=True)
class Route:
    methods: Methods
    args: tuple[str, ...]


def match(parts: list[str], handlers: dict[str, Methods]) -> Route | None:
    """The route of these path parts, still percent-encoded."""
    found = _name_and_args([unquote(part) for part in parts])
    if found is None:
        return None
    name, args = found
    return Route(handlers[name], args)


def _name_and_args(parts: list[str]) -> tuple[str, tuple[str, ...]] | None:
    match parts:
        case ["workflows"]:
            return "workflows", ()
        case ["workflows", "settings"]:
            return "settings", ()
        case ["workflows", name] if name:
            return "workflow", (name,)
        case ["workflows", name, "versions"]:
            return "versions", (name,)
        case ["workflows", name, "versions", version]:
            return "version", (name, version)
        case ["workflows", name, "versions", version, "graph" | "dag" as kind]:
            return kind, (name, version)
        case ["workflows", name, "instances", *rest]:
            return _instance_route(name, rest)
    return None


def _instance_route(name: str, rest: list[str]) -> tuple[str, tuple[str, ...]] | None:
    match rest:
        case []:
            return "instances", (name,)
        case ["batch"]:
            return "batch", (name,)
        case ["batch", "terminate" | "delete" as act]:
            return f"batch/{act}", (name,)
        case ["terminate"]:
            return "terminate", (name,)
        case [*id_parts, "step" | "status" as last] if id_parts:
            return last, (name, "/".join(id_parts))
        case [*id_parts, "events", event_type] if id_parts:
            return "events", (name, "/".join(id_parts), event_type)
        case [*_, "subscribe"] | [*_, "subscribe", "token"]:
            return None  # the event stream is not simulated
    return "instance", (name, "/".join(rest))
