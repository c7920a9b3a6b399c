"""Writes about sealed tokens. The plain token comes in and never goes out; no call is made here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from console.team.models import Account, User
from console.vault.models import ApiToken
from console.vault.sealing import seal

SHOWN = 4
SHORTEST_SHOWN = 12
LABEL = "API token"
MOST_TOKENS = 10
"""Of one person for one account."""


class TooManyTokens(Exception):
    """The person keeps as many tokens for the account as they may. Nothing was done."""

    maybe_done = False


@sensitive_variables("token")
def token_add(
    *,
    owner: User,
    account: Account,
    token: str,
    label: str = "",
    status: str = "",
    expires: datetime | None = None,
) -> ApiToken:
    """The token that its owner acts with at the account, just verified, sealed. One they acted
    with before is replaced.

    `status` is the API's word for it, `expires` when it ends, if the API told.
    """
    values: dict[str, Any] = {"label": label, "status": status, "expires": expires}
    with transaction.atomic():  # as a decorator it would keep the arguments in its frame
        _one_at_a_time(owner)
        default = ApiToken.objects.filter(owner=owner, account=account, is_default=True).first()
        if default is not None:
            return token_replace(default, token=token, **values)
        return _create(owner, account, token, is_default=True, **values)


@sensitive_variables("token")
def token_add_another(
    *,
    owner: User,
    account: Account,
    token: str,
    label: str = "",
    status: str = "",
    expires: datetime | None = None,
) -> ApiToken:
    """One more token beside those that the owner has; the first is the one they act with.

    Raises TooManyTokens.
    """
    with transaction.atomic():  # as a decorator it would keep the arguments in its frame
        _one_at_a_time(owner)
        count = ApiToken.objects.filter(owner=owner, account=account).count()
        if count >= MOST_TOKENS:
            raise TooManyTokens
        return _create(
            owner,
            account,
            token,
            is_default=count == 0,
            label=label,
            status=status,
            expires=expires,
        )


@sensitive_variables("token")
def token_replace(
    row: ApiToken,
    *,
    token: str,
    label: str = "",
    status: str = "",
    expires: datetime | None = None,
) -> ApiToken:
    """Puts another token in place of this one. Whoever borrowed the old one has nothing any more:
    a new token is lent by a decision of its own."""
    now = timezone.now()
    fresh = _sealed(row.owner, row.account, token) | {
        "label": label or row.label,
        "status": status,
        "expires": expires,
        "replaced": now,
        "writes": None,
        "writes_since": None,
        "lent": ApiToken.Lent.NONE,
        "lent_since": None,
    }
    for name, value in fresh.items():
        setattr(row, name, value)
    row.save(update_fields=list(fresh))
    return row


def token_mark_verified(
    token: ApiToken, *, status: str, expires: datetime | None = None, problem: str = ""
) -> None:
    """Notes that the API was asked about the token, and what came of it.

    `problem` is a sentence of ours, never the upstream's text: that may repeat the token. What
    was found out about a token that was replaced meanwhile is dropped.
    """
    token.verified = timezone.now()
    token.status = status
    token.problem = problem
    token.expires = expires
    _unless_replaced(token).update(
        verified=token.verified, status=status, problem=problem, expires=expires
    )


def token_mark_writes(token: ApiToken, *, writes: bool) -> None:
    """Notes that a real act went through with the token, or that it lacked the permission."""
    if token.writes is writes:
        return
    token.writes = writes
    token.writes_since = timezone.now()
    _unless_replaced(token).update(writes=writes, writes_since=token.writes_since)


def token_claim_check(token: ApiToken, *, before: datetime) -> bool:
    """Whether the caller may check the token now: nobody else has begun to since `before`."""
    free = ApiToken.objects.filter(Q(asked=None) | Q(asked__lt=before), pk=token.pk)
    return free.update(asked=timezone.now()) > 0


@transaction.atomic
def token_choose(token: ApiToken) -> None:
    """Makes it the token that its owner acts with."""
    _one_at_a_time(token.owner)
    own = ApiToken.objects.filter(owner=token.owner, account=token.account)
    own.exclude(pk=token.pk).update(is_default=False)
    own.filter(pk=token.pk).update(is_default=True)


def token_lend(token: ApiToken, *, lent: str) -> None:
    """Lends the token, or with `none` takes it back.

    Raises ApiToken.DoesNotExist when it was removed or replaced meanwhile: another token is not
    lent by a decision about this one.
    """
    since = None if lent == ApiToken.Lent.NONE else timezone.now()
    if not _unless_replaced(token).update(lent=lent, lent_since=since):
        raise ApiToken.DoesNotExist
    token.lent, token.lent_since = lent, since


def tokens_recall(*, owner: User, account: Account) -> None:
    """Takes back what the owner lends to the account's team."""
    lent = ApiToken.objects.filter(owner=owner, account=account, lent=ApiToken.Lent.TEAM)
    lent.update(lent=ApiToken.Lent.NONE, lent_since=None)


@transaction.atomic
def token_forget(token: ApiToken) -> None:
    """Forgets one token. Was it the one that its owner acts with, the oldest other one is now."""
    _one_at_a_time(token.owner)
    ApiToken.objects.filter(pk=token.pk).delete()
    own = ApiToken.objects.filter(owner=token.owner, account=token.account)
    if not own.filter(is_default=True).exists() and (next_one := own.first()):
        own.filter(pk=next_one.pk).update(is_default=True)


def token_remove(*, owner: User, account: Account) -> bool:
    """Forgets all tokens that the owner has for the account. False when there was none."""
    deleted, _ = ApiToken.objects.filter(owner=owner, account=account).delete()
    return deleted > 0


@sensitive_variables("token")
def _create(owner: User, account: Account, token: str, *, label: str, **values: Any) -> ApiToken:
    sealed = _sealed(owner, account, token)
    return ApiToken.objects.create(
        owner=owner, account=account, label=label or LABEL, **sealed, **values
    )


@sensitive_variables("token")
def _sealed(owner: User, account: Account, token: str) -> dict[str, Any]:
    """What a token that was just verified is kept as."""
    return {
        "sealed": seal(token, owner_id=owner.pk, account_id=account.pk),
        "last_four": last_four(token),
        "verified": timezone.now(),
        "problem": "",
    }


def _unless_replaced(token: ApiToken) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(pk=token.pk, replaced=token.replaced)


def _one_at_a_time(owner: User) -> None:
    """Holds the owner until the transaction ends, or two tokens would both be the default."""
    User.objects.select_for_update().get(pk=owner.pk)


@sensitive_variables("token")
def last_four(token: str) -> str:
    """What may be shown of a token; nothing of one so short that it would tell too much."""
    return token[-SHOWN:] if len(token) >= SHORTEST_SHOWN else ""
