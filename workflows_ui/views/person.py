"""The person's own page."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.audit.actor import Actor
from console.audit.origin import origin_of
from console.issuer import the_issuer
from console.team.reauthentication import confirm_identity
from console.team.services import users
from workflows_ui.forms.person import EmailForm, PreferencesForm
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
    users.preferences_set(request.user, **form.cleaned_data)
    messages.success(request, "Kept. It holds in every browser you log in with.")
    return keep_theme(redirect("person"), request.user.theme)


@require_http_methods(["GET", "HEAD", "POST"])
@confirm_identity()
def person_email(request: ConsoleRequest) -> HttpResponse:
    """404 where no mail goes out, and for who comes through the issuer: it tells their address."""
    if not settings.SENDS_MAIL or not request.user.has_usable_password():
        raise Http404("No address is kept.")
    posted = request.POST if request.method == "POST" else None
    form = EmailForm(posted, initial={"email": request.user.email})
    if form.is_valid():
        try:
            change_email(request, form.cleaned_data["email"])
        except users.EmailTaken:
            form.add_error("email", "Another user here has this address.")
        else:
            return redirect("person")
    status = 200 if posted is None else 422
    return render(request, "person/email.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@confirm_identity()
def person_issuer(request: ConsoleRequest) -> HttpResponse:
    """Disconnects the person's user from the issuer. 404 where nothing is connected."""
    if settings.ISSUER is None or not SocialAccount.objects.filter(user=request.user).exists():
        raise Http404("Nothing is connected.")
    form = Form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            disconnect(request)
        except users.NoOtherDoor:
            form.add_error(None, "You have no password here: it is your only way in.")
        else:
            return redirect("person")
    status = 422 if form.is_bound else 200
    return render(request, "person/issuer.html", {"form": form}, status=status)


def disconnect(request: ConsoleRequest) -> None:
    actor = Actor(user=request.user, origin=origin_of(request))
    users.issuer_disconnect(actor=actor, mapped=the_issuer().roles)
    name = the_issuer().name
    messages.success(request, f"{name} is disconnected. You log in with your password.")
    get_adapter(request).send_notification_mail(
        "socialaccount/email/account_disconnected", request.user, {"provider": name}
    )


def change_email(request: ConsoleRequest, email: str) -> None:
    """The old address is told too: it may be the last thing its owner hears."""
    before = request.user.email
    users.email_set(actor=Actor(user=request.user, origin=origin_of(request)), email=email)
    messages.success(request, "The address is kept." if email else "The address is removed.")
    if before and before != email:
        get_adapter(request).send_notification_mail(
            "account/email/email_changed",
            request.user,
            {"from_email": before, "to_email": email or "none"},
            email=before,
        )
