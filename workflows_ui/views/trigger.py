from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.audit.recording import TrailUnavailable
from console.team.roles import Action
from workflows_ui import cloudflare as cf
from workflows_ui import queries, services
from workflows_ui.access import Access, access_to
from workflows_ui.forms.instances import InstanceLookup
from workflows_ui.forms.trigger import TriggerForm
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.commands import trigger_commands
from workflows_ui.presenters.instances import instance_url
from workflows_ui.presenters.trouble import Trouble, trouble_of
from workflows_ui.services.instances import AlreadyExists, OutcomeUnknown
from workflows_ui.services.sent_forms import (
    AlreadySent,
    form_claim_in_turn,
    form_led_to,
    form_release,
)
from workflows_ui.side_by_side import both
from workflows_ui.views.acting import sent_page


@require_http_methods(["GET", "HEAD", "POST"])
def instance_trigger(request: ConsoleRequest, account: str, workflow: str) -> HttpResponse:
    access = access_to(request, account)
    access.require(Action.INSTANCE_TRIGGER, workflow)
    options = access.api.capabilities.create_options
    if request.method == "POST":
        form = TriggerForm(request.POST, options=options)
        if form.is_valid():
            return triggered_page(request, access, workflow, form)
        return trigger_page(request, access, workflow, form, status=422)
    about, values = both(
        partial(queries.workflows.workflow_reading, access, workflow),
        partial(initial, access, workflow, request.GET.get("from", "")),
    )
    values["again"] = request.GET.get("from", "")
    form = TriggerForm(initial=values, options=options)
    return trigger_page(request, access, workflow, form, about=about.value)


def triggered_page(
    request: ConsoleRequest, access: Access, workflow: str, form: TriggerForm
) -> HttpResponse:
    """Triggers, once for a form. One that made nothing, or whose end nobody knows, may go again:
    it asks for the same id."""
    slug = access.account.slug
    try:
        sent = form_claim_in_turn(user=access.user, key=form.cleaned_data["own_id"])
    except AlreadySent as before:
        return sent_page(request, before.led_to or address_of("workflow-detail", slug, workflow))
    try:
        instance, trouble = triggered(access, workflow, form)
    except TrailUnavailable:
        form_release(sent)
        raise
    if instance is None:
        form_release(sent)
        return trigger_page(request, access, workflow, form, trouble, status=422)
    queries.instances.forget_instances(access, workflow, [instance])
    led_to = instance_url(slug, workflow, instance)
    form_led_to(sent, led_to)
    messages.success(request, f"Triggered {instance}.")
    return redirect(led_to)


def triggered(
    access: Access, workflow: str, form: TriggerForm
) -> tuple[str | None, Trouble | None]:
    """The id of the new instance, or what the form has to say."""
    new, again = form.new_instance(), form.cleaned_data["again"]
    try:
        created = services.instances.instance_create(
            actor=access.actor, api=access.api, workflow=workflow, new=new, again=again
        )
    except AlreadyExists:
        if not form.chose_id:
            # our own id is taken by an earlier sending of this very form, whose answer was lost
            return new.instance_id, None
        form.add_error("instance_id", "This workflow has an instance of this id already.")
        return None, None
    except OutcomeUnknown as unknown:
        return None, unknown_outcome(access, workflow, unknown)
    except cf.CloudflareError as error:
        refused = trouble_of(error, account=access.account)
        return None, replace(refused, next_step=f"Nothing was created. {refused.next_step}")
    return created.id, None


def unknown_outcome(access: Access, workflow: str, unknown: OutcomeUnknown) -> Trouble:
    lost = trouble_of(unknown.lost, account=access.account)
    return Trouble(
        status=lost.status,
        title="Whether the instance was created is not known",
        why=f"No answer came to the create, and {unknown.instance_id} could not be found (yet).",
        next_step="Send the form again: it asks for the same id, so it can't be created twice.",
        upstream_status=lost.upstream_status,
        code=lost.code,
        ray_id=lost.ray_id,
        said=lost.said,
        account=access.account,
    )


def initial(access: Access, workflow: str, instance: str) -> dict[str, str]:
    """Params of the instance to run again, if one is named and still there."""
    lookup = InstanceLookup({"id": instance})
    if not lookup.is_valid():
        return {}
    try:
        detail = queries.instances.instance_detail(access, workflow, instance).value
    except cf.NotFound:
        return {}
    return {"params": json.dumps(detail.params, indent=2, ensure_ascii=False)}


def trigger_page(
    request: ConsoleRequest,
    access: Access,
    workflow: str,
    form: TriggerForm,
    trouble: Trouble | None = None,
    *,
    about: cf.Workflow | None = None,
    status: int = 200,
) -> HttpResponse:
    ctx = {
        "access": access,
        "name": workflow,
        "form": form,
        "trouble": trouble,
        "about": about,
        "again": form["again"].value(),
        "commands": trigger_commands(access.account, workflow),
    }
    return render(request, "trigger/form.html", ctx, status=status)
