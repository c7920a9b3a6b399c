"""Writes to a workflow as a whole. Each is sent once, after it was written into the trail."""

from __future__ import annotations

from collections.abc import Mapping

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from workflows_ui import cloudflare as cf
from workflows_ui.services.acts import acting


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
