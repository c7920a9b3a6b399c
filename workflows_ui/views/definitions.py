"""Creating a workflow, and changing how one is defined."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from console.team.queries import is_protected
from console.team.roles import Action
from workflows_ui import cloudflare as cf
from workflows_ui import queries, services
from workflows_ui.access import Access, access_to, seat_at
from workflows_ui.forms.definitions import DefinitionForm, NewWorkflowForm, SchedulePreview
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.changes import Draft
from workflows_ui.presenters.definitions import REFUSALS, definition_draft
from workflows_ui.presenters.schedules import cron_runs
from workflows_ui.presenters.trouble import Trouble
from workflows_ui.services.instances import NotDone
from workflows_ui.views.changing import change_page


@require_http_methods(["GET", "HEAD", "POST"])
def workflow_create(request: ConsoleRequest, account: str) -> HttpResponse:
    access = writing(request, account)
    if request.method != "POST":
        return form_page(request, access, NewWorkflowForm())
    form = NewWorkflowForm(request.POST)
    return definition_page(request, access, form, form.data.get("name", ""), new=True)


@require_http_methods(["GET", "HEAD", "POST"])
def workflow_settings(request: ConsoleRequest, account: str, workflow: str) -> HttpResponse:
    access = writing(request, account, workflow)
    if request.method == "POST":
        return definition_page(request, access, DefinitionForm(request.POST), workflow)
    now = queries.definitions.defined(access, workflow)
    if now is None:
        raise Http404("No such workflow.")
    return form_page(request, access, DefinitionForm(now=now), workflow)


@require_safe
def schedule_runs(request: ConsoleRequest, account: str) -> HttpResponse:
    """When the schedules that are being typed would fire. No call goes out."""
    seat_at(request, account).require(Action.WORKFLOW_WRITE)
    runs = cron_runs(SchedulePreview(request.GET).crons())
    return render(request, "workflows/_runs.html", {"runs": runs})


def writing(request: ConsoleRequest, account: str, workflow: str = "") -> Access:
    """Access of an admin to an upstream that lets workflows be written."""
    access = access_to(request, account)
    access.require(Action.WORKFLOW_WRITE, workflow)
    if not access.api.capabilities.workflow_write:
        raise cf.NotSupported("Workflows of wrangler dev are defined in its configuration file.")
    return access


def definition_page(
    request: ConsoleRequest,
    access: Access,
    form: DefinitionForm,
    workflow: str,
    *,
    new: bool = False,
) -> HttpResponse:
    """From the form to the differences, and from there to the PUT."""

    def read() -> Draft:
        return definition_draft(
            workflow,
            queries.definitions.defined(access, workflow),
            form.definition(),
            back=address_of("workflow-list", access.account.slug)
            if new
            else address_of("workflow-detail", access.account.slug, workflow),
            new=new,
            protected=is_protected(access.account, workflow),
        )

    return change_page(
        request,
        access,
        form,
        read=read,
        draw=partial(form_page, request, access, form, "" if new else workflow),
        act=partial(put, request, access, form, workflow),
    )


def put(
    request: ConsoleRequest,
    access: Access,
    form: DefinitionForm,
    workflow: str,
    draft: Draft,
    reason: str,
) -> str:
    try:
        services.workflows.workflow_put(
            actor=access.actor,
            api=access.api,
            workflow=workflow,
            definition=form.definition(),
            before=draft.before,
            reason=reason,
        )
    except (cf.CloudflareError, NotDone) as error:
        say_at_field(form, error)
        raise
    queries.workflows.forget_workflow(access, workflow)
    messages.success(request, f"{'Created' if draft.before is None else 'Changed'} {workflow}.")
    return address_of("workflow-detail", access.account.slug, workflow)


def say_at_field(form: DefinitionForm, error: cf.CloudflareError | NotDone) -> None:
    """Puts a refusal whose code speaks of one field there."""
    code = getattr(error, "code", None)
    if not error.maybe_done and code in REFUSALS:
        field, text = REFUSALS[code]
        form.add_error(field if field in form.fields else None, text)


def form_page(
    request: ConsoleRequest,
    access: Access,
    form: DefinitionForm,
    workflow: str = "",
    trouble: Trouble | None = None,
) -> HttpResponse:
    ctx = {
        "access": access,
        "form": form,
        "name": workflow,
        "trouble": trouble,
        "runs": cron_runs(SchedulePreview({"schedules": form["schedules"].value()}).crons()),
    }
    status = 422 if form.errors or trouble else 200
    return render(request, "workflows/definition.html", ctx, status=status)
