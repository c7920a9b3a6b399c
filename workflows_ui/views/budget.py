"""The call budget of the tokens at an account."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from console.team.roles import Action
from workflows_ui.access import seat_at
from workflows_ui.htmx import render_page
from workflows_ui.http import ConsoleRequest
from workflows_ui.queries import budget as queries


@require_safe
def budget_detail(request: ConsoleRequest, account: str) -> HttpResponse:
    seat = seat_at(request, account)
    seat.require(Action.WORKFLOW_VIEW)
    context = {
        "seat": seat,
        "rows": queries.token_budgets(seat),
        "all_tokens": seat.allows(Action.ACCOUNT_MANAGE),
        "worker_apart": not settings.CACHE_URL,
    }
    return render_page(request, "budget/detail.html", context, fragment="budget")
