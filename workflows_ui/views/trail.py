"""Who did what on an account."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from console.audit.actions import AuditAction
from console.audit.export import csv_lines, json_lines
from console.audit.models import Entry
from console.audit.queries import stream
from console.audit.recording import TrailUnavailable
from console.team.roles import Action, Role
from console.vault.sealing import CannotOpen
from workflows_ui.access import Seat, TokenMissing, access_to, seat_at
from workflows_ui.cloudflare import WorkflowsApi
from workflows_ui.downloads import safe, streamed_download
from workflows_ui.forms.trail import LogInFilterForm, PlaceForm, TrailExportForm, TrailFilterForm
from workflows_ui.http import ConsoleRequest
from workflows_ui.queries import trail as queries
from workflows_ui.services.settling import CannotLook, settle_opened
from workflows_ui.views import errors

WRITERS = {"csv": (csv_lines, "text/csv"), "jsonl": (json_lines, "application/jsonl")}


@require_safe
def trail_list(request: ConsoleRequest, account: str) -> HttpResponse:
    seat = seat_at(request, account)
    seat.require(Action.TRAIL_VIEW)
    form = TrailFilterForm(request.GET, people=queries.people_of(seat.account))
    return list_page(request, seat, form)


def list_page(
    request: ConsoleRequest, seat: Seat, form: TrailFilterForm, *, status: int = 200
) -> HttpResponse:
    account = seat.account
    found = form.chosen(account.pk)
    ctx = {
        "account": account,
        "form": form,
        "page": queries.trail_page(seat, found, PlaceForm(request.GET).place()),
        "may_export": seat.allows(Action.TRAIL_EXPORT),
        "formats": TrailExportForm().fields["format"].choices,  # type: ignore[attr-defined]
    }
    return render(request, "trail/list.html", ctx, status=status)


@require_safe
def trail_log_ins(request: ConsoleRequest, account: str) -> HttpResponse:
    """What belongs to no account: one's own, and for an admin that of the members."""
    seat = seat_at(request, account)
    seat.require(Action.TRAIL_VIEW)
    form = LogInFilterForm(request.GET, people=queries.seen_log_ins(seat))
    place = PlaceForm(request.GET).place()
    ctx = {
        "account": seat.account,
        "form": form,
        "sees_members": seat.role == Role.ADMIN,
        "page": queries.log_in_page(seat.account, form.chosen(), place),
    }
    return render(request, "trail/log_ins.html", ctx)


@require_safe
def trail_entry(request: ConsoleRequest, account: str, sequence: int) -> HttpResponse:
    seat = seat_at(request, account)
    seat.require(Action.TRAIL_VIEW)
    view = queries.entry_view(seat, sequence)
    if view is None:
        raise Http404("No such entry.")
    if view.is_open and settle_opened(view.head, partial(looking, request, account)):
        view = queries.entry_view(seat, sequence) or view
    if view.head.sequence != sequence:
        return redirect("workflows_ui:trail-entry", account, view.head.sequence)
    ctx = {"account": seat.account, "view": view, "entry": view.line.entry}
    return render(request, "trail/entry.html", ctx)


def looking(request: ConsoleRequest, account: str, attempt: Entry) -> WorkflowsApi:
    """The client of whoever opens the page: nobody looks through another's token."""
    try:
        return access_to(request, account).api
    except (TokenMissing, CannotOpen):
        raise CannotLook("No token to look with.") from None


@require_POST
def trail_export(request: ConsoleRequest, account: str) -> HttpResponseBase:
    """The filtered trail as a file, written down before its first byte."""
    seat = seat_at(request, account)
    seat.require(Action.TRAIL_EXPORT)
    asked = TrailExportForm(request.POST)
    form = TrailFilterForm(request.GET, people=queries.people_of(seat.account))
    if not asked.is_valid():
        return errors.bad_request(request)
    if not form.is_valid():
        return list_page(request, seat, form, status=422)
    found = form.chosen(seat.account.pk)
    kind = asked.cleaned_data["format"]
    try:
        seat.actor.record(AuditAction.TRAIL_EXPORT, detail={"format": kind, "filter": found.facts})
    except TrailUnavailable:
        messages.error(request, "Nothing was exported: the trail can't be written just now.")
        return redirect("workflows_ui:trail-list", account)
    writer, content_type = WRITERS[kind]
    name = f"{safe(f'trail-{account}')}-{timezone.now():%Y%m%d-%H%M%S}.{kind}"
    return streamed_download(writer(stream(found)), name, content_type)
