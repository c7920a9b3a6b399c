"""The tokens that a person keeps for an account, and to whom they lend them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.team.models import Account
from console.team.reauthentication import confirm_identity, confirm_url, recently_authenticated
from console.team.roles import Action
from console.vault.models import ApiToken
from console.vault.services import MOST_TOKENS, TooManyTokens
from workflows_ui.access import Seat, cloudflare_api, local_api, metered_api, seat_at
from workflows_ui.cloudflare import CloudflareError
from workflows_ui.forms.tokens import LendForm, TokenForm
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.questions import Question
from workflows_ui.presenters.refusals import cloudflare_refusal
from workflows_ui.queries import tokens as queries
from workflows_ui.services import tokens as services
from workflows_ui.views.acting import posted, question_page

BACK = "workflows_ui:token-detail"


@require_safe
def token_detail(request: ConsoleRequest, account: str) -> HttpResponse:
    return connection_page(request, seat_at(request, account), TokenForm())


@require_POST
def connection_verify(request: ConsoleRequest, account: str) -> HttpResponse:
    """Whether a local engine answers; tokens are verified one by one."""
    place = seat_at(request, account).account
    if place.needs_token:
        raise Http404("A token is verified by itself.")
    try:
        local_api(place.base_url).list_workflows(per_page=1)
    except CloudflareError as error:
        messages.error(request, f"Nothing was found out about it. {cloudflare_refusal(error)}")
    else:
        messages.success(request, "The connection works.")
    return redirect(BACK, account=account)


@sensitive_variables()
@sensitive_post_parameters("token")
@require_POST
@confirm_identity(back=BACK)
def token_add(request: ConsoleRequest, account: str) -> HttpResponse:
    seat = seat_with_tokens(request, account)
    form = TokenForm(request.POST)
    if not put(seat, form):
        return connection_page(request, seat, form, status=422)
    messages.success(request, "The token is in place.")
    return redirect(BACK, account=account)


@sensitive_variables()
@sensitive_post_parameters("token")
@require_http_methods(["GET", "HEAD", "POST"])
@confirm_identity()
def token_replace(request: ConsoleRequest, account: str, token: int) -> HttpResponse:
    seat, kept = seat_and_token(request, account, token)
    form = TokenForm(posted(request), initial={"label": kept.label})
    if put(seat, form, replaces=kept):
        messages.success(request, "The token is in place. It is used from now on.")
        return redirect(BACK, account=account)
    context = {"seat": seat, "token": kept, "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "tokens/replace.html", context, status=status)


@require_POST
def token_verify(request: ConsoleRequest, account: str, token: int) -> HttpResponse:
    seat, kept = seat_and_token(request, account, token)
    try:
        client = metered_api(kept, seat.account, person=seat.user.pk)
        good = services.token_verify(kept, actor=seat.actor, client=client)
    except CloudflareError as error:
        messages.error(request, f"Nothing was found out about it. {cloudflare_refusal(error)}")
    else:
        if good:
            messages.success(request, "The connection works.")
        else:
            messages.error(request, "The API does not accept the token as it is.")
    return redirect(BACK, account=account)


@require_POST
def token_choose(request: ConsoleRequest, account: str, token: int) -> HttpResponse:
    seat, kept = seat_and_token(request, account, token)
    services.token_choose(actor=seat.actor, token=kept)
    messages.success(request, f"You act with “{kept.label}” from now on.")
    return redirect(BACK, account=account)


@require_http_methods(["GET", "HEAD", "POST"])
@confirm_identity()
def token_lend(request: ConsoleRequest, account: str, token: int) -> HttpResponse:
    seat, kept = seat_and_token(request, account, token)
    form = LendForm(
        posted(request), initial={"lent": kept.lent}, to_team=seat.allows(Action.TOKEN_LEND)
    )
    if form.is_valid():
        lend(request, seat, kept, form.cleaned_data["lent"])
        return redirect(BACK, account=account)
    question = Question(
        title=f"Lend “{kept.label}”?",
        consequence="A token that is lent is never shown: the console uses it for others.",
        label="Save",
        back=reverse(BACK, args=[account]),
        of="Connection",
    )
    return question_page(request, seat, form, question)


@require_POST
def token_recall(request: ConsoleRequest, account: str, token: int) -> HttpResponse:
    """Not asked about: taking it back only ever makes things safer."""
    seat, kept = seat_and_token(request, account, token)
    lend(request, seat, kept, ApiToken.Lent.NONE)
    return redirect(BACK, account=account)


@require_http_methods(["GET", "HEAD", "POST"])
@confirm_identity()
def token_remove(request: ConsoleRequest, account: str, token: int) -> HttpResponse:
    seat, kept = seat_and_token(request, account, token)
    form = Form(posted(request))
    if form.is_valid():
        services.token_remove(actor=seat.actor, token=kept)
        messages.success(request, f"“{kept.label}” is removed from this console.")
        return redirect(BACK, account=account)
    question = Question(
        title=f"Remove “{kept.label}”{f' …{kept.last_four}' if kept.last_four else ''}?",
        consequence="The encrypted token is deleted from this console, also for those whom it is "
        f"lent to. You stay a member of {seat.account.name}. At Cloudflare the token stays valid "
        "until you revoke it there.",
        label="Remove the token",
        back=reverse(BACK, args=[account]),
        of="Connection",
        tone="bad",
    )
    return question_page(request, seat, form, question)


@sensitive_variables()
def put(seat: Seat, form: TokenForm, *, replaces: ApiToken | None = None) -> bool:
    """Whether the form's token is in place now; if not, the form says why."""
    if not form.is_valid():
        return False
    place, token = seat.account, form.cleaned_data["token"]
    try:
        services.token_put(
            actor=seat.actor,
            account=place,
            client=cloudflare_api(token, base_url=place.base_url, account_id=place.account_id),
            token=token,
            label=form.cleaned_data["label"],
            replaces=replaces,
        )
    except CloudflareError as error:
        form.add_error("token", cloudflare_refusal(error))
    except TooManyTokens:
        form.add_error("token", f"You keep {MOST_TOKENS} tokens here already. Remove one first.")
    return form.is_valid()


