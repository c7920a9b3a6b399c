"""Writes about sealed tokens. The plain token comes in and never goes out; no call is made here."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from console.team.models import Account, User
from console.vault.models import ApiToken
from console.vault.sealing import seal

SHOWN = 4
SHORTEST_SHOWN = 12
LABEL = "API token"


@sensitive_variables("token")
@transaction.atomic
def token_add(
    *,
    owner: User,
    account: Account,
    token: str,
    label: str = "",
    status: str = "",
    expires: datetime | None = None,
) -> ApiToken:
    """The owner's sealed token for the account, just verified. One they had is replaced.

    `status` is the API's word for it, `expires` when it ends, if the API told.
    """
    now = timezone.now()
    values = {
        "label": label or LABEL,
        "sealed": seal(token, owner_id=owner.pk, account_id=account.pk),
        "last_four": last_four(token),
        "verified": now,
        "status": status,
        "problem": "",
        "expires": expires,
    }
    row, _ = ApiToken.objects.update_or_create(
        owner=owner,
        account=account,
        defaults={**values, "replaced": now},
        create_defaults=values,
    )
    return row


def token_mark_verified(
    token: ApiToken, *, status: str, expires: datetime | None = None, problem: str = ""
) -> None:
    """Notes that the API was asked about the token, and what came of it.

    `problem` is a sentence of ours, never the upstream's text: that may repeat the token.
    """
    token.verified = timezone.now()
    token.status = status
    token.problem = problem
    token.expires = expires
    token.save(update_fields=["verified", "status", "problem", "expires"])


def token_remove(*, owner: User, account: Account) -> bool:
    """Forgets the owner's token for the account. False when there was none."""
    deleted, _ = ApiToken.objects.filter(owner=owner, account=account).delete()
    return deleted > 0


@sensitive_variables("token")
def last_four(token: str) -> str:
    """What may be shown of a token; nothing of one so short that it would tell too much."""
    return token[-SHOWN:] if len(token) >= SHORTEST_SHOWN else ""
