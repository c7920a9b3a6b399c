"""The person's own page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.team import services
from workflows_ui.forms.person import PreferencesForm
from workflows_ui.http import ConsoleRequest
from workflows_ui.views.preferences import keep_theme


@require_http_methods(["GET", "HEAD", "POST"])
def person_detail(request: ConsoleRequest) -> HttpResponse:
    """How the console looks to whoever is logged in; POST keeps it."""
    posted = request.POST if request.method == "POST" else None
    form = PreferencesForm(posted, instance=request.user)
    if posted is None or not form.is_valid():
        status = 200 if posted is None else 422
        return render(request, "person/detail.html", {"form": form}, status=status)
    services.preferences_set(request.user, **form.cleaned_data)
    messages.success(request, "Kept. It holds in every browser you log in with.")
    return keep_theme(redirect("person"), request.user.theme)
