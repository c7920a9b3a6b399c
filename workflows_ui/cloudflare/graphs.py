"""The graph of a version (section 10): nested lists of nodes, of types known and new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows_ui.cloudflare import types as t
from workflows_ui.cloudflare import values as v

MAX_DEPTH = 50
BLOCKS = {"try": "try_block", "catch": "catch_block", "finally": "finally_block"}
PLACED = frozenset({"type", "name", "nodes", "branches", *BLOCKS.values()})


def parse_version_graph(value: object) -> t.VersionGraph:
    data = v.as_object(value, "graph")
    return t.VersionGraph(
        id=v.required_text(data, "id", "graph"),
        class_name=v.text(data.get("class_name")) or "",
        workflow_id=v.text(data.get("workflow_id")),
        created_on=v.moment(data.get("created_on")),
        modified_on=v.moment(data.get("modified_on")),
        graph=_parse_graph(data.get("graph")),
    )


def _parse_graph(value: object) -> t.Graph | None:
    if not isinstance(value, dict):
        return None
    workflow = v.object_or_empty(value.get("workflow"))
    functions = v.object_or_empty(workflow.get("functions"))
    return t.Graph(
        version=v.whole(value.get("version")),
        class_name=v.text(workflow.get("class_name")) or "",
        nodes=parse_nodes(workflow.get("nodes")),
        functions={key: parse_node(node) for key, node in functions.items()},
        payload=workflow.get("payload"),
    )


def parse_nodes(value: object, *, depth: int = 0) -> tuple[t.Node, ...]:
    return tuple(parse_node(node, depth=depth) for node in v.list_or_empty(value))


def parse_node(value: object, *, depth: int = 0) -> t.Node:
    """One node and what it contains; below MAX_DEPTH the contents stay in `fields`, unread."""
    if not isinstance(value, dict):
        return t.Node(type="unknown", fields={"value": value})
    kind = v.text(value.get("type")) or "unknown"
    name = v.text(value.get("name"))
    if depth >= MAX_DEPTH:
        return t.Node(type=kind, name=name, fields=v.other_fields(value, ("type", "name")))
    return t.Node(
        type=kind,
        name=name,
        nodes=parse_nodes(value.get("nodes"), depth=depth + 1),
        branches=tuple(
            _parse_branch(branch, depth=depth + 1)
            for branch in v.list_or_empty(value.get("branches"))
            if isinstance(branch, dict)
        ),
        blocks={
            block: parse_nodes(value[field].get("nodes"), depth=depth + 1)
            for block, field in BLOCKS.items()
            if isinstance(value.get(field), dict)
        },
        fields=v.other_fields(value, PLACED),
    )


def _parse_branch(data: Mapping[str, Any], *, depth: int) -> t.Branch:
    condition = data.get("condition")
    return t.Branch(
        condition=None if condition is None else v.shown(condition),
        nodes=parse_nodes(data.get("nodes"), depth=depth),
    )
