"""Terminating all instances of a status, round by round."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.team.roles import Action
from workflows_ui import cloudflare as cf
from workflows_ui import queries, services
from workflows_ui.access import Access, access_to
from workflows_ui.forms.batches import SweepForm
from workflows_ui.forms.workflows import PageNumber
from workflows_ui.htmx import render_page, wants_fragment
from workflows_ui.http import ConsoleRequest
from workflows_ui.models import Sweep
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.batches import sweep_fates, sweep_question
from workflows_ui.presenters.trouble import Trouble, trouble_of
from workflows_ui.services.ticked import JobRunning
from workflows_ui.views import errors
from workflows_ui.views.acting import act_page, posted
from workflows_ui.views.instance_acts import destructive_rules, keeps_copy

BLOCKED_SECONDS = 300
"""How long the API refuses calls that are too many, when it doesn't say (1.7)."""


@require_http_methods(["GET", "HEAD", "POST"])
def sweep_start(request: ConsoleRequest, account: str, workflow: str) -> HttpResponse:
    access = access_to(request, account)
    access.require(Action.INSTANCE_TERMINATE, workflow)
    asked = {"status": request.GET.get("status", "")}
    form = SweepForm(posted(request), initial=asked, **destructive_rules(access, workflow))
    status = str(form["status"].value() or "")
    if status not in dict(form.fields["status"].choices):  # type: ignore[attr-defined]
        return errors.bad_request(request)
    page = address_of("workflow-detail", account, workflow)

    def start() -> str:
        sweep = services.sweeps.sweep_start(
            actor=access.actor,
            workflow=workflow,
            status=form.cleaned_data["status"],
            reason=form.cleaned_data["reason"],
            without_copy=not keeps_copy(form),
        )
        return address_of("sweep-detail", account, workflow, str(sweep.pk))

    count = count_of(request, access, workflow, status)
    return act_page(request, access, form, sweep_question(status, count, workflow, page), start)


def count_of(request: ConsoleRequest, access: Access, workflow: str, status: str) -> int | None:
    """As last counted. A sending asks for no count, so that it can't fail for it."""
    if request.method == "POST":
        return None
    counts = queries.workflows.workflow_reading(access, workflow).value.instances
    return None if counts is None else counts.get(status, 0)


@require_safe
def sweep_detail(request: ConsoleRequest, account: str, workflow: str, sweep: int) -> HttpResponse:
    access = access_to(request, account)
    access.require(Action.TRAIL_VIEW)
    return sweep_page(request, access, sweep_or_404(access, workflow, sweep))


@require_POST
def sweep_round(request: ConsoleRequest, account: str, workflow: str, sweep: int) -> HttpResponse:
    """One round, asked for by the page's timer or by hand; only by who started it."""
    access = access_to(request, account)
    access.require(Action.INSTANCE_TERMINATE, workflow)
    found = sweep_or_404(access, workflow, sweep)
    if found.actor != access.user:
        raise PermissionDenied(Action.INSTANCE_TERMINATE)
    waiting, error = False, None
    try:
        services.sweeps.sweep_round(found, actor=access.actor, api=access.api)
    except JobRunning:
        waiting = True
    except cf.CloudflareError as caught:
        error = caught
    if error is None and not wants_fragment(request):
        return redirect("workflows_ui:sweep-detail", account, workflow, sweep)
    return sweep_page(request, access, found, waiting=waiting, error=error)


@require_POST
def sweep_stop(request: ConsoleRequest, account: str, workflow: str, sweep: int) -> HttpResponse:
    """Ends it for good; any admin may."""
    access = access_to(request, account)
    access.require(Action.INSTANCE_TERMINATE, workflow)
    found = sweep_or_404(access, workflow, sweep)
    services.sweeps.sweep_stop(found, by=access.user.get_username())
    return redirect("workflows_ui:sweep-detail", account, workflow, sweep)


def sweep_or_404(access: Access, workflow: str, pk: int) -> Sweep:
    found = queries.batches.sweep_of(access.account, workflow, pk)
    if found is None:
        raise Http404("No such sweep.")
    return found


def sweep_page(
    request: ConsoleRequest,
    access: Access,
    sweep: Sweep,
    *,
    waiting: bool = False,
    error: cf.CloudflareError | None = None,
) -> HttpResponse:
    may_act = access.allows(Action.INSTANCE_TERMINATE, sweep.workflow)
    trouble = trouble_of(error, account=access.account) if error else None
    ctx: dict[str, Any] = {
        "access": access,
        "name": sweep.workflow,
        "sweep": sweep,
        "fates": sweep_fates(sweep, access.account.slug, page=PageNumber.of(request.GET)),
        "waiting": waiting,
        "trouble": trouble,
        "may_stop": may_act and not sweep.ended,
        "may_go_on": may_act and not sweep.ended and sweep.actor == access.user,
        "seconds": pause_of(error),
    }
    return render_page(request, "sweeps/detail.html", ctx, fragment="sweep", status=shown(trouble))


def pause_of(error: cf.CloudflareError | None) -> int | None:
    """Seconds until the page goes on by itself; None when a person has to."""
    if error is None:
        return 2
    if isinstance(error, cf.RateLimited):
        return error.retry_after or BLOCKED_SECONDS
    return None


def shown(trouble: Trouble | None) -> int:
    return trouble.status if trouble else 200
