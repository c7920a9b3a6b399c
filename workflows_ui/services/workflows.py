"""Writes to a workflow as a whole. Each is sent once, after it was written into the trail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from workflows_ui import cloudflare as cf
from workflows_ui.presenters.changes import LEFT_OUT
from workflows_ui.presenters.definitions import Defined, changes
from workflows_ui.services.acts import acting
from workflows_ui.services.instances import NotDone


def workflow_delete(
    *,
    actor: Actor,
    api: cf.WorkflowsApi,
    workflow: str,
    reason: str,
    instances: Mapping[str, int] | None = None,
) -> cf.WorkflowDeleted:
    """Deletes a workflow with all its instances (4.4); a local engine deletes the instances only.

    `instances` are the counts as they were shown, for the trail. Raises CloudflareError.
    """
    with acting(
        actor,
        AuditAction.WORKFLOW_DELETE,
        workflow=workflow,
        reason=reason,
        detail={"instances": dict(instances)} if instances else None,
    ):
        return api.delete_workflow(workflow)


class ScriptUnknown(NotDone):
    """The API had an internal error at a PUT and left the workflow as it was: its answer to a
    script that it doesn't know."""


def workflow_put(
    *,
    actor: Actor,
    api: cf.WorkflowsApi,
    workflow: str,
    definition: cf.WorkflowDefinition,
    before: Mapping[str, Any] | None,
    reason: str = "",
) -> None:
    """Creates a workflow, or changes how it is defined (4.3), sent once only.

    `before` is how it is defined (the facts of `Defined`), None when there is none; the caller
    has just looked. A PUT whose answer was lost is settled by looking again. Raises ScriptUnknown
    or CloudflareError.
    """
    after = {name: value for name, value in asdict(definition).items() if value is not None}
    with acting(
        actor,
        AuditAction.WORKFLOW_PUT,
        workflow=workflow,
        reason=reason,
        detail={"before": before, "after": after},
    ) as act:
        try:
            version = api.put_workflow(workflow, definition).version_id
        except cf.CloudflareError as lost:
            if not lost.maybe_done:
                raise
            version = settled(api, workflow, definition, before, lost)
        act.succeeded(detail={"version_id": version})


def settled(
    api: cf.WorkflowsApi,
    workflow: str,
    definition: cf.WorkflowDefinition,
    before: Mapping[str, Any] | None,
    lost: cf.CloudflareError,
) -> str | None:
    """The version that a PUT without a usable answer made, if it is there and as was asked for.

    Raises ScriptUnknown, or the error again when it can't be told.
    """
    try:
        now = defined(api, workflow)
    except cf.CloudflareError:
        raise lost from None
    version_before = before["version_id"] if before else None
    asked = [change for change in changes(now, definition) if change.then != (LEFT_OUT,)]
    if now and now.version_id != version_before and not asked:
        return now.version_id
    if lost.code == cf.INTERNAL_ERROR and (asdict(now) if now else None) == before:
        raise ScriptUnknown(lost.message, lost)
    raise lost


def defined(api: cf.WorkflowsApi, workflow: str) -> Defined | None:
    """How a workflow is defined now (4.2, 4.19); None when there is none."""
    try:
        found = api.get_workflow(workflow)
    except cf.NotFound:
        return None
    newest = api.list_versions(workflow, per_page=1).items
    return Defined.of(found, newest[0] if newest else None)
