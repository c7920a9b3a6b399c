"""A pasted token between two steps of connecting: sealed, in the server-side session, not for long.

It never goes into a form field, an address or the session in plain.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.views.decorators.debug import sensitive_variables

from console.vault.sealing import CannotOpen, seal, unseal

KEY = "pending_token"
SECONDS = 600
NO_ACCOUNT = 0
"""No account has this id, so what is sealed here opens nowhere else, and the other way round."""


@dataclass(frozen=True, slots=True)
class Pending:
    token: str = field(repr=False)
    facts: dict[str, Any]


@sensitive_variables("token")
def hold(session: SessionBase, token: str, *, owner_id: int, facts: dict[str, Any]) -> None:
    """Keeps the token and what was found out about it (JSON values) for ten minutes."""
    sealed = seal(token, owner_id=owner_id, account_id=NO_ACCOUNT)
    session[KEY] = {"sealed": sealed.decode("ascii"), "facts": facts}


def held(session: SessionBase, *, owner_id: int) -> Pending | None:
    """What is kept for this person; None when there is nothing or its time is over."""
    kept = session.get(KEY)
    if kept is None:
        return None
    sealed = kept["sealed"].encode("ascii")
    try:
        token = unseal(sealed, owner_id=owner_id, account_id=NO_ACCOUNT, max_age=SECONDS)
    except CannotOpen:
        let_go(session)
        return None
    return Pending(token, kept["facts"])


def let_go(session: SessionBase) -> None:
    session.pop(KEY, None)
