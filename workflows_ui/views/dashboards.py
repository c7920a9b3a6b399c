"""Dashboards: looking at them, and the one request that keeps them fresh."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from console.team.roles import Action
from workflows_ui import queries
from workflows_ui.access import Seat, seat_at
from workflows_ui.forms.acts import ActForm
from workflows_ui.htmx import is_tick
from workflows_ui.http import ConsoleRequest
from workflows_ui.models import Dashboard, Panel
from workflows_ui.panels import Drawn, Notice, as_of, drawn_notice, drawn_panels
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.presets import PRESETS
from workflows_ui.queries.panels import heading_of
from workflows_ui.watching import Board, watching

MARKS = "p"
"""Before a panel's number, in the query that tells which panels a page shows already."""


@require_safe
def dashboard_list(request: ConsoleRequest, account: str) -> HttpResponse:
    seat = seat_at(request, account)
    seat.require(Action.WORKFLOW_VIEW)
    rows = queries.dashboards.dashboards_of(seat.user, seat.account)
    start = queries.dashboards.start_page(seat.user, seat.account)
    ctx = {"seat": seat, "rows": rows, "presets": PRESETS, "start": start}
    return render(request, "dashboards/list.html", ctx)


@require_safe
def dashboard_detail(request: ConsoleRequest, account: str, dashboard: int) -> HttpResponse:
    seat, found = dashboard_at(request, account, dashboard)
    board = watching(seat, found)
    request.reader = board.metered  # the pace follows what its token may still call
    ctx: dict[str, Any] = {
        "seat": seat,
        "dashboard": found,
        "slug": account,
        "drawn": drawn_panels(found, board),
        "notice": drawn_notice(seat.account),
        "start": queries.dashboards.start_page(seat.user, seat.account),
        "may_edit": may_edit(seat, found),
        "may_end": may_end(seat, found),
        "act_form": ActForm(),
        "link_url": link_url(seat, found),
    }
    if "wall" in request.GET:
        ctx |= {"leave": request.path, "as_of": as_of(ctx["drawn"])}
        return render(request, "dashboards/wall.html", ctx)
    return render(request, "dashboards/detail.html", ctx)


@require_safe
def dashboard_tick(request: ConsoleRequest, account: str, dashboard: int) -> HttpResponse:
    """The panels whose content changed since the page last had them; an empty 204 if none."""
    seat, found = dashboard_at(request, account, dashboard)
    return tick_page(request, found, watching(seat, found), slug=account)


@require_safe
def panel_detail(request: ConsoleRequest, account: str, dashboard: int, panel: int) -> HttpResponse:
    """One panel, large."""
    seat, found = dashboard_at(request, account, dashboard)
    one, board = panel_at(found, panel), watching(seat, found)
    if is_tick(request):
        return tick_page(request, found, board, only=one)
    request.reader = board.metered
    ctx = {
        "seat": seat,
        "dashboard": found,
        "drawn": panels_drawn(found, board, one),
        "notice": drawn_notice(seat.account),
        "heading": heading_of(one),
    }
    return render(request, "dashboards/panel.html", ctx)


def dashboard_at(request: ConsoleRequest, account: str, pk: int) -> tuple[Seat, Dashboard]:
    """The dashboard, if it is the person's to see. 404 otherwise."""
    seat = seat_at(request, account)
    seat.require(Action.WORKFLOW_VIEW)
    found = queries.dashboards.dashboard_for(seat.user, seat.account, pk)
    if found is None:
        raise Http404("No such dashboard.")
    return seat, found


def panel_at(dashboard: Dashboard, pk: int) -> Panel:
    found = dashboard.panels.filter(pk=pk).first()
    if found is None:
        raise Http404("No such panel.")
    found.dashboard = dashboard
    return found


def may_edit(seat: Seat, dashboard: Dashboard) -> bool:
    """Its owner alone: what is on a shared one is read with the token they lend."""
    return dashboard.owner_id == seat.user.pk


def may_end(seat: Seat, dashboard: Dashboard) -> bool:
    """Whether the person may make it private or delete it: its owner, and for a shared one
    whoever manages the account."""
    manages = dashboard.shared and seat.allows(Action.ACCOUNT_MANAGE)
    return may_edit(seat, dashboard) or manages


def link_url(seat: Seat, dashboard: Dashboard) -> str:
    """Where its secret links are; empty where there are none to be."""
    if not (settings.WALL_LINKS and dashboard.shared and seat.allows(Action.ACCOUNT_MANAGE)):
        return ""
    return address_of("link-list", seat.account.slug, str(dashboard.pk))


def panels_drawn(dashboard: Dashboard, board: Board, only: Panel | None) -> list[Drawn]:
    drawn = drawn_panels(dashboard, board)
    return [one for one in drawn if only is None or one.panel.pk == only.pk]


def tick_page(
    request: HttpRequest,
    dashboard: Dashboard,
    board: Board,
    *,
    slug: str = "",
    only: Panel | None = None,
) -> HttpResponse:
    drawn = panels_drawn(dashboard, board, only)
    shown = {f"{MARKS}{one.panel.pk}": one.mark for one in drawn}
    told = {name: mark for name, mark in request.GET.items() if name.startswith(MARKS)}
    if told.keys() != shown.keys():
        # panels were added or taken away meanwhile
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    changed = [one for one in drawn if told[f"{MARKS}{one.panel.pk}"] != one.mark]
    notice = changed_notice(request, board)
    age = {"Data-As-Of": as_of(drawn).isoformat()}
    if not changed and notice is None:
        return HttpResponse(status=204, headers=age)
    ctx = {"drawn": changed, "notice": notice, "out_of_band": True, "slug": slug}
    # nothing in it is about the request: what pages know of it need not be found out
    return HttpResponse(render_to_string("dashboards/_tick.html", ctx), headers=age)


def changed_notice(request: HttpRequest, board: Board) -> Notice | None:
    """What stands above the panels of a page, if that shows another one."""
    shown = request.GET.get("watch")
    if shown is None:
        return None
    notice = drawn_notice(board.account, linked=board.linked)
    return notice if notice.mark != shown else None
