from __future__ import annotations

from allauth.decorators import rate_limit
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from console.audit.origin import origin_of
from console.team.models import User
from console.team.reauthentication import note_log_in
from console.team.services.users import AlreadyStarted, first_user_create
from workflows_ui.forms.first_start import FirstStartForm


@sensitive_variables()
@sensitive_post_parameters("code", "password1", "password2")
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@rate_limit(action="signup")  # type: ignore[untyped-decorator]
def first_start(request: HttpRequest) -> HttpResponse:
    """Makes the first user of the console. There is no such page once there is one.

    The rate limit is for the setup code: nobody tries them by the thousand.
    """
    if User.objects.exists() or not settings.PASSWORD_LOGIN:
        raise Http404("There is a first user already.")
    form = FirstStartForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "first_start/form.html", {"form": form}, status=status)
    try:
        user = first_user_create(
            username=form.cleaned_data["username"],
            password=form.cleaned_data["password1"],
            origin=origin_of(request),
        )
    except AlreadyStarted:
        return redirect("account_login")
    note_log_in(request, user)
    login(request, user)
    return redirect("workflows_ui:connect")
