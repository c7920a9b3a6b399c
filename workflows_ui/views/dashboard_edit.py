"""Putting dashboards together. Every change is a form of its own, so it works without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from console.team.roles import Action
from workflows_ui import queries
from workflows_ui.access import NotTheOwner, Seat, seat_at
from workflows_ui.forms.acts import ActForm
from workflows_ui.forms.dashboards import DashboardForm
from workflows_ui.forms.panels import PANEL_FORMS, PanelForm
from workflows_ui.http import ConsoleRequest
from workflows_ui.models import Dashboard
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.panels import narrowing
from workflows_ui.presenters.presets import PRESETS
from workflows_ui.presenters.questions import Question
from workflows_ui.queries.panels import KINDS, heading_of
from workflows_ui.services import dashboards as services
from workflows_ui.services.sent_forms import AlreadySent, form_claim, form_led_to, form_release
from workflows_ui.views import errors
from workflows_ui.views.acting import posted, question_page
from workflows_ui.views.dashboards import dashboard_at, link_url, may_edit, may_end, panel_at

LIST = "workflows_ui:dashboard-list"
MOVES = {"earlier": -1, "later": 1}


@require_http_methods(["GET", "HEAD", "POST"])
def dashboard_new(request: ConsoleRequest, account: str) -> HttpResponse:
    seat = seat_at(request, account)
    seat.require(Action.WORKFLOW_VIEW)
    preset = PRESETS.get(request.GET.get("preset", ""), PRESETS["on-call"])
    form = DashboardForm(posted(request), initial={"title": preset.title})
    if form.is_valid():

        def make() -> str:
            made = services.dashboard_create(
                actor=seat.actor, title=form.cleaned_data["title"], panels=preset.made()
            )
            return page_of(made)

        return once_page(seat, form, make)
    ctx = {"seat": seat, "form": form, "presets": PRESETS, "preset": preset}
    return render(request, "dashboards/new.html", ctx, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def dashboard_edit(request: ConsoleRequest, account: str, dashboard: int) -> HttpResponse:
    """The editor. What is posted to it is the title; panels have addresses of their own."""
    seat, found = editable(request, account, dashboard)
    form = DashboardForm(posted(request), initial={"title": found.title})
    if form.is_valid():
        services.dashboard_rename(found, actor=seat.actor, title=form.cleaned_data["title"])
        return redirect(edit_of(found))
    return edit_page(request, seat, found, form)


@require_POST
def dashboard_share(request: ConsoleRequest, account: str, dashboard: int) -> HttpResponse:
    seat, found = editable(request, account, dashboard)
    services.dashboard_share(found, actor=seat.actor)
    messages.success(request, f"Everybody of {seat.account.name} sees it now.")
    return redirect(edit_of(found))


@require_http_methods(["GET", "HEAD", "POST"])
def dashboard_unshare(request: ConsoleRequest, account: str, dashboard: int) -> HttpResponse:
    """Private again. Pages ask where links would end with that, and send the form else."""
    seat, found = endable(request, account, dashboard)
    if not found.shared:
        return redirect(edit_of(found))  # it is private, so it is one's own
    form, own = Form(posted(request)), may_edit(seat, found)
    if form.is_valid():
        ended = services.dashboard_unshare(found, actor=seat.actor)
        who = "You alone see" if own else f"{found.owner.get_username()} alone sees"
        ends = f" {links_told(ended)} ended." if ended else ""
        messages.success(request, f"{who} it now.{ends}")
        return redirect(edit_of(found)) if own else redirect(LIST, account=account)
    question = Question(
        title=f"Make {found.title} private?",
        consequence=f"{links_told(found.links_held)} to it will end, and can't be brought back.",
        label="Make it private",
        back=page_of(found),
        of=found.title,
    )
    return question_page(request, seat, form, question)


def links_told(count: int) -> str:
    return "1 secret link" if count == 1 else f"{count or 'No'} secret links"


@require_POST
def dashboard_duplicate(request: ConsoleRequest, account: str, dashboard: int) -> HttpResponse:
    """A private copy of one's own, also of what others shared."""
    seat, found = dashboard_at(request, account, dashboard)
    form = ActForm(request.POST)
    if not form.is_valid():
        return errors.bad_request(request)

    def copy() -> str:
        title = f"Copy of {found.title}"[:80]
        panels = queries.dashboards.panels_of(found)
        return edit_of(services.dashboard_create(actor=seat.actor, title=title, panels=panels))

    return once_page(seat, form, copy)


