"""Asking the API about a token, and keeping what came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.views.decorators.debug import sensitive_variables

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.recording import record_event
from console.team.models import Account, User
from console.vault import services as vault
from console.vault.models import ACTIVE, ApiToken
from workflows_ui.cloudflare import CloudflareClient, Forbidden, TokenStatus, Unauthorized

REFUSED = "refused"
NO_PERMISSION = "no permission"
PROBLEMS = {
    REFUSED: "The API no longer accepts this token: it expired, was revoked or was rolled.",
    NO_PERMISSION: "The API knows this token but doesn't let it read Workflows here.",
}


def token_status(client: CloudflareClient) -> TokenStatus | None:
    """What the API says of the client's token: as a user's first, then as the account's (1.5).

    None when neither route knows it, which alone proves nothing: whether the token reads
    Workflows does. Raises CloudflareError when the API could not be asked.
    """
    routes = [client.verify_user_token]
    if client.account_id:
        routes.append(client.verify_account_token)
    for verify in routes:
        try:
            return verify()
        except (Unauthorized, Forbidden):
            continue
    return None


def put_action(owner: User, account: Account | None) -> AuditAction:
    """What it is called when the owner puts a token in place: the first one, or another."""
    had_one = ApiToken.objects.filter(owner=owner, account=account).exists()
    return AuditAction.TOKEN_REPLACE if had_one else AuditAction.TOKEN_ADD


def facts_of(token: ApiToken) -> dict[str, str]:
    """What the trail may say of a token that was put in place."""
    return {"label": token.label, "ends_with": token.last_four, "status": token.status}


@sensitive_variables("token")
def token_put(
    *,
    actor: Actor,
    account: Account,
    client: CloudflareClient,
    token: str,
    label: str = "",
    replaces: ApiToken | None = None,
) -> ApiToken:
    """Seals the token for the actor at this account, beside those they have or in place of one.

    `client` holds the new token and stands at this account. Raises CloudflareError, and changes
    nothing, unless the API lets the token read the account's Workflows; TooManyTokens;
    TrailUnavailable.
    """
    at = replace(actor, account=account)
    with at.recording(AuditAction.TOKEN_REPLACE if replaces else AuditAction.TOKEN_ADD) as act:
        act.quotes = False
        client.list_workflows(per_page=1)
        status = token_status(client)
        # without the token: in a dictionary an error report would show it
        kept: dict[str, Any] = {
            "label": label,
            "status": status.status if status else ACTIVE,
            "expires": status.expires_on if status else None,
        }
        if replaces:
            row = vault.token_replace(replaces, token=token, **kept)
        else:
            row = vault.token_add_another(owner=actor.user, account=account, token=token, **kept)
        act.succeeded(detail=facts_of(row))
    return row


def token_remove(*, actor: Actor, token: ApiToken) -> None:
    """Forgets one of the actor's tokens, for whoever borrowed it too. Raises TrailUnavailable."""
    with _about(actor, token).recording(AuditAction.TOKEN_REMOVE):
        vault.token_forget(token)


def token_choose(*, actor: Actor, token: ApiToken) -> None:
    """Makes it the token that the actor acts with. Raises TrailUnavailable."""
    with _about(actor, token).recording(AuditAction.TOKEN_CHOOSE):
        vault.token_choose(token)


def token_lend(*, actor: Actor, token: ApiToken, lent: str) -> None:
    """Lends the actor's token, or takes it back, which holds from the next request of anybody on.

    The caller has asked whether the actor may lend to the team. Raises ApiToken.DoesNotExist when
    the token was removed or replaced meanwhile, and TrailUnavailable.
    """
    back = lent == ApiToken.Lent.NONE
    action = AuditAction.TOKEN_RECALL if back else AuditAction.TOKEN_LEND
    to = ApiToken.Lent(token.lent if back else lent).label
    with _about(actor, token).recording(action, target=to):
        vault.token_lend(token, lent=lent)


def _about(actor: Actor, token: ApiToken) -> Actor:
    return replace(actor, account=token.account, token=token)


def token_verify(token: ApiToken, *, actor: Actor, client: CloudflareClient) -> bool:
    """Asks again whether the token is good for the account's Workflows, and notes the answer.

    Raises CloudflareError, and notes nothing, when the API gave no answer about the token;
    TrailUnavailable.
    """
    with _about(actor, token).recording(AuditAction.TOKEN_VERIFY) as act:
        act.quotes = False
        good = _verify(token, client)
        act.succeeded(detail={"status": token.status})
    return good


def token_check(token: ApiToken, *, client: CloudflareClient) -> bool:
    """The same in the background: only what it changes is written down, and by nobody.

    Raises CloudflareError, and notes nothing, when the API gave no answer; TrailUnavailable.
    """
    before = token.status
    good = _verify(token, client)
    if token.status != before:
        record_event(
            actor=None,
            actor_name="The console",
            action=AuditAction.TOKEN_VERIFY,
            account=token.account,
            token=token,
            detail={"from": before, "to": token.status},
        )
    return good


def _verify(token: ApiToken, client: CloudflareClient) -> bool:
    try:
        client.list_workflows(per_page=1)
    except Unauthorized:
        return _verified(token, status=REFUSED)
    except Forbidden:
        return _verified(token, status=NO_PERMISSION)
    found = token_status(client)
    status = found.status if found else ACTIVE
    expires = found.expires_on if found else token.expires
    vault.token_mark_verified(token, status=status, expires=expires)
    return status == ACTIVE


def _verified(token: ApiToken, *, status: str) -> bool:
    vault.token_mark_verified(token, status=status, expires=token.expires, problem=PROBLEMS[status])
    return False
