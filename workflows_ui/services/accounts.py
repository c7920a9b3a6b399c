"""Connecting accounts: what a token reaches, and joining what answered with a yes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.recording import Act
from console.team.models import Account, Membership, User
from console.team.names import one_line
from console.team.services.members import account_join
from console.vault import services as vault
from console.vault.models import ACTIVE, ApiToken
from console.vault.sealing import CannotOpen, unseal
from workflows_ui.cloudflare import (
    CloudflareClient,
    CloudflareError,
    Forbidden,
    LocalClient,
    TokenStatus,
    Unauthorized,
)
from workflows_ui.services.tokens import facts_of, put_action, token_status

ACCOUNT_ID = re.compile(r"[0-9a-f]{32}")
MOST_ACCOUNTS = 50
AT_ONCE = 8

DEMO_NAME = "Demo"
DEMO_ACCOUNT_ID = "0123456789abcdef0123456789abcdef"
DEMO_TOKEN = "simulator-token"  # noqa: S105 - the simulator publishes it

ClientFor = Callable[[str], CloudflareClient]
"""Makes a client of one token for an account id; "" for the calls that need none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An account that a token reaches. `error` is why its Workflows can't be read."""

    account_id: str
    name: str
    error: CloudflareError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a token reaches. `status` is None when the API doesn't know it as a user's token."""

    status: TokenStatus | None
    candidates: tuple[Candidate, ...]


def reach_of(client_for: ClientFor) -> Reach:
    """What the token reaches, each account asked whether its Workflows can be read (1.5, 4.1).

    No candidates: the token can't list accounts (as one that an account owns), so the account's
    id has to be asked for. Raises CloudflareError when the API could not be asked.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        status = pool.submit(token_status, client_for(""))
        listed = pool.submit(_listed_accounts, client_for(""))
        found = listed.result()
        checked = pool.map(lambda account: _checked(account, client_for), found)
        return Reach(status=status.result(), candidates=tuple(checked))


def check_candidate(account_id: str, client_for: ClientFor) -> Reach:
    """What the token reaches at one account named by its id."""
    client = client_for(account_id)
    client.list_workflows(per_page=1)
    name = f"Account {account_id[:6]}"
    return Reach(
        status=token_status(client),
        candidates=(Candidate(account_id=account_id, name=name),),
    )


def _listed_accounts(client: CloudflareClient) -> list[tuple[str, str]]:
    try:
        page = client.list_accounts(per_page=MOST_ACCOUNTS)
    except (Unauthorized, Forbidden):
        return []
    # what is no account id by its shape never becomes part of an address
    return [(item.id, item.name) for item in page.items if ACCOUNT_ID.fullmatch(item.id)]


def _checked(account: tuple[str, str], client_for: ClientFor) -> Candidate:
    account_id, name = account
    try:
        client_for(account_id).list_workflows(per_page=1)
    except CloudflareError as error:
        return Candidate(account_id=account_id, name=name, error=error)
    return Candidate(account_id=account_id, name=name)


@contextmanager
def joining(
    actor: Actor, *, base_url: str, account_id: str = "", name: str, with_token: bool
) -> Iterator[list[Act]]:
    """The acts that connecting is made of: a new account or a new member, and a token.

    Each is told `succeeded` with the account, which may be one that was just made.
    """
    there = Account.objects.filter(base_url=base_url, account_id=account_id).first()
    actions = [put_action(actor.user, there)] if with_token else []
    if there is None:
        actions.insert(0, AuditAction.ACCOUNT_CONNECT)
    elif not there.memberships.filter(user=actor.user).exists():
        actions.insert(0, AuditAction.MEMBER_JOIN)
    at, target = replace(actor, account=there), "" if there else one_line(name)
    detail = {"base_url": base_url, "account_id": account_id}
    with ExitStack() as acts:
        yield [
            acts.enter_context(at.recording(action, target=target, detail=detail))
            for action in actions
        ]


@sensitive_variables("token")
def cloudflare_connect(
    *,
    actor: Actor,
    base_url: str,
    account_id: str,
    name: str,
    token: str,
    status: TokenStatus | None = None,
) -> Membership:
    """Joins the actor to the account and seals their token for it. The API has said yes before.

    Raises InvitationNeeded for somebody who was removed from the account, and TrailUnavailable;
    so do the others below.
    """
    where = {"base_url": base_url, "account_id": account_id, "name": name}
    with joining(actor, **where, with_token=True) as acts:
        with transaction.atomic():
            membership = account_join(user=actor.user, kind=Account.Kind.CLOUDFLARE, **where)
            row = vault.token_add(
                owner=actor.user,
                account=membership.account,
                token=token,
                status=status.status if status else ACTIVE,
                expires=status.expires_on if status else None,
            )
        for act in acts:
            act.succeeded(
                account=membership.account, detail=facts_of(row) | {"role": membership.role}
            )
    return membership


def demo_connect(*, actor: Actor, client: CloudflareClient) -> Membership:
    """Joins the actor to the demo. Raises CloudflareError when the simulator doesn't answer."""
    client.list_workflows(per_page=1)
    return demo_join(actor=actor, base_url=client.base_url)


def demo_join(*, actor: Actor, base_url: str) -> Membership:
    """Joins the actor to the demo at this address with the simulator's token, without a call."""
    return cloudflare_connect(
        actor=actor,
        base_url=base_url,
        account_id=DEMO_ACCOUNT_ID,
        name=DEMO_NAME,
        token=DEMO_TOKEN,
    )


def demo_membership(user: User, base_url: str) -> Membership | None:
    """The user's place in the demo, if there is nothing left to join: their token opens, too."""
    token = ApiToken.objects.filter(
        owner=user,
        account__base_url=base_url,
        account__account_id=DEMO_ACCOUNT_ID,
        is_default=True,
    ).first()
    if token is None:
        return None
    try:
        unseal(bytes(token.sealed), owner_id=user.pk, account_id=token.account_id)
    except CannotOpen:
        return None
    return Membership.objects.filter(user=user, account=token.account).first()


def local_connect(*, actor: Actor, client: LocalClient, name: str = "") -> Membership:
    """Joins the actor to the local engine that the client stands at.

    No token proves anything there: whoever may log in to the console and names the address joins
    (the first as admin, others as viewers). That is safe because a local engine is only ever on
    this machine or on a host that the operator listed, and shows development data.
    Raises CloudflareError when nothing there answers like an engine.
    """
    where = {
        "base_url": client.base_url,
        "name": name or f"Local {urlsplit(client.base_url).netloc}",
    }
    with joining(actor, **where, with_token=False) as acts:
        client.list_workflows(per_page=1)
        membership = account_join(user=actor.user, kind=Account.Kind.LOCAL, **where)
        for act in acts:
            act.succeeded(account=membership.account, detail={"role": membership.role})
    return membership