@require_http_methods(["GET", "HEAD", "POST"])
def dashboard_delete(request: ConsoleRequest, account: str, dashboard: int) -> HttpResponse:
    seat, found = endable(request, account, dashboard)
    form = Form(posted(request))
    if form.is_valid():
        services.dashboard_delete(found, actor=seat.actor)
        messages.success(request, f"Deleted the dashboard {found.title}.")
        return redirect(LIST, account=account)
    others = "" if may_edit(seat, found) else f" It is {found.owner.get_username()}'s."
    question = Question(
        title=f"Delete {found.title}?",
        consequence=f"Its panels and secret links go with it, for everybody.{others}",
        label="Delete",
        back=page_of(found),
        of=found.title,
        tone="bad",
    )
    return question_page(request, seat, form, question)


@require_POST
def dashboard_start(request: ConsoleRequest, account: str, dashboard: int) -> HttpResponse:
    """Makes it one's start page at the account, or no more."""
    seat, found = dashboard_at(request, account, dashboard)
    chosen = found if request.POST.get("start") == "yes" else None
    services.start_with(chosen, user=seat.user, account=seat.account)
    what = found.title if chosen else "the workflows"
    messages.success(request, f"You start with {what} from now on.")
    return redirect(page_of(found))


@require_http_methods(["GET", "HEAD", "POST"])
def panel_new(request: ConsoleRequest, account: str, dashboard: int) -> HttpResponse:
    """A new panel of the kind that the address names."""
    seat, found = editable(request, account, dashboard)
    kind = KINDS.get(request.GET.get("kind", ""))
    if kind is None:
        raise Http404("No such kind of panel.")
    form = PANEL_FORMS[kind.name](posted(request), initial={"size": kind.size})
    if not form.is_bound and is_full(found):
        return redirect(edit_of(found))  # where it is said
    if not form.is_valid():
        return panel_page(request, seat, found, form, kind=kind)

    def add() -> str:
        services.panel_add(found, actor=seat.actor, kind=kind.name, **values(form))
        return edit_of(found)

    try:
        return once_page(seat, form, add)
    except services.TooManyPanels:
        form.add_error(None, f"A dashboard holds at most {services.MOST_PANELS} panels.")
        return panel_page(request, seat, found, form, kind=kind)


@require_http_methods(["GET", "HEAD", "POST"])
def panel_edit(request: ConsoleRequest, account: str, dashboard: int, panel: int) -> HttpResponse:
    seat, found = editable(request, account, dashboard)
    one = panel_at(found, panel)
    if one.kind not in PANEL_FORMS:
        raise Http404("No such kind of panel.")
    form = PANEL_FORMS[one.kind].of(one, posted(request))
    if not form.is_valid():
        return panel_page(
            request, seat, found, form, kind=KINDS[one.kind], panel=one, heading=heading_of(one)
        )
    services.panel_change(one, actor=seat.actor, **values(form))
    return redirect(f"{edit_of(found)}#panel-{one.pk}")


@require_POST
def panel_move(request: ConsoleRequest, account: str, dashboard: int, panel: int) -> HttpResponse:
    seat, found = editable(request, account, dashboard)
    one = panel_at(found, panel)
    to = request.POST.get("to", "")
    services.panel_move(one, actor=seat.actor, by=MOVES.get(to, 0))
    # no fragment: browsers give the focus to what it names, not to the arrow that was pressed
    query = urlencode({"moved": one.pk, "to": to})
    return redirect(f"{edit_of(found)}?{query}")


