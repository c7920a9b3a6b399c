"""Sealing and opening of API tokens (MultiFernet: the first key seals, all keys open)."""

from __future__ import annotations

import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.views.decorators.debug import sensitive_variables


class CannotOpen(Exception):
    """The sealed token does not open: no key fits, or the row belongs to somebody else."""


def ring() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.TOKEN_KEYS])


@sensitive_variables()
def seal(token: str, *, owner_id: int, account_id: int) -> bytes:
    """The token, encrypted together with whom it belongs to and for which account."""
    plain = json.dumps({"owner": owner_id, "account": account_id, "token": token})
    return ring().encrypt(plain.encode())


@sensitive_variables()
def unseal(sealed: bytes, *, owner_id: int, account_id: int, max_age: int | None = None) -> str:
    """The token again. Raises CannotOpen, also for a row copied to another owner or account.

    With `max_age` (seconds) it opens for that long only; the time is part of what is sealed.
    """
    try:
        content = json.loads(ring().decrypt(bytes(sealed), ttl=max_age))
    except (InvalidToken, ValueError):
        raise CannotOpen from None
    if (content["owner"], content["account"]) != (owner_id, account_id):
        raise CannotOpen
    return str(content["token"])


def reseal(sealed: bytes) -> bytes | None:
    """The same sealed with the first key, as old as it was; None when it is already.

    Raises CannotOpen when no key fits.
    """
    try:
        Fernet(settings.TOKEN_KEYS[0]).decrypt(bytes(sealed))
    except InvalidToken:
        pass
    else:
        return None
    try:
        return ring().rotate(bytes(sealed))
    except InvalidToken:
        raise CannotOpen from None
