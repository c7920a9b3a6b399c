from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from console.team.queries import is_protected, protected_workflows
from console.team.roles import Action
from workflows_ui import cloudflare as cf
from workflows_ui import queries
from workflows_ui.access import Access, access_to
from workflows_ui.forms.instances import InstanceFilterForm, InstanceLookup
from workflows_ui.forms.workflows import WorkflowSearch
from workflows_ui.htmx import render_page
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.batches import sweep_url, ticked_acts
from workflows_ui.presenters.commands import workflow_commands
from workflows_ui.presenters.instances import instance_url
from workflows_ui.presenters.paging import Trail
from workflows_ui.presenters.trouble import stale_trouble
from workflows_ui.presenters.workflow_acts import workflow_menu
from workflows_ui.queries.instances import InstancePage
from workflows_ui.queries.panels.seen import seen_line
from workflows_ui.queries.trail import people_of
from workflows_ui.queries.workflows import WorkflowPage


@require_safe
def workflow_list(request: ConsoleRequest, account: str) -> HttpResponse:
    access = access_to(request, account)
    form = WorkflowSearch(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    search = asked.get("q", "")
    page = queries.workflows.workflow_page(access, search=search, page=asked.get("page") or 1)
    ctx = {
        "access": access,
        "form": form,
        "search": search,
        "found": found_instances(access, search) if search else None,
        "can": access.api.capabilities,
        "protected": protected_workflows(access.account),
        "may_create": access.api.capabilities.workflow_write
        and access.allows(Action.WORKFLOW_WRITE),
    }
    answer = partial(workflows_context, access, page)
    return render_page(request, "workflows/list.html", ctx, fragment="workflows", answer=answer)


def workflows_context(access: Access, read_page: Callable[[], WorkflowPage]) -> dict[str, Any]:
    """What the list of workflows shows of its answer, once that is there."""
    page = read_page()
    return {"page": page, "stale": stale_trouble(page.reading, account=access.account)}


def found_instances(access: Access, search: str) -> dict[str, Any]:
    """Instances of all workflows by the beginning of their id, from what the worker has seen."""
    found = queries.history.instances_named(access.account, search)
    slug = access.account.slug
    return {"lines": [seen_line(row, slug) for row in found.rows], "since": found.since}


@require_safe
def workflow_detail(request: ConsoleRequest, account: str, workflow: str) -> HttpResponse:
    access = access_to(request, account)
    lookup = InstanceLookup(request.GET if "id" in request.GET else None)
    if lookup.is_bound and (found := looked_up(access, workflow, lookup)):
        return redirect(found)
    form = InstanceFilterForm(
        request.GET, me=request.user.pk, people=partial(people_of, access.account)
    )
    form.is_valid()  # what is not valid says so at its field, the rest still filters
    try:
        return instances_page(request, access, workflow, form, lookup)
    except cf.Invalid:
        if not form.chosen().cursor:
            raise
        messages.info(request, "That page of the list is not known any more: here is the newest.")
        return redirect(request.path + Trail(request.GET, None).first_url)


def instances_page(
    request: ConsoleRequest,
    access: Access,
    workflow: str,
    form: InstanceFilterForm,
    lookup: InstanceLookup,
) -> HttpResponse:
    """The list of instances that fit the form. Raises what reading it raises."""
    chosen = form.chosen()
    read_page = queries.instances.instance_page(access, workflow, chosen)
    ctx = {
        "access": access,
        "name": workflow,
        "form": form,
        "lookup": lookup,
        "chosen": chosen,
        "commands": workflow_commands(access.account, workflow, chosen.status),
        **(head_of(access, workflow) | many_of(access, workflow, chosen.status)),
    }
    return render_page(
        request,
        "workflows/detail.html",
        ctx,
        fragment="instances",
        answer=partial(instances_context, request, access, read_page),
        ahead=("head", "filters", "ticked"),
    )


def instances_context(
    request: ConsoleRequest, access: Access, read_page: Callable[[], InstancePage]
) -> dict[str, Any]:
    """What the list of instances shows of its answer, once that is there."""
    page = read_page()
    return {
        "about": page.workflow.workflow,
        "page": page,
        "trail": Trail(request.GET, page.cursor),
        "stale": stale_trouble(page.reading, account=access.account),
    }


def head_of(access: Access, workflow: str) -> dict[str, Any]:
    """What the head of the workflow's pages needs."""
    protected = is_protected(access.account, workflow)
    can = access.api.capabilities
    return {
        "can": can,
        "trigger_url": trigger_url(access, workflow),
        "protected": protected,
        "menu": workflow_menu(
            access.allows,
            can,
            account=access.account.slug,
            workflow=workflow,
            protected=protected,
        ),
    }


def trigger_url(access: Access, workflow: str) -> str:
    """Where the person may trigger an instance; empty where they may not."""
    if not access.allows(Action.INSTANCE_TRIGGER, workflow):
        return ""
    return address_of("instance-trigger", access.account.slug, workflow)


def many_of(access: Access, workflow: str, status: str) -> dict[str, Any]:
    """What may be done to many of its instances at once, and what of it is under way."""
    slug = access.account.slug
    if not access.allows(Action.INSTANCE_TERMINATE, workflow):
        return {"ticks": ticked_acts(access.allows, slug, workflow)}
    return {
        "ticks": ticked_acts(access.allows, slug, workflow),
        "sweep_url": sweep_url(slug, workflow, status),
        "sweeps": queries.batches.unfinished_sweeps(access.account, workflow),
    }


def looked_up(access: Access, workflow: str, lookup: InstanceLookup) -> str | None:
    """Where the instance asked for by id is; the form says why if nowhere."""
    if not lookup.is_valid():
        return None
    instance = lookup.cleaned_data["id"]
    try:
        if queries.instances.instance_exists(access, workflow, instance):
            return instance_url(access.account.slug, workflow, instance)
    except cf.Invalid as error:
        lookup.add_error("id", f"The API doesn't take this id: {error.message}")
        return None
    lookup.add_error(
        "id", "This workflow has no such instance. It may have been deleted or have expired."
    )
    return None
