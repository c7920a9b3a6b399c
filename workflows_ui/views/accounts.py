"""Where a person starts, and how they connect an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.team.models import Account, Membership, User
from console.team.reauthentication import confirm_identity
from console.team.services.members import InvitationNeeded
from console.vault import pending
from workflows_ui.access import actor_of, address_rules, cloudflare_api, local_api, membership_of
from workflows_ui.cloudflare import (
    AddressRefused,
    BadResponse,
    CloudflareError,
    ConnectionFailed,
    TokenStatus,
)
from workflows_ui.forms.accounts import AccountIdForm, ChoiceForm, CloudflareForm, LocalForm
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.refusals import (
    cloudflare_refusal,
    local_refusal,
    removed_refusal,
    status_refusal,
)
from workflows_ui.presenters.trouble import trouble_of
from workflows_ui.queries import accounts as queries
from workflows_ui.queries.dashboards import start_page
from workflows_ui.services import accounts as services
from workflows_ui.services.accounts import ClientFor, Reach

confirmed = confirm_identity(back="workflows_ui:connect")
ABOUT_THE_ADDRESS = (AddressRefused, ConnectionFailed, BadResponse)


@require_safe
def home(request: ConsoleRequest) -> HttpResponse:
    rows = queries.accounts_of(request.user)
    if not rows:
        return redirect("workflows_ui:connect")
    if len(rows) == 1:
        return to_start(request.user, rows[0].account)
    if "all" not in request.GET and request.user.default_account in [row.account for row in rows]:
        return to_start(request.user, request.user.default_account)
    return render(request, "accounts/list.html", {"rows": rows})


@require_safe
def account_home(request: ConsoleRequest, account: str) -> HttpResponse:
    """The person's start page there."""
    return to_start(request.user, membership_of(request, account).account)


@require_safe
@confirmed
def connect(request: ConsoleRequest) -> HttpResponse:
    return connect_page(request)


@sensitive_variables()
@sensitive_post_parameters("token")
@require_http_methods(["GET", "HEAD", "POST"])
@confirmed
def connect_cloudflare(request: ConsoleRequest) -> HttpResponse:
    """GET goes on with a token that was pasted; POST pastes one, or chooses what to connect."""
    if request.method == "POST" and "token" in request.POST:
        return pasted_page(request)
    kept = pending.held(request.session, owner_id=request.user.pk)
    if kept is None:
        if request.method == "POST":
            messages.info(request, "That took more than ten minutes. Paste the token once more.")
        return redirect("workflows_ui:connect")
    found = Found.from_json(kept.facts)
    if found.candidates:
        return choose_page(request, kept.token, found)
    return name_page(request, kept.token, found)


@require_http_methods(["GET", "HEAD", "POST"])
@confirmed
def connect_local(request: ConsoleRequest) -> HttpResponse:
    if request.method == "GET":
        return redirect("workflows_ui:connect")
    form = LocalForm(request.POST, rules=address_rules())
    if not form.is_valid():
        return connect_page(request, local=form, status=422)
    client = local_api(form.cleaned_data["url"])
    try:
        membership = services.local_connect(
            actor=actor_of(request), client=client, name=form.cleaned_data["name"]
        )
    except (CloudflareError, InvitationNeeded) as error:
        form.add_error("url", local_refusal(error))
        return connect_page(request, local=form, status=422)
    return connected_page(request, [membership])


@require_POST
@confirmed
def connect_demo(request: ConsoleRequest) -> HttpResponse:
    try:
        client = cloudflare_api(
            services.DEMO_TOKEN,
            base_url=settings.SIMULATOR_URL,
            account_id=services.DEMO_ACCOUNT_ID,
        )
        membership = services.demo_connect(actor=actor_of(request), client=client)
    except InvitationNeeded as removed:
        messages.error(request, removed_refusal(removed))
        return redirect("workflows_ui:connect")
    except CloudflareError as error:
        return connect_page(request, demo_problem=cloudflare_refusal(error), status=422)
    return connected_page(request, [membership])