@require_http_methods(["GET", "HEAD", "POST"])
def panel_remove(request: ConsoleRequest, account: str, dashboard: int, panel: int) -> HttpResponse:
    seat, found = editable(request, account, dashboard)
    one, form = panel_at(found, panel), Form(posted(request))
    heading = heading_of(one)
    if form.is_valid():
        services.panel_remove(one, actor=seat.actor)
        messages.success(request, f"Removed the panel {heading}.")
        return redirect(edit_of(found))
    question = Question(
        title=f"Remove the panel {heading}?",
        consequence="What it is set to goes with it, and can't be brought back.",
        label="Remove",
        back=edit_of(found),
        of=found.title,
        tone="bad",
    )
    return question_page(request, seat, form, question)


def editable(request: ConsoleRequest, account: str, pk: int) -> tuple[Seat, Dashboard]:
    """A dashboard that the person may change. 403 for one they may only see."""
    seat, found = dashboard_at(request, account, pk)
    if not may_edit(seat, found):
        advice = f"Ask {found.owner.get_username()}, or duplicate it: the copy is yours to change."
        raise NotTheOwner("Only its owner changes a dashboard.", advice=advice)
    return seat, found


def endable(request: ConsoleRequest, account: str, pk: int) -> tuple[Seat, Dashboard]:
    """A dashboard that the person may make private or delete. 403 for one they may only see."""
    seat, found = dashboard_at(request, account, pk)
    if not may_end(seat, found):
        advice = f"Ask {found.owner.get_username()}, or an admin of the account."
        raise NotTheOwner("Only its owner or an admin ends a dashboard.", advice=advice)
    return seat, found


def is_full(dashboard: Dashboard) -> bool:
    return dashboard.panels.count() >= services.MOST_PANELS


def once_page(seat: Seat, form: ActForm, act: Callable[[], str]) -> HttpResponse:
    """Does it for the first sending of the form; a second one only leads where that led."""
    try:
        sent = form_claim(user=seat.user, key=form.cleaned_data["key"])
    except AlreadySent as before:
        led_to = before.led_to or address_of("dashboard-list", seat.account.slug)
        return redirect(led_to)
    try:
        led_to = act()
    except Exception:
        form_release(sent)  # nothing was done: what was typed may be sent again
        raise
    form_led_to(sent, led_to)
    return redirect(led_to)


def values(form: PanelForm) -> dict[str, Any]:
    data = form.cleaned_data
    return {"title": data["title"], "size": data["size"], "settings": form.settings()}


def page_of(dashboard: Dashboard) -> str:
    return address_of("dashboard-detail", dashboard.account.slug, str(dashboard.pk))


def edit_of(dashboard: Dashboard) -> str:
    return address_of("dashboard-edit", dashboard.account.slug, str(dashboard.pk))


def edit_page(
    request: ConsoleRequest, seat: Seat, dashboard: Dashboard, form: DashboardForm
) -> HttpResponse:
    panels = queries.dashboards.panels_of(dashboard)
    ctx = {
        "seat": seat,
        "dashboard": dashboard,
        "form": form,
        "moved": request.GET.get("moved"),
        "way": request.GET.get("to"),
        "panels": [
            (panel, KINDS.get(panel.kind), heading_of(panel), narrowing(panel.settings))
            for panel in panels
        ],
        "kinds": KINDS.values(),
        "most": services.MOST_PANELS,
        "act_form": ActForm(),
        "start": queries.dashboards.start_page(seat.user, seat.account),
        "link_url": link_url(seat, dashboard),
    }
    return render(request, "dashboards/edit.html", ctx, status=422 if form.is_bound else 200)


def panel_page(
    request: ConsoleRequest,
    seat: Seat,
    dashboard: Dashboard,
    form: PanelForm,
    **context: Any,
) -> HttpResponse:
    ctx = {"seat": seat, "dashboard": dashboard, "form": form, "panel": None, **context}
    status = 422 if form.is_bound else 200
    return render(request, "dashboards/panel_form.html", ctx, status=status)
