"""Reads of workflows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from workflows_ui import cloudflare as cf
from workflows_ui.access import Access, readers_at
from workflows_ui.presenters.workflows import WorkflowLine, workflow_line
from workflows_ui.queries.reads import Reading, forget, read
from workflows_ui.side_by_side import ahead, all_of

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class WorkflowPage:
    lines: tuple[WorkflowLine, ...]
    page: int
    has_next: bool
    total: int | None
    reading: Reading[cf.Page[cf.Workflow]]

    @property
    def live(self) -> bool:
        return any(line.live for line in self.lines)


def workflow_page(access: Access, *, search: str, page: int) -> Callable[[], WorkflowPage]:
    """Starts to read a page of the account's workflows with counts per status (4.1), and gives it
    when it is called for.

    Local development tells no counts in its list, so each workflow is asked, side by side.
    """
    name = f"workflows:{search}:{page}"
    call = partial(listed, access.api, search, page)
    return partial(shown_page, access, ahead(partial(read, access.reader, name, call)))


def shown_page(access: Access, read_ahead: Callable[[], Reading[Any]]) -> WorkflowPage:
    reading: Reading[cf.Page[cf.Workflow]] = read_ahead()
    lines = [workflow_line(item, account=access.account.slug) for item in reading.value.items]
    found = reading.value
    return WorkflowPage(tuple(lines), found.page, found.has_next, found.total_count, reading)


def listed(api: cf.WorkflowsApi, search: str, page: int) -> cf.Page[cf.Workflow]:
    found = api.list_workflows(page=page, per_page=PER_PAGE, search=search or None)
    if api.capabilities.list_counts:
        return found
    counted = all_of([partial(api.get_workflow, item.name) for item in found.items])
    return cf.Page(
        items=tuple(counted),
        page=found.page,
        per_page=found.per_page,
        total_count=found.total_count,
    )


def workflow_reading(access: Access, workflow: str) -> Reading[cf.Workflow]:
    """One workflow (4.2). Raises NotFound for an unknown name."""
    return read(access.reader, f"workflow:{workflow}", partial(access.api.get_workflow, workflow))


def workflow_now(access: Access, workflow: str) -> WorkflowLine:
    """A workflow as it is this moment, before it is acted on. Raises NotFound."""
    return workflow_line(access.api.get_workflow(workflow), account=access.account.slug)


def forget_workflow(access: Access, workflow: str) -> None:
    """Makes the next readings of a workflow that was acted on fresh ones, for every member."""
    for reader in readers_at(access.account):
        forget(reader, f"workflow:{workflow}")
        forget(reader, "workflows::1")
        forget(reader, f"versions:{workflow}:1")
