"""Which events an instance may want."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workflows_ui import cloudflare as cf
from workflows_ui.access import Access
from workflows_ui.presenters.status import look_of
from workflows_ui.presenters.steps import split_counter, step_status
from workflows_ui.queries.instances import instance_detail
from workflows_ui.queries.versions import graph_of


@dataclass(frozen=True, slots=True)
class EventType:
    """`waits` says that a step waits for it now; `step` is which."""

    name: str
    step: str
    waits: bool = False


def event_types(access: Access, workflow: str, instance: str) -> list[EventType]:
    """The types that the instance waits for now, then those its version's graph names (4.12, 4.21).

    Raises NotFound when there is no such instance.
    """
    detail = instance_detail(access, workflow, instance).value
    found = {kind.name: kind for kind in waited_for(detail)}
    if access.api.capabilities.graph and detail.version_id:
        for kind in in_graph(access, workflow, detail.version_id):
            found.setdefault(kind.name, kind)
    return list(found.values())


def waited_for(detail: cf.InstanceDetail) -> Iterator[EventType]:
    if not look_of(detail.status).live:
        return
    for entry in detail.steps:
        if entry.type == "waitForEvent" and entry.event_type and step_status(entry) == "waiting":
            yield EventType(entry.event_type, split_counter(entry)[0], waits=True)


def in_graph(access: Access, workflow: str, version: str) -> Iterator[EventType]:
    """What can't be read names nothing: the types are a suggestion only."""
    try:
        graph = graph_of(access, workflow, version)
    except cf.CloudflareError:
        return
    if graph is not None:
        for node in every_node((*graph.nodes, *graph.functions.values())):
            options = node.fields.get("options")
            if node.type == "step_wait_for_event" and isinstance(options, dict):
                name = options.get("event_type")
                if isinstance(name, str) and name:
                    yield EventType(name, node.name or "")


def every_node(nodes: tuple[cf.Node, ...]) -> Iterator[cf.Node]:
    for node in nodes:
        yield node
        yield from every_node(node.nodes)
        for branch in node.branches:
            yield from every_node(branch.nodes)
        for block in node.blocks.values():
            yield from every_node(block)
