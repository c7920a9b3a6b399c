"""Acts on a workflow as a whole."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from console.team.queries import is_protected
from console.team.roles import Action
from console.team.services import accounts
from workflows_ui import cloudflare as cf
from workflows_ui import queries, services
from workflows_ui.access import Access, access_to
from workflows_ui.forms.acts import ActForm, DestructiveForm, TypedForm
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.workflow_acts import (
    delete_question,
    protect_question,
    unprotect_question,
)
from workflows_ui.presenters.workflows import WorkflowLine
from workflows_ui.views.acting import act_page, posted


@require_http_methods(["GET", "HEAD", "POST"])
def workflow_protect(request: ConsoleRequest, account: str, workflow: str) -> HttpResponse:
    access = access_to(request, account)
    access.require(Action.WORKFLOW_PROTECT, workflow)
    queries.workflows.workflow_reading(access, workflow)  # a name that is not there is a mistake
    page = address_of("workflow-detail", account, workflow)

    def protect() -> str:
        accounts.workflow_protect(actor=access.actor, workflow=workflow)
        messages.success(request, f"{workflow} is protected.")
        return page

    form = ActForm(posted(request))
    return act_page(request, access, form, protect_question(workflow, page), protect)


@require_http_methods(["GET", "HEAD", "POST"])
def workflow_unprotect(request: ConsoleRequest, account: str, workflow: str) -> HttpResponse:
    """Not asked of the upstream: a protection may outlive its workflow."""
    access = access_to(request, account)
    access.require(Action.WORKFLOW_PROTECT, workflow)
    page = address_of("workflow-detail", account, workflow)
    form = DestructiveForm(posted(request), workflow=workflow, protected=True)

    def lift() -> str:
        reason = form.cleaned_data["reason"]
        accounts.workflow_unprotect(actor=access.actor, workflow=workflow, reason=reason)
        messages.success(request, f"{workflow} is not protected any more.")
        return page

    return act_page(request, access, form, unprotect_question(workflow, page), lift)


@require_http_methods(["GET", "HEAD", "POST"])
def workflow_delete(request: ConsoleRequest, account: str, workflow: str) -> HttpResponse:
    """With everything in it, so the name is typed whether it is protected or not."""
    access = access_to(request, account)
    access.require(Action.WORKFLOW_DELETE, workflow)
    form = TypedForm(
        posted(request), workflow=workflow, protected=is_protected(access.account, workflow)
    )
    about = about_to_go(request, access, workflow)
    local = not access.account.needs_token
    page = address_of("workflow-detail", account, workflow)

    def delete() -> str:
        services.workflows.workflow_delete(
            actor=access.actor,
            api=access.api,
            workflow=workflow,
            reason=form.cleaned_data["reason"],
            instances=about.workflow.instances if about else None,
        )
        queries.workflows.forget_workflow(access, workflow)
        messages.success(request, deleted(workflow, local=local))
        return page if local else address_of("workflow-list", account)

    question = delete_question(workflow, page, local=local)
    return act_page(request, access, form, question, delete, lost=about)


def about_to_go(request: ConsoleRequest, access: Access, workflow: str) -> WorkflowLine | None:
    """The workflow with its counts of now. A sending doesn't fail for them."""
    try:
        return queries.workflows.workflow_now(access, workflow)
    except cf.CloudflareError:
        if request.method != "POST":
            raise
        return None


def deleted(workflow: str, *, local: bool) -> str:
    what = f"the instances of {workflow}" if local else workflow
    return f"Deleted {what}. What was running may take minutes to stop."
