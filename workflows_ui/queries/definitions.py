"""How a workflow is defined at this moment."""

from __future__ import annotations

from functools import partial

from workflows_ui import cloudflare as cf
from workflows_ui.access import Access
from workflows_ui.presenters.definitions import Defined
from workflows_ui.side_by_side import both


def defined(access: Access, workflow: str) -> Defined | None:
    """The workflow and its newest version, read side by side and never from the cache (4.2, 4.19).

    None when there is no such workflow.
    """
    found, newest = both(
        partial(workflow_or_none, access.api, workflow),
        partial(newest_version, access.api, workflow),
    )
    return Defined.of(found, newest) if found else None


def workflow_or_none(api: cf.WorkflowsApi, workflow: str) -> cf.Workflow | None:
    try:
        return api.get_workflow(workflow)
    except cf.NotFound:
        return None


def newest_version(api: cf.WorkflowsApi, workflow: str) -> cf.Version | None:
    try:
        items = api.list_versions(workflow, per_page=1).items
    except cf.NotFound:
        return None
    return items[0] if items else None