def lend(request: ConsoleRequest, seat: Seat, token: ApiToken, lent: str) -> None:
    if token.lent == lent:
        return
    try:
        services.token_lend(actor=seat.actor, token=token, lent=lent)
    except ApiToken.DoesNotExist:
        messages.error(request, "It was removed or replaced meanwhile. Nothing was lent.")
    else:
        to = ApiToken.Lent(lent).label
        messages.success(request, f"“{token.label}” is lent to {to} now.")


def seat_with_tokens(request: ConsoleRequest, slug: str) -> Seat:
    """The seat at an account that takes tokens."""
    seat = seat_at(request, slug)
    if not seat.account.needs_token:
        raise Http404("A local engine takes no token.")
    return seat


def seat_and_token(request: ConsoleRequest, slug: str, token: int) -> tuple[Seat, ApiToken]:
    """The seat and one of the person's own tokens; anybody else's is not found."""
    seat = seat_with_tokens(request, slug)
    found = queries.own_token(seat.user, seat.account, token)
    if found is None:
        raise Http404("No such token.")
    return seat, found


def connection_page(
    request: ConsoleRequest, seat: Seat, form: TokenForm, *, status: int = 200
) -> HttpResponse:
    """The form is there for whoever just proved who they are; others are asked first."""
    confirmed = recently_authenticated(request)
    place: Account = seat.account
    connection = queries.connection_of(request.user, place)
    request.token = connection.acting
    context: dict[str, Any] = {
        "connection": connection,
        "form": form,
        "confirmed": confirmed,
        "confirm_url": "" if confirmed else confirm_url(request, reverse(BACK, args=[place.slug])),
    }
    return render(request, "tokens/detail.html", context, status=status)
