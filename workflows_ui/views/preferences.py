from __future__ import annotations

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from console.team.redirects import is_same_site
from console.team.services.users import theme_set
from workflows_ui.context_processors import THEMES
from workflows_ui.http import ConsoleRequest

YEAR = 365 * 24 * 3600


@require_POST
def preferences(request: ConsoleRequest) -> HttpResponse:
    """Keeps the chosen theme, also in a cookie for the log-in page, and goes back to where the
    person was."""
    theme = request.POST.get("theme", "")
    if theme not in THEMES:
        raise BadRequest("No such theme.")
    theme_set(request.user, theme)
    target = request.POST.get("next", "")
    return keep_theme(redirect(target if is_same_site(request, target) else "home"), theme)


def keep_theme(response: HttpResponse, theme: str) -> HttpResponse:
    """Tells this browser the theme, for the pages on which nobody is logged in."""
    response.set_cookie(
        "theme", theme, max_age=YEAR, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )
    return response
