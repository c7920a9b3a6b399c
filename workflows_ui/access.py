"""Who looks at which account, with whose token, and what they may do there.

A view gets at an upstream only through `access_to`, so no view can forget to ask.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from console.audit.actor import Actor
from console.audit.origin import origin_of
from console.team.models import Account, Membership, User
from console.team.roles import Action, may
from console.team.second_factor import came_with_second_factor
from console.vault.models import ApiToken
from console.vault.queries import token_for
from console.vault.sealing import unseal
from workflows_ui import calls
from workflows_ui.budget import Meter
from workflows_ui.cloudflare import AddressRules, CloudflareClient, LocalClient, WorkflowsApi
from workflows_ui.http import ConsoleRequest

SEEN_EVERY = timedelta(minutes=5)


class TokenMissing(Exception):
    """A member without a token for this account: none of their own, and none lent to the team."""

    def __init__(self, account: Account) -> None:
        super().__init__(account.slug)
        self.account = account


class SecondFactorRequired(Exception):
    """A member without a second factor, at an account that is closed to those."""

    def __init__(self, account: Account) -> None:
        super().__init__(account.slug)
        self.account = account


class NotTheOwner(PermissionDenied):
    """A member who sees something of another person's that no role of theirs changes. `advice` is
    a sentence on what they can do instead."""

    def __init__(self, reason: str, *, advice: str) -> None:
        super().__init__(reason)
        self.advice = advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A person at an account, without its upstream. `actor` is who the trail names when they act,
    `limits` the globs that bind an operator to some workflows."""

    user: User
    account: Account
    role: str
    limits: tuple[str, ...]
    actor: Actor

    def allows(self, action: Action, workflow: str = "") -> bool:
        """Whether the person may do it; name the workflow wherever one is acted on."""
        return may(self.role, action, workflow=workflow, limits=self.limits)

    def require(self, action: Action, workflow: str = "") -> None:
        """Raises PermissionDenied (403) when the person may not do it."""
        if not self.allows(action, workflow):
            raise PermissionDenied(action)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access(Seat):
    """With its upstream. `reader` names whose eyes a cached answer was made for."""

    api: WorkflowsApi
    reader: str


def membership_of(request: ConsoleRequest, slug: str) -> Membership:
    """The person's membership of the account. 404 for a stranger, as if there were none.

    Raises SecondFactorRequired when the account is closed to members without one.
    """
    try:
        found = Membership.objects.select_related("account").get(
            account__slug=slug, user=request.user
        )
    except Membership.DoesNotExist:
        raise Http404("No such account.") from None
    if found.account.require_second_factor and not came_with_second_factor(request, request.user):
        raise SecondFactorRequired(found.account)
    request.account = found.account
    request.role = found.role
    note_seen(found)
    return found


def note_seen(membership: Membership) -> None:
    """Writes down that the member is here, every few minutes; not at the price of the page."""
    now = timezone.now()
    if membership.seen is None or membership.seen < now - SEEN_EVERY:
        with suppress(OperationalError):
            Membership.objects.filter(pk=membership.pk).update(seen=now)


def actor_of(request: ConsoleRequest) -> Actor:
    """The person as the trail names them, for acts that need no seat at an account."""
    return Actor(user=request.user, origin=origin_of(request))


def seat_at(request: ConsoleRequest, slug: str) -> Seat:
    """The person's seat at an account, also for a member without a token. 404 for a stranger."""
    membership = membership_of(request, slug)
    account = membership.account
    return Seat(
        user=request.user,
        account=account,
        role=membership.role,
        limits=tuple(membership.limits),
        actor=Actor(user=request.user, account=account, origin=origin_of(request)),
    )


def access_to(request: ConsoleRequest, slug: str) -> Access:
    """Access to an account and its upstream, with one's own token or one lent to the team.

    Raises Http404 for a stranger, TokenMissing for a member who has no token for it,
    and CannotOpen when the sealed token does not open.
    """
    seat = seat_at(request, slug)
    seat.require(Action.WORKFLOW_VIEW)
    account = seat.account
    if account.kind == Account.Kind.LOCAL:
        return seated(seat, api=local_api(account.base_url), reader=f"l{account.pk}")
    token = request.token = token_for(request.user, account)
    if token is None:
        raise TokenMissing(account)
    request.reader = reader = reader_of(token)
    api = metered_api(token, account, person=request.user.pk)
    return seated(seat, api=api, reader=reader, token=token)


def reader_of(token: ApiToken) -> str:
    """What a token is called where its answers are kept and its calls are counted.

    The moment of replacement is part of it: a replaced token must not see the old one's answers.
    """
    return f"t{token.pk}.{int((token.replaced or token.created).timestamp() * 1000)}"


def readers_at(account: Account) -> list[str]:
    """All for whom answers of this account may be kept."""
    if account.kind == Account.Kind.LOCAL:
        return [f"l{account.pk}"]
    return [reader_of(token) for token in ApiToken.objects.filter(account=account)]


def seated(seat: Seat, *, api: WorkflowsApi, reader: str, token: ApiToken | None = None) -> Access:
    return Access(
        user=seat.user,
        account=seat.account,
        role=seat.role,
        limits=seat.limits,
        actor=replace(seat.actor, token=token),
        api=api,
        reader=reader,
    )


def member_api(user_id: int, account: Account) -> WorkflowsApi:
    """The client of the token a member acts with, for what is looked up when they are away.

    Raises PermissionDenied when they are no member (any more), TokenMissing, CannotOpen.
    """
    return member_upstream(user_id, account)[0]


def member_upstream(user_id: int, account: Account) -> tuple[WorkflowsApi, str]:
    """The same with its reader's name, where answers are kept."""
    if not Membership.objects.filter(user_id=user_id, account=account).exists():
        raise PermissionDenied
    if account.kind == Account.Kind.LOCAL:
        return local_api(account.base_url), f"l{account.pk}"
    token = token_for(User(pk=user_id), account)
    if token is None:
        raise TokenMissing(account)
    return metered_api(token, account, person=user_id), reader_of(token)


@sensitive_variables("plain")
def metered_api(token: ApiToken, account: Account, *, person: int) -> CloudflareClient:
    """The client of a stored token, whose calls count for it and for the person at work."""
    plain = unseal(bytes(token.sealed), owner_id=token.owner_id, account_id=account.pk)
    return cloudflare_api(
        plain,
        base_url=account.base_url,
        account_id=account.account_id,
        meter=Meter(reader=reader_of(token), person=person),
    )


def address_rules() -> AddressRules:
    """Which upstream addresses this server talks to, as its operator set it."""
    return AddressRules(loopback=settings.LOOPBACK_UPSTREAMS, hosts=settings.UPSTREAM_HOSTS)


@sensitive_variables("token")
def cloudflare_api(
    token: str, *, base_url: str, account_id: str = "", meter: Meter | None = None
) -> CloudflareClient:
    """A client of the Cloudflare API for one token; `meter` counts its calls."""
    return CloudflareClient(
        base_url=base_url,
        account_id=account_id,
        token=token,
        rules=address_rules(),
        timeout=settings.UPSTREAM_TIMEOUT,
        user_agent_version=settings.VERSION,
        before_call=meter.before if meter else None,
        on_call=meter.after if meter else calls.note,
    )


def local_api(base_url: str) -> LocalClient:
    """A client of a local engine; no token is involved."""
    return LocalClient(
        base_url=base_url,
        rules=address_rules(),
        timeout=settings.UPSTREAM_TIMEOUT,
        user_agent_version=settings.VERSION,
        on_call=calls.note,
    )