# --- The steps of connecting at Cloudflare ---------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An account to choose; `problem` is why it can't be connected with this token."""

    account_id: str
    name: str
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a pasted token reaches, as kept in the session between the steps."""

    base_url: str
    candidates: tuple[Offer, ...]
    status: TokenStatus | None

    @classmethod
    def of(cls, reach: Reach, base_url: str) -> Found:
        offers = tuple(
            Offer(
                account_id=one.account_id,
                name=one.name,
                problem=trouble_of(one.error).title if one.error else "",
            )
            for one in reach.candidates
        )
        return cls(base_url=base_url, candidates=offers, status=reach.status)

    @property
    def readable(self) -> tuple[Offer, ...]:
        return tuple(offer for offer in self.candidates if not offer.problem)

    @property
    def unreadable(self) -> tuple[Offer, ...]:
        return tuple(offer for offer in self.candidates if offer.problem)

    def to_json(self) -> dict[str, Any]:
        expires = self.status.expires_on if self.status else None
        return {
            "base_url": self.base_url,
            "candidates": [[c.account_id, c.name, c.problem] for c in self.candidates],
            "status": [self.status.id, self.status.status] if self.status else None,
            "expires": expires.isoformat() if expires else None,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Found:
        expires = datetime.fromisoformat(data["expires"]) if data["expires"] else None
        status = data["status"]
        return cls(
            base_url=data["base_url"],
            candidates=tuple(
                Offer(account_id=account_id, name=name, problem=problem)
                for account_id, name, problem in data["candidates"]
            ),
            status=TokenStatus(id=status[0], status=status[1], expires_on=expires)
            if status
            else None,
        )


@sensitive_variables()
def pasted_page(request: ConsoleRequest) -> HttpResponse:
    """A token came: look what it reaches, then connect, offer a choice, or ask for the account."""
    pending.let_go(request.session)
    form = CloudflareForm(request.POST, rules=address_rules())
    if not form.is_valid():
        return connect_page(request, cloudflare=form, status=422)
    token, base_url = form.cleaned_data["token"], form.cleaned_data["base_url"]
    account_id = form.cleaned_data["account_id"]
    client_for = clients(token, base_url)
    try:
        reach = (
            services.check_candidate(account_id, client_for)
            if account_id
            else services.reach_of(client_for)
        )
    except CloudflareError as error:
        field = "base_url" if isinstance(error, ABOUT_THE_ADDRESS) else "token"
        form.add_error(field, cloudflare_refusal(error))
        return connect_page(request, cloudflare=form, status=422)
    if refusal := status_refusal(reach.status):
        form.add_error("token", refusal)
        return connect_page(request, cloudflare=form, status=422)
    found = Found.of(reach, base_url)
    if len(found.candidates) == len(found.readable) == 1:
        return joined_page(request, token, found, found.readable)
    pending.hold(request.session, token, owner_id=request.user.pk, facts=found.to_json())
    return redirect("workflows_ui:connect-cloudflare")


@sensitive_variables()
def choose_page(request: ConsoleRequest, token: str, found: Found) -> HttpResponse:
    choices = [(offer.account_id, offer.name) for offer in found.readable]
    form = ChoiceForm(posted(request), choices=choices)
    if form.is_valid():
        chosen = set(form.cleaned_data["accounts"])
        offers = tuple(offer for offer in found.readable if offer.account_id in chosen)
        return joined_page(request, token, found, offers)
    context = {"form": form, "found": found}
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/choose.html", context, status=status)


@sensitive_variables()
def name_page(request: ConsoleRequest, token: str, found: Found) -> HttpResponse:
    form = AccountIdForm(posted(request))
    if form.is_valid():
        try:
            reach = services.check_candidate(
                form.cleaned_data["account_id"], clients(token, found.base_url)
            )
        except CloudflareError as error:
            form.add_error("account_id", cloudflare_refusal(error))
        else:
            named = Found.of(reach, found.base_url)
            return joined_page(request, token, named, named.candidates)
    context = {"form": form, "found": found}
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/name.html", context, status=status)


@sensitive_variables()
def joined_page(
    request: ConsoleRequest, token: str, found: Found, offers: tuple[Offer, ...]
) -> HttpResponse:
    memberships = []
    for offer in offers:
        try:
            membership = services.cloudflare_connect(
                actor=actor_of(request),
                base_url=found.base_url,
                account_id=offer.account_id,
                name=offer.name,
                token=token,
                status=found.status,
            )
        except InvitationNeeded as removed:
            messages.error(request, removed_refusal(removed))
        else:
            memberships.append(membership)
    pending.let_go(request.session)
    return connected_page(request, memberships)


@sensitive_variables()
def clients(token: str, base_url: str) -> ClientFor:
    return lambda account_id: cloudflare_api(token, base_url=base_url, account_id=account_id)


# --- Answers ---------------------------------------------------------------------------------


def connected_page(request: ConsoleRequest, memberships: list[Membership]) -> HttpResponse:
    for membership in memberships:
        role = membership.get_role_display().lower()
        messages.success(request, f"{membership.account.name} is connected. Your role: {role}.")
    if len(memberships) == 1:
        return to_workflows(memberships[0].account)
    return redirect("home")


def to_start(person: User, account: Account) -> HttpResponse:
    """The person's start page at the account: a dashboard of their choice, else the workflows."""
    if chosen := start_page(person, account):
        return redirect("workflows_ui:dashboard-detail", account=account.slug, dashboard=chosen.pk)
    return to_workflows(account)


def to_workflows(account: Account) -> HttpResponse:
    return redirect("workflows_ui:workflow-list", account=account.slug)


def connect_page(
    request: ConsoleRequest,
    *,
    cloudflare: Form | None = None,
    local: Form | None = None,
    demo_problem: str = "",
    status: int = 200,
) -> HttpResponse:
    rules = address_rules()
    context = {
        "cloudflare": cloudflare or CloudflareForm(rules=rules),
        "local": local or LocalForm(rules=rules),
        "demo_problem": demo_problem,
        "simulator_url": settings.SIMULATOR_URL,
    }
    return render(request, "accounts/connect.html", context, status=status)


def posted(request: ConsoleRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
