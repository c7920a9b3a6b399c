"""Secret links: a dashboard on a wall screen, read-only, without a log-in."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.public import public_address
from console.team.reauthentication import confirm_identity
from console.team.roles import Action
from workflows_ui import queries
from workflows_ui.access import Seat
from workflows_ui.forms.dashboards import LinkForm
from workflows_ui.http import ConsoleRequest
from workflows_ui.models import Dashboard, DashboardLink
from workflows_ui.panels import as_of, drawn_notice, drawn_panels
from workflows_ui.services import dashboards as services
from workflows_ui.services.sent_forms import AlreadySent, form_claim
from workflows_ui.views.acting import posted
from workflows_ui.views.dashboards import dashboard_at, tick_page
from workflows_ui.watching import wall_board

USED_EVERY = timedelta(minutes=1)
"""How often it is noted that a wall is still watched."""


@login_not_required
@require_safe
def wall(request: HttpRequest, secret: str) -> HttpResponse:
    """The dashboard behind a link. A wrong, ended or revoked link is no different from none."""
    link = link_at(secret)
    if link is None:
        return render(request, "dashboards/wall_ended.html", status=404)
    found = link.dashboard
    drawn = drawn_panels(found, wall_board(found))
    ctx = {
        "dashboard": found,
        "drawn": drawn,
        "as_of": as_of(drawn),
        "notice": drawn_notice(found.account, linked=False),
        "secret": secret,
    }
    return render(request, "dashboards/wall.html", ctx)


@login_not_required
@require_safe
def wall_tick(request: HttpRequest, secret: str) -> HttpResponse:
    link = link_at(secret)
    if link is None:
        # the screen asks for the page again, which says that the link has ended
        return HttpResponse(status=404, headers={"HX-Refresh": "true"})
    found = link.dashboard
    return tick_page(request, found, wall_board(found))


@require_http_methods(["GET", "HEAD", "POST"])
@confirm_identity()
def link_list(request: ConsoleRequest, account: str, dashboard: int) -> HttpResponse:
    """The links of a shared dashboard, and a form for a new one: its address is shown this once."""
    seat, found = linkable(request, account, dashboard)
    form = LinkForm(posted(request))
    if not form.is_valid():
        return link_page(request, seat, found, form, status=422 if form.is_bound else 200)
    try:
        form_claim(user=seat.user, key=form.cleaned_data["key"])
    except AlreadySent:
        messages.info(
            request, "This link was made before, and its address is shown only once. "
            "If you didn't copy it, revoke it and make another."
        )  # fmt: skip
        return redirect(request.path)
    _, secret = services.link_make(
        found, actor=seat.actor, label=form.cleaned_data["label"], expires=form.expires()
    )
    address = public_address(reverse("workflows_ui:wall", args=[secret]))
    return link_page(request, seat, found, LinkForm(), address=address)


@require_POST
def link_revoke(request: ConsoleRequest, account: str, dashboard: int, link: int) -> HttpResponse:
    seat, found = linkable(request, account, dashboard)
    one = found.links.filter(pk=link).first()
    if one is None:
        raise Http404("No such link.")
    services.link_revoke(one, actor=seat.actor)
    return redirect("workflows_ui:link-list", account=account, dashboard=dashboard)


def linkable(request: ConsoleRequest, account: str, pk: int) -> tuple[Seat, Dashboard]:
    """A shared dashboard that the person may put on a wall: whoever has the link sees it, so it
    takes somebody who manages the account, and a console that allows it at all."""
    seat, found = dashboard_at(request, account, pk)
    seat.require(Action.ACCOUNT_MANAGE)
    if not settings.WALL_LINKS or not found.shared:
        raise Http404("There are no links to this dashboard.")
    return seat, found


def link_at(secret: str) -> DashboardLink | None:
    link = queries.dashboards.link_of(secret) if settings.WALL_LINKS else None
    if link is None:
        return None
    now = timezone.now()
    if link.used is None or link.used < now - USED_EVERY:
        DashboardLink.objects.filter(pk=link.pk).update(used=now)
    return link


def link_page(
    request: ConsoleRequest,
    seat: Seat,
    dashboard: Dashboard,
    form: LinkForm,
    *,
    address: str = "",
    status: int = 200,
) -> HttpResponse:
    ctx = {
        "seat": seat,
        "dashboard": dashboard,
        "form": form,
        "links": dashboard.links.select_related("made_by"),
        "address": address,
        "now": timezone.now(),
    }
    return render(request, "dashboards/links.html", ctx, status=status)
