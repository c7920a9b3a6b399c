"""Who looks at which account, with whose token, and what they may do there.

A view gets at an upstream only through `access_to`, so no view can forget to ask.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404

from console.audit.actor import Actor
from console.audit.origin import origin_of
from console.team.models import Account, Membership, User
from console.team.roles import Action, actions_of
from console.vault.models import ApiToken
from console.vault.sealing import unseal
from workflows_ui import calls
from workflows_ui.cloudflare import AddressRules, CloudflareClient, LocalClient, WorkflowsApi
from workflows_ui.http import ConsoleRequest


class TokenMissing(Exception):
    """A member without a token of their own for this account."""

    def __init__(self, account: Account) -> None:
        super().__init__(account.slug)
        self.account = account


@dataclass(frozen=True, slots=True)
class Access:
    """A person at an account. `reader` names whose eyes a cached answer was made for, `actor` is
    who the trail names when they act."""

    user: User
    account: Account
    role: str
    api: WorkflowsApi
    reader: str
    actor: Actor

    def allows(self, action: Action) -> bool:
        return action in actions_of(self.role)

    def require(self, action: Action) -> None:
        """Raises PermissionDenied (403) when the role does not hold the action."""
        if not self.allows(action):
            raise PermissionDenied(action)


def membership_of(request: ConsoleRequest, slug: str) -> Membership:
    """The person's membership of the account. 404 for a stranger, as if there were none."""
    found = (
        Membership.objects.select_related("account")
        .filter(account__slug=slug, user=request.user)
        .first()
    )
    if found is None:
        raise Http404("No such account.")
    request.account = found.account
    request.role = found.role
    return found


def access_to(request: ConsoleRequest, slug: str) -> Access:
    """Access to an account and its upstream.

    Raises Http404 for a stranger, TokenMissing for a member who has no token for it,
    and CannotOpen when the sealed token does not open.
    """
    membership = membership_of(request, slug)
    if Action.WORKFLOW_VIEW not in actions_of(membership.role):
        raise PermissionDenied(Action.WORKFLOW_VIEW)
    account = membership.account
    origin = origin_of(request)
    if account.kind == Account.Kind.LOCAL:
        return Access(
            user=request.user,
            account=account,
            role=membership.role,
            api=local_api(account.base_url),
            reader=f"l{account.pk}",
            actor=Actor(user=request.user, account=account, origin=origin),
        )
    token = ApiToken.objects.filter(owner=request.user, account=account).first()
    if token is None:
        raise TokenMissing(account)
    plain = unseal(bytes(token.sealed), owner_id=request.user.pk, account_id=account.pk)
    api = cloudflare_api(plain, base_url=account.base_url, account_id=account.account_id)
    # the moment of replacement is part of it: a replaced token must not see the old one's answers
    reader = f"t{token.pk}.{int((token.replaced or token.created).timestamp() * 1000)}"
    return Access(
        user=request.user,
        account=account,
        role=membership.role,
        api=api,
        reader=reader,
        actor=Actor(user=request.user, account=account, token=token, origin=origin),
    )


def address_rules() -> AddressRules:
    """Which upstream addresses this server talks to, as its operator set it."""
    return AddressRules(loopback=settings.LOOPBACK_UPSTREAMS, hosts=settings.UPSTREAM_HOSTS)


def cloudflare_api(token: str, *, base_url: str, account_id: str = "") -> CloudflareClient:
    """A client of the Cloudflare API for one token."""
    return CloudflareClient(
        base_url=base_url,
        account_id=account_id,
        token=token,
        rules=address_rules(),
        timeout=settings.UPSTREAM_TIMEOUT,
        user_agent_version=settings.VERSION,
        on_call=calls.note,
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
