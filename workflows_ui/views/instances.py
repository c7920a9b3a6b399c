from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from console.audit.acts import Told
from console.team.roles import Action
from workflows_ui import cloudflare as cf
from workflows_ui import queries
from workflows_ui.access import Access, access_to
from workflows_ui.downloads import bytes_download, json_download
from workflows_ui.forms.acts import ActForm
from workflows_ui.forms.instances import DownloadForm, StepFilterForm, StepOutputForm
from workflows_ui.htmx import render_page, wants_fragment
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.commands import instance_commands
from workflows_ui.presenters.instance_acts import drawn_acts, first_act
from workflows_ui.presenters.instance_json import instance_part
from workflows_ui.presenters.instances import (
    instance_span,
    instance_url,
    trigger_look,
    version_url,
)
from workflows_ui.presenters.status import look_of
from workflows_ui.presenters.steps import is_truncated, parsed
from workflows_ui.presenters.trail import story_url
from workflows_ui.presenters.trouble import stale_trouble
from workflows_ui.queries.reads import Reading
from workflows_ui.queries.trail import acts_on, story_of
from workflows_ui.services.settling import lost_at, settle_instance, settle_seen
from workflows_ui.side_by_side import ahead
from workflows_ui.views import errors


@require_safe
def instance_detail(
    request: ConsoleRequest, account: str, workflow: str, instance: str
) -> HttpResponse:
    access = access_to(request, account)
    read_detail = ahead(partial(queries.instances.instance_detail, access, workflow, instance))
    lost = [] if wants_fragment(request) else lost_at(access.account, workflow, instance)
    done = acts_on(access.account, workflow, instance)

    def answer() -> dict[str, Any]:
        reading = read_detail()
        settled = not reading.error and settle_seen(
            lost, found=reading.value, seen_at=reading.read_at
        )
        acts = acts_on(access.account, workflow, instance) if settled else done
        return instance_context(access, workflow, instance, reading, acts, steps)

    steps = StepFilterForm(request.GET)
    ctx = place_context(access, workflow, instance) | {"step_form": steps}
    try:
        return render_page(
            request,
            "instances/detail.html",
            ctx,
            fragment="instance",
            answer=answer,
            ahead=("breadcrumb", "heading", "copies", "presets", "act"),
        )
    except cf.NotFound as missing:
        return gone_page(request, access, workflow, instance, missing)


def place_context(access: Access, workflow: str, instance: str) -> dict[str, Any]:
    """What the page of an instance shows whatever the API answers."""
    slug = access.account.slug
    return {
        "access": access,
        "name": workflow,
        "instance": instance,
        "act_form": ActForm(),
        "download_url": instance_url(slug, workflow, instance, "download"),
        "again_url": again_url(access, workflow, instance),
        "commands": instance_commands(access.account, workflow, instance),
        "story_url": story_url(slug, workflow, instance),
    }


def again_url(access: Access, workflow: str, instance: str) -> str:
    """Where it may be triggered again with its params; empty where the person may not."""
    if not access.allows(Action.INSTANCE_TRIGGER, workflow):
        return ""
    form = address_of("instance-trigger", access.account.slug, workflow)
    return f"{form}?from={quote(instance, safe='')}"


def instance_context(
    access: Access,
    workflow: str,
    instance: str,
    reading: Reading[cf.InstanceDetail],
    done: Sequence[Told],
    step_form: StepFilterForm,
) -> dict[str, Any]:
    """What its page shows of an instance that was just read."""
    detail = reading.value
    drawn = drawn_acts(
        detail.status,
        partial(access.allows, workflow=workflow),
        account=access.account.slug,
        workflow=workflow,
        instance=instance,
    )
    return detail_context(access, workflow, instance, detail, step_form) | {
        "acts": drawn,
        "first_act": first_act(drawn, detail),
        "restart_url": drawn["restart"].url if "restart" in drawn else "",
        "reading": reading,
        "stale": stale_trouble(reading, account=access.account),
        "story": story_of(access.account, instance, done, detail),
    }


def detail_context(
    access: Access,
    workflow: str,
    instance: str,
    detail: cf.InstanceDetail,
    step_form: StepFilterForm,
) -> dict[str, Any]:
    """What a page shows of an instance, as it is now or as it was."""
    return {
        "access": access,
        "name": workflow,
        "instance": instance,
        "detail": detail,
        "failed_step": queries.instances.failed_step(detail),
        "look": look_of(detail.status),
        "span": instance_span(detail),
        "trigger": trigger_look(detail.trigger_source),
        "version_url": version_url(access.account.slug, workflow, detail.version_id or ""),
        "output": parsed(detail.output),
        "output_truncated": is_truncated(detail.output),
        "steps": queries.instances.step_window(detail, step_form.chosen()),
        "step_form": step_form,
        "can": access.api.capabilities,
    }


def gone_page(
    request: ConsoleRequest, access: Access, workflow: str, instance: str, missing: cf.NotFound
) -> HttpResponse:
    """What the API no longer knows may have left earlier runs here."""
    if missing.code == cf.INSTANCE_NOT_FOUND:
        settle_instance(access.account, workflow, instance, found=None, seen_at=timezone.now())
    snapshots = queries.snapshots.snapshots_of(access.account, workflow, instance)
    if not snapshots or missing.code != cf.INSTANCE_NOT_FOUND:
        raise missing
    ctx = {
        "access": access,
        "name": workflow,
        "instance": instance,
        "snapshots": [(kept, look_of(kept.status)) for kept in snapshots],
        "story_url": story_url(access.account.slug, workflow, instance),
    }
    return render_page(request, "instances/gone.html", ctx, fragment="instance", status=404)


@require_safe
def step_output(
    request: ConsoleRequest, account: str, workflow: str, instance: str
) -> HttpResponse:
    """The full output of one step: as a piece, a page, or a download."""
    access = access_to(request, account)
    form = StepOutputForm(request.GET)
    if not form.is_valid():
        return errors.bad_request(request)
    asked = form.cleaned_data
    result = access.api.get_step_output(
        workflow, instance, name=asked["name"], type=asked["type"], attempt=asked["attempt"]
    )
    file_name = f"{instance}-{asked['name']}"
    if isinstance(result, cf.StepStream):
        return bytes_download(result.content, file_name)
    if asked["download"]:
        return json_download(result.output, file_name)
    ctx = {"access": access, "name": workflow, "instance": instance, "asked": asked}
    return render_page(
        request, "instances/step_output.html", {**ctx, "result": result}, fragment="output"
    )


@require_safe
def instance_download(
    request: ConsoleRequest, account: str, workflow: str, instance: str
) -> HttpResponse:
    access = access_to(request, account)
    form = DownloadForm(request.GET)
    if not form.is_valid():
        return errors.bad_request(request)
    detail = queries.instances.instance_detail(access, workflow, instance).value
    return part_download(detail, instance, **form.cleaned_data)


def part_download(
    detail: cf.InstanceDetail, name: str, *, what: str, place: int | None
) -> HttpResponse:
    """A part of an instance, or the output of its step at `place`, as a file."""
    if what != "step":
        return json_download(instance_part(detail, what), f"{name}-{what}")
    if place is None or place > len(detail.steps):
        raise Http404("No such step.")
    entry = detail.steps[place - 1]
    return json_download(parsed(entry.output), f"{name}-{entry.name}")
