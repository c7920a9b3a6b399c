"""Invitations: made and withdrawn by admins, accepted by whoever holds the link.

The link leads on at once to a page whose address holds no secret, so that neither a log nor a
referrer nor the history of a browser keeps it; meanwhile it is in a cookie that only this page
gets.
"""

from __future__ import annotations

import re
from datetime import timedelta

from allauth.core.internal import ratelimit
from allauth.decorators import rate_limit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.forms import Form
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from console.audit.actor import Actor
from console.audit.origin import origin_of
from console.public import public_address
from console.team.models import Invitation
from console.team.queries import invitation_behind
from console.team.reauthentication import confirm_identity, note_log_in
from console.team.roles import Action
from console.team.services.invitations import AlreadyMember, InvitationVoid, NameTaken
from workflows_ui.access import Seat, seat_at
from workflows_ui.forms.invitations import NewUserForm
from workflows_ui.forms.members import InvitationForm
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.questions import Question
from workflows_ui.queries import members as queries
from workflows_ui.services import invitations as services
from workflows_ui.services.sent_forms import AlreadySent, form_claim
from workflows_ui.views import errors
from workflows_ui.views.acting import posted, question_page

COOKIE = "invitation"
COOKIE_SECONDS = 3600
UNLIKE_A_SECRET = re.compile(r"[^A-Za-z0-9_-]")


# --- By admins -------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@confirm_identity()
def invitation_create(request: ConsoleRequest, account: str) -> HttpResponse:
    """The answer to the form is the only page that ever shows the link."""
    seat = seat_at(request, account)
    seat.require(Action.MEMBER_MANAGE)
    form = InvitationForm(posted(request))
    if not form.is_valid():
        status = 422 if request.method == "POST" else 200
        context = {"seat": seat, "form": form}
        return render(request, "invitations/form.html", context, status=status)
    try:
        form_claim(user=request.user, key=form.cleaned_data["key"])
    except AlreadySent:
        messages.info(
            request, "This invitation was made before, and its link is shown only once. "
            "If you didn't copy it, withdraw it and make another."
        )  # fmt: skip
        return redirect("workflows_ui:member-list", account=account)
    return made_page(request, seat, form)


@sensitive_variables()
def made_page(request: ConsoleRequest, seat: Seat, form: InvitationForm) -> HttpResponse:
    invitation, secret = services.invitation_create(
        actor=seat.actor,
        account=seat.account,
        role=form.cleaned_data["role"],
        limits=form.cleaned_data["limits"],
        note=form.cleaned_data["note"],
        lasts=timedelta(days=form.cleaned_data["days"]),
    )
    link = public_address(reverse("workflows_ui:join-link", args=[secret]))
    context = {"seat": seat, "invitation": invitation, "link": link}
    return render(request, "invitations/made.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@confirm_identity()
def invitation_withdraw(request: ConsoleRequest, account: str, invitation: int) -> HttpResponse:
    seat = seat_at(request, account)
    seat.require(Action.MEMBER_MANAGE)
    found = queries.invitation_of(seat.account, invitation)
    if found is None:
        raise Http404("No such invitation.")
    back = reverse("workflows_ui:member-list", args=[account])
    form = Form(posted(request))
    if form.is_valid():
        withdraw(request, seat, found)
        return redirect(back)
    question = Question(
        title=f"Withdraw the invitation of {found.target}?",
        consequence="Its link stops working at once.",
        label="Withdraw",
        back=back,
        of="Team",
        tone="bad",
    )
    return question_page(request, seat, form, question)


def withdraw(request: ConsoleRequest, seat: Seat, invitation: Invitation) -> None:
    try:
        services.invitation_withdraw(actor=seat.actor, invitation=invitation)
    except InvitationVoid:
        messages.info(request, "It was used or withdrawn meanwhile.")
    else:
        messages.success(request, "The invitation is withdrawn.")


# --- By whoever holds the link ---------------------------------------------------------------


@sensitive_variables()
@login_not_required
@require_safe
def join_link(request: ConsoleRequest, secret: str) -> HttpResponse:
    """Takes the secret out of the address, whatever it is worth; that is found out later."""
    response = redirect("workflows_ui:join")
    response.set_cookie(
        COOKIE,
        UNLIKE_A_SECRET.sub("", secret)[:100],
        max_age=COOKIE_SECONDS,
        path=reverse("workflows_ui:join"),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
    response["Referrer-Policy"] = "no-referrer"
    return response


@sensitive_variables()
@sensitive_post_parameters("password1", "password2")
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@rate_limit(action="signup")  # type: ignore[untyped-decorator]
def join(request: ConsoleRequest) -> HttpResponse:
    """Accepts the invitation whose link was opened, as oneself or as a new user."""
    invitation = invitation_behind(request.COOKIES.get(COOKIE, ""))
    if invitation is None:
        return void_page(request)
    try:
        if request.user.is_authenticated:
            return join_page(request, invitation)
        if settings.PASSWORD_LOGIN:
            return new_user_page(request, invitation)
        context = {"invitation": invitation, "log_in": log_in_url()}
        return render(request, "invitations/join.html", context)
    except InvitationVoid:
        return void_page(request)


def join_page(request: ConsoleRequest, invitation: Invitation) -> HttpResponse:
    actor = Actor(user=request.user, origin=origin_of(request))
    if request.method == "POST":
        try:
            services.invitation_accept(actor=actor, invitation=invitation)
        except AlreadyMember:
            messages.info(request, "You are a member already. The invitation is still unused.")
        return joined(invitation)
    return render(request, "invitations/join.html", {"invitation": invitation})


@sensitive_variables()
def new_user_page(request: ConsoleRequest, invitation: Invitation) -> HttpResponse:
    form = NewUserForm(posted(request))
    if form.is_valid():
        actor = Actor(
            user=services.newcomer(form.cleaned_data["username"]), origin=origin_of(request)
        )
        try:
            membership = services.invitation_accept_as_new(
                actor=actor, invitation=invitation, password=form.cleaned_data["password1"]
            )
        except NameTaken:
            form.add_error("username", "Somebody took this name a moment ago. Choose another.")
        else:
            note_log_in(request, membership.user)
            login(request, membership.user)
            return joined(invitation)
    context = {"invitation": invitation, "form": form, "log_in": log_in_url()}
    status = 422 if request.method == "POST" else 200
    return render(request, "invitations/join.html", context, status=status)


def log_in_url() -> str:
    return reverse("account_login", query={"next": reverse("workflows_ui:join")})


def joined(invitation: Invitation) -> HttpResponseRedirect:
    response = redirect("workflows_ui:account-home", account=invitation.account.slug)
    response.delete_cookie(COOKIE, path=reverse("workflows_ui:join"), samesite="Lax")
    return response


def void_page(request: ConsoleRequest) -> HttpResponse:
    """One and the same for a link that is wrong, used, withdrawn or too old; not by the dozen."""
    if not ratelimit.consume(request, app="allauth.account", action="signup", limit_get=True):
        return errors.too_many_requests(request)
    return render(request, "invitations/void.html", status=404)
