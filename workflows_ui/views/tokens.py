"""A person's own connection to an account."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from console.team.models import Account
from console.team.reauthentication import confirm_identity, confirm_url, recently_authenticated
from console.vault.models import ApiToken
from workflows_ui.access import access_to, actor_of, cloudflare_api, local_api, membership_of
from workflows_ui.cloudflare import CloudflareClient, CloudflareError
from workflows_ui.forms.tokens import TokenForm
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.refusals import cloudflare_refusal
from workflows_ui.queries import tokens as queries
from workflows_ui.services import tokens as services

BACK = "workflows_ui:token-detail"


@require_safe
def token_detail(request: ConsoleRequest, account: str) -> HttpResponse:
    return connection_page(request, membership_of(request, account).account, TokenForm())


@sensitive_variables()
@sensitive_post_parameters("token")
@require_POST
@confirm_identity(back=BACK)
def token_replace(request: ConsoleRequest, account: str) -> HttpResponse:
    place = cloudflare_account(request, account)
    form = TokenForm(request.POST)
    if not form.is_valid():
        return connection_page(request, place, form, status=422)
    token = form.cleaned_data["token"]
    try:
        client = cloudflare_api(token, base_url=place.base_url, account_id=place.account_id)
        services.token_put(
            actor=actor_of(request),
            account=place,
            client=client,
            token=token,
            label=form.cleaned_data["label"],
        )
    except CloudflareError as error:
        form.add_error("token", cloudflare_refusal(error))
        return connection_page(request, place, form, status=422)
    messages.success(request, "The token is in place. It is used from now on.")
    return redirect("workflows_ui:token-detail", account=account)


@require_POST
def token_verify(request: ConsoleRequest, account: str) -> HttpResponse:
    place = membership_of(request, account).account
    try:
        good = verify_token(request, place) if place.needs_token else verify_local(place)
    except CloudflareError as error:
        messages.error(request, f"Nothing was found out about it. {cloudflare_refusal(error)}")
    else:
        if good:
            messages.success(request, "The connection works.")
        else:
            messages.error(request, "The API does not accept the token as it is.")
    return redirect("workflows_ui:token-detail", account=account)


@require_POST
@confirm_identity(back=BACK)
def token_remove(request: ConsoleRequest, account: str) -> HttpResponse:
    place = cloudflare_account(request, account)
    if services.token_remove(actor=actor_of(request), account=place):
        messages.success(request, "Your token is removed from this console.")
    return redirect("workflows_ui:token-detail", account=account)


def verify_token(request: ConsoleRequest, place: Account) -> bool:
    client = cast(CloudflareClient, access_to(request, place.slug).api)
    # there is one, or access_to had said that it is missing
    token = ApiToken.objects.get(owner=request.user, account=place)
    return services.token_verify(token, actor=actor_of(request), client=client)


def verify_local(place: Account) -> bool:
    local_api(place.base_url).list_workflows(per_page=1)
    return True


def cloudflare_account(request: ConsoleRequest, slug: str) -> Account:
    """The account, if it is one that takes tokens."""
    account = membership_of(request, slug).account
    if not account.needs_token:
        raise Http404("A local engine takes no token.")
    return account


def connection_page(
    request: ConsoleRequest, account: Account, form: TokenForm, *, status: int = 200
) -> HttpResponse:
    """The forms are there for whoever just proved who they are; others are asked first."""
    confirmed = recently_authenticated(request)
    context = {
        "connection": queries.connection_of(request.user, account),
        "form": form,
        "confirmed": confirmed,
        "confirm_url": ""
        if confirmed
        else confirm_url(request, reverse(BACK, args=[account.slug])),
    }
    return render(request, "tokens/detail.html", context, status=status)
