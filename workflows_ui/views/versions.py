from __future__ import annotations

from functools import partial

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from workflows_ui import queries
from workflows_ui.access import access_to
from workflows_ui.forms.workflows import PageNumber
from workflows_ui.htmx import render_page
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.commands import version_commands
from workflows_ui.presenters.trouble import stale_trouble
from workflows_ui.side_by_side import both
from workflows_ui.views.workflows import head_of


@require_safe
def version_list(request: ConsoleRequest, account: str, workflow: str) -> HttpResponse:
    access = access_to(request, account)
    about, reading = both(
        partial(queries.workflows.workflow_reading, access, workflow),
        partial(queries.versions.version_page, access, workflow, PageNumber.of(request.GET)),
    )
    ctx = {
        "access": access,
        "name": workflow,
        "about": about.value,
        "page": reading.value,
        "stale": stale_trouble(reading, account=access.account),
        "reading": reading,
        **head_of(access, workflow),
    }
    return render_page(request, "versions/list.html", ctx, fragment="versions")


@require_safe
def version_detail(
    request: ConsoleRequest, account: str, workflow: str, version: str
) -> HttpResponse:
    access = access_to(request, account)
    view = queries.versions.version_view(access, workflow, version)
    ctx = {
        "access": access,
        "name": workflow,
        "view": view,
        "can": access.api.capabilities,
        "commands": version_commands(access.account, workflow, version),
    }
    return render(request, "versions/detail.html", ctx)
