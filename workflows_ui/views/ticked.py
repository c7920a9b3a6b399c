"""Acts on the ticked instances of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from console.audit.actions import AuditAction
from console.team.roles import Action
from workflows_ui import queries, services
from workflows_ui.access import Access, access_to
from workflows_ui.forms.batches import TickedForm
from workflows_ui.forms.failures import FailureFilterForm
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.batches import TICKED, ticked_question
from workflows_ui.presenters.failures import is_fingerprint
from workflows_ui.services.batches import Many
from workflows_ui.views.acting import act_page
from workflows_ui.views.instance_acts import destructive_rules, keeps_copy

MOST_ADDRESS = 1_000
"""As long as the address may be that is kept with a form that was sent."""


@require_POST
def ticked_restart(request: ConsoleRequest, account: str, workflow: str) -> HttpResponse:
    access = access_to(request, account)
    access.require(Action.INSTANCE_RESTART, workflow)
    return ticked_page(request, access, workflow, "restart", services.ticked.instances_restart)


@require_POST
def ticked_terminate(request: ConsoleRequest, account: str, workflow: str) -> HttpResponse:
    access = access_to(request, account)
    access.require(Action.INSTANCE_TERMINATE, workflow)
    return ticked_page(request, access, workflow, "terminate", services.ticked.instances_terminate)


@require_POST
def ticked_delete(request: ConsoleRequest, account: str, workflow: str) -> HttpResponse:
    access = access_to(request, account)
    access.require(Action.INSTANCE_DELETE, workflow)
    return ticked_page(request, access, workflow, "delete", services.ticked.instances_delete)


def ticked_page(
    request: ConsoleRequest,
    access: Access,
    workflow: str,
    name: str,
    act: Callable[..., Any],
) -> HttpResponse:
    """The list posts the ids alone, which may be many: that asks. The answer has a key too."""
    page, of, came_from = list_of(request, access, workflow)
    ids = request.POST.getlist("instance")
    if not ids:
        messages.info(request, "No instance was ticked. Nothing was done.")
        return redirect(page)
    form = TickedForm(
        request.POST if "key" in request.POST else None,
        initial=came_from
        | {"instance": list(dict.fromkeys(ids)), "only": request.POST.get("only", "")},
        **destructive_rules(access, workflow),
    )

    def do() -> str:
        return ticked_done(access, workflow, name, form, act)

    only = str(form["only"].value() or "")
    question = ticked_question(TICKED[name], len(form.ids), workflow, page, only=only, of=of)
    return act_page(request, access, form, question, do, named=form.ids)


def list_of(
    request: ConsoleRequest, access: Access, workflow: str
) -> tuple[str, str, dict[str, str]]:
    """Where they were ticked, what that page is called, and what the form keeps to know it: the
    workflow's list, or the failures of a kind. What is posted never is an address itself."""
    slug, kind = access.account.slug, request.POST.get("failures", "")
    if not is_fingerprint(kind):
        return address_of("workflow-detail", slug, workflow), "", {}
    page = address_of("failure-group", slug, kind)
    query = FailureFilterForm(QueryDict(request.POST.get("asked", ""))).query
    if len(f"{page}?{query}") > MOST_ADDRESS:
        query = ""
    return f"{page}?{query}" if query else page, "Failures", {"failures": kind, "asked": query}


def ticked_done(
    access: Access, workflow: str, name: str, form: TickedForm, act: Callable[..., Any]
) -> str:
    """Does it, and says where what became of each is told."""
    data = form.cleaned_data
    batch = services.batches.batch_open(
        actor=access.actor,
        workflow=workflow,
        key=data["key"],
        action=AuditAction(f"instance:{name}"),
    )
    many = Many(
        actor=access.actor,
        api=access.api,
        workflow=workflow,
        ids=data["instance"],
        record=batch,
        reason=data["reason"],
        only=data["only"],
    )
    try:
        services.ticked.ticked_act(batch, many, act, snapshot=keeps_copy(form))
    finally:
        queries.instances.forget_instances(access, workflow, data["instance"])
    services.seeing.note_acted(access.account, workflow, data["instance"])
    return address_of("batch-detail", access.account.slug, workflow, str(batch.key))
