"""Asking the API about a token, and keeping what came of it."""

from __future__ import annotations

from django.views.decorators.debug import sensitive_variables

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


@sensitive_variables("token")
def token_put(
    *, owner: User, account: Account, client: CloudflareClient, token: str, label: str = ""
) -> ApiToken:
    """Seals the token for its owner at this account, in place of the one they had.

    `client` holds the new token and stands at this account. Raises CloudflareError, and changes
    nothing, unless the API lets the token read the account's Workflows.
    """
    client.list_workflows(per_page=1)
    status = token_status(client)
    return vault.token_add(
        owner=owner,
        account=account,
        token=token,
        label=label,
        status=status.status if status else ACTIVE,
        expires=status.expires_on if status else None,
    )


def token_verify(token: ApiToken, *, client: CloudflareClient) -> bool:
    """Asks again whether the token is good for the account's Workflows, and notes the answer.

    Raises CloudflareError, and notes nothing, when the API gave no answer about the token.
    """
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
