"""What can be done to a workflow as a whole, and how each of it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from console.team.roles import Action
from workflows_ui.cloudflare import Capabilities
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.questions import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """An entry of the workflow's menu; `asks` says whether it opens as a dialog."""

    label: str
    icon: str
    url: str
    asks: bool = True
    tone: str = ""


def workflow_menu(
    allows: Callable[[Action, str], bool],
    can: Capabilities,
    *,
    account: str,
    workflow: str,
    protected: bool,
) -> list[MenuItem]:
    """What the person may do here besides triggering, the destructive last."""
    found = []
    if allows(Action.INSTANCE_TRIGGER, workflow):
        url = address_of("batch-create", account, workflow)
        found.append(MenuItem(label="Trigger a batch", icon="plus", url=url, asks=False))
    if can.workflow_write and allows(Action.WORKFLOW_WRITE, workflow):
        url = address_of("workflow-settings", account, workflow)
        found.append(MenuItem(label="Settings", icon="settings", url=url, asks=False))
    if allows(Action.WORKFLOW_PROTECT, workflow):
        page = "workflow-unprotect" if protected else "workflow-protect"
        label = "Lift the protection" if protected else "Protect"
        found.append(MenuItem(label=label, icon="lock", url=address_of(page, account, workflow)))
    if can.workflow_delete and allows(Action.WORKFLOW_DELETE, workflow):
        url = address_of("workflow-delete", account, workflow)
        found.append(MenuItem(label="Delete", icon="trash", url=url, tone="bad"))
    return found


def protect_question(workflow: str, page: str) -> Question:
    return Question(
        title=f"Protect {workflow}?",
        consequence="Whoever restarts, terminates or deletes instances here must give a reason "
        "and type the workflow's name. Everybody sees that it is protected.",
        label="Protect",
        back=page,
        workflow=workflow,
    )


def unprotect_question(workflow: str, page: str) -> Question:
    return Question(
        title=f"Lift the protection of {workflow}?",
        consequence="Destructive acts then want neither a reason nor the name any more.",
        label="Lift the protection",
        back=page,
        workflow=workflow,
        tone="bad",
    )


def delete_question(workflow: str, page: str, *, local: bool) -> Question:
    upstream = (
        "wrangler dev deletes all instances. The workflow itself stays in its list: it is "
        "defined in the configuration file."
        if local
        else "Cloudflare deletes the workflow and all its instances, for good. Instances that run "
        "may take minutes to stop."
    )
    return Question(
        title=f"Delete {'all instances of ' if local else ''}{workflow}?",
        consequence=f"{upstream} The console keeps no copies of them.",
        label="Delete",
        back=page,
        workflow=workflow,
        tone="bad",
    )
