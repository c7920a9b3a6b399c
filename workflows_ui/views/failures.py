"""Failures of one kind, wherever they are, to look at and to act on."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.team.roles import Action
from workflows_ui import queries
from workflows_ui.access import Seat, seat_at
from workflows_ui.forms.failures import FailureFilterForm
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.failures import is_fingerprint
from workflows_ui.presenters.trail import restart_links


@require_safe
def failure_group(request: ConsoleRequest, account: str, fingerprint: str) -> HttpResponse:
    """The latest failures of the kind, by workflow; ticked ones can be restarted."""
    seat = seat_at(request, account)
    seat.require(Action.WORKFLOW_VIEW)
    form = FailureFilterForm(request.GET)
    group = queries.failures.failures_like(
        seat.account, fingerprint, within=form.within, workflows=form.workflows
    )
    if group is None:
        return none_left_page(request, seat, fingerprint, form)
    ctx = {
        "seat": seat,
        "fingerprint": fingerprint,
        "group": group,
        "form": form,
        "restartable": {
            name for name in group.by_workflow if seat.allows(Action.INSTANCE_RESTART, name)
        },
    }
    return render(request, "failures/group.html", ctx)


def none_left_page(
    request: ConsoleRequest, seat: Seat, fingerprint: str, form: FailureFilterForm
) -> HttpResponse:
    """Nothing is kept of a kind once all of it was restarted, not even what it was."""
    if not is_fingerprint(fingerprint):
        raise Http404("No such failures.")
    ctx = {
        "seat": seat,
        "form": form,
        "restarts": restart_links(seat.account.slug, form.period_name),
        "may_read_trail": seat.allows(Action.TRAIL_VIEW),
    }
    return render(request, "failures/none_left.html", ctx)
