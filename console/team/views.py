"""The way to the issuer and back, and the password of those who have one."""

from __future__ import annotations

import logging
from typing import cast

from allauth.account import views as allauth
from allauth.account.internal.decorators import login_not_required
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.issuer import PROVIDER_ID
from console.team.models import User
from console.team.reauthentication import confirm_url, recently_authenticated
from console.team.single_sign_on import IssuerClient, refusal_page

logger = logging.getLogger(__name__)

# what allauth lets through when the issuer answers badly or not at all
ISSUER_TROUBLE = (OSError, OAuth2Error, KeyError, ValueError)


@login_not_required  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "HEAD", "POST"])
def issuer_log_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Sends the browser to the issuer; only a form of ours does, so GET leads to that form.

    The answer is a page that moves on by itself: the content security policy lets no form lead
    to another site, and a redirect after a form counts as that.
    """
    client = client_for(request)
    if request.method != "POST":
        return redirect("account_login")
    if "process" in request.POST and not recently_authenticated(request):
        return redirect(confirm_url(request, reverse("person")))
    try:
        answer: HttpResponse = OAuth2LoginView.adapter_view(client)(request)
    except ISSUER_TROUBLE:
        logger.exception("The issuer can't be reached, or makes no sense")
        return refusal_page(request, "unreachable")
    if answer.status_code != 302:
        return answer
    context = {"issuer": settings.ISSUER, "url": answer.headers["Location"]}
    return render(request, "socialaccount/moving_on.html", context)


@login_not_required  # type: ignore[untyped-decorator]
@require_safe
def issuer_answer(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the issuer sends the browser back to."""
    client = client_for(request)
    try:
        answer: HttpResponse = OAuth2CallbackView.adapter_view(client)(request)
    except ISSUER_TROUBLE:
        logger.exception("The issuer's answer makes no sense")
        return refusal_page(request, "failed")
    return answer


@require_safe
def issuer_confirm(request: HttpRequest) -> HttpResponse:
    """Asks somebody who has no password here to log in at the issuer once more."""
    client_for(request)
    target = get_next_redirect_url(request) or "/"
    context = {"issuer": settings.ISSUER, "target": target}
    return render(request, "socialaccount/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def password_change(request: HttpRequest) -> HttpResponse:
    """404 for who has no password: nobody gets one beside the issuer by themselves."""
    if not cast(User, request.user).has_usable_password():
        raise Http404("There is no password to change.")
    answer: HttpResponse = allauth.password_change(request)
    return answer


def client_for(request: HttpRequest) -> IssuerClient:
    """A client of the issuer. 404 when there is none."""
    if settings.ISSUER is None:
        raise Http404("There is no issuer.")
    return IssuerClient(request, PROVIDER_ID)
