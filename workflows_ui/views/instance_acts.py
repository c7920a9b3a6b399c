"""Acts on one instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from console.team.queries import is_protected
from console.team.roles import Action
from workflows_ui import queries, services
from workflows_ui.access import Access, access_to
from workflows_ui.forms.acts import (
    ActForm,
    EventForm,
    ForgettingForm,
    RestartForm,
    TerminateForm,
)
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.instance_acts import ACTS
from workflows_ui.presenters.instances import instance_url
from workflows_ui.presenters.questions import Question
from workflows_ui.services.instances import Target
from workflows_ui.views.acting import act_page, posted


@require_http_methods(["GET", "HEAD", "POST"])
def instance_pause(
    request: ConsoleRequest, account: str, workflow: str, instance: str
) -> HttpResponse:
    access = access_to(request, account)
    access.require(Action.INSTANCE_PAUSE, workflow)
    form = ActForm(posted(request))
    return instance_act_page(
        request, access, workflow, instance, "pause", form, services.instances.instance_pause
    )


@require_http_methods(["GET", "HEAD", "POST"])
def instance_resume(
    request: ConsoleRequest, account: str, workflow: str, instance: str
) -> HttpResponse:
    access = access_to(request, account)
    access.require(Action.INSTANCE_RESUME, workflow)
    form = ActForm(posted(request))
    return instance_act_page(
        request, access, workflow, instance, "resume", form, services.instances.instance_resume
    )


@require_http_methods(["GET", "HEAD", "POST"])
def instance_restart(
    request: ConsoleRequest, account: str, workflow: str, instance: str
) -> HttpResponse:
    """From the beginning, or from the step that the address names."""
    access = access_to(request, account)
    access.require(Action.INSTANCE_RESTART, workflow)
    rules = destructive_rules(access, workflow)
    data = posted(request)
    form = (
        RestartForm.from_step(request.GET, **rules) if data is None else RestartForm(data, **rules)
    )

    def restart(target: Target) -> None:
        services.instances.instance_restart(
            target, step=form.restart_from(), snapshot=keeps_copy(form)
        )

    return instance_act_page(request, access, workflow, instance, "restart", form, restart)


@require_http_methods(["GET", "HEAD", "POST"])
def instance_terminate(
    request: ConsoleRequest, account: str, workflow: str, instance: str
) -> HttpResponse:
    access = access_to(request, account)
    access.require(Action.INSTANCE_TERMINATE, workflow)
    form = TerminateForm(
        posted(request),
        rollback=access.api.capabilities.rollback,
        **destructive_rules(access, workflow),
    )

    def terminate(target: Target) -> None:
        services.instances.instance_terminate(
            target,
            rollback=form.cleaned_data.get("rollback", False),
            snapshot=keeps_copy(form),
        )

    return instance_act_page(request, access, workflow, instance, "terminate", form, terminate)


@require_http_methods(["GET", "HEAD", "POST"])
def instance_delete(
    request: ConsoleRequest, account: str, workflow: str, instance: str
) -> HttpResponse:
    access = access_to(request, account)
    access.require(Action.INSTANCE_DELETE, workflow)
    form = ForgettingForm(posted(request), **destructive_rules(access, workflow))

    def delete(target: Target) -> None:
        services.instances.instance_delete(target, snapshot=keeps_copy(form))

    return instance_act_page(
        request,
        access,
        workflow,
        instance,
        "delete",
        form,
        delete,
        led_to=address_of("workflow-detail", account, workflow),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def instance_event(
    request: ConsoleRequest, account: str, workflow: str, instance: str
) -> HttpResponse:
    """An event, with the types that the instance waits for, or its graph names, to choose."""
    access = access_to(request, account)
    access.require(Action.INSTANCE_EVENT, workflow)
    data = posted(request)
    # what was typed must not be lost to a failing read, so a sending asks for no suggestions
    types = queries.events.event_types(access, workflow, instance) if data is None else []
    first = types[0].name if types and types[0].waits else ""
    form = EventForm(data, initial={"event_type": first})

    def send(target: Target) -> None:
        services.instances.instance_event(
            target,
            event_type=form.cleaned_data["event_type"],
            payload=form.cleaned_data["payload"],
        )

    return instance_act_page(
        request,
        access,
        workflow,
        instance,
        "event",
        form,
        send,
        types=types,
    )


def instance_act_page(
    request: ConsoleRequest,
    access: Access,
    workflow: str,
    instance: str,
    name: str,
    form: ActForm,
    act: Callable[[Target], Any],
    *,
    led_to: str = "",
    **context: Any,
) -> HttpResponse:
    """One act of the table, asked about in its words."""
    words = ACTS[name]
    page = instance_url(access.account.slug, workflow, instance)

    def do() -> str:
        target = Target(
            actor=access.actor,
            api=access.api,
            workflow=workflow,
            instance=instance,
            reason=form.cleaned_data.get("reason", ""),
        )
        try:
            act(target)
        finally:
            queries.instances.forget_instances(access, workflow, [instance])
        services.seeing.note_acted(access.account, workflow, [instance])
        messages.success(request, f"{words.done} {instance}.")
        return led_to or page

    return act_page(
        request, access, form, question_of(name, form, workflow, instance, page), do, **context
    )


def question_of(name: str, form: ActForm, workflow: str, instance: str, page: str) -> Question:
    words = ACTS[name]
    title, consequence = f"{words.label} {instance}?", words.consequence
    if name == "event":
        title = f"Send an event to {instance}"
    if isinstance(form, RestartForm) and form.step_name:
        title = f"Restart {instance} from {form.step_name}?"
        consequence = (
            "Steps before it keep their results. It and everything after it runs again, and "
            "Cloudflare forgets what they were; the console keeps a copy."
        )
    return Question(
        title=title,
        consequence=consequence,
        label=words.label,
        back=page,
        workflow=workflow,
        instance=instance,
        tone=words.tone,
    )


def destructive_rules(access: Access, workflow: str) -> dict[str, Any]:
    return {"workflow": workflow, "protected": is_protected(access.account, workflow)}


def keeps_copy(form: ForgettingForm) -> bool:
    return not form.cleaned_data["without_snapshot"]
