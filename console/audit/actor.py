"""Who acts: everything about it that the trail keeps, in one value that services hand on."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from console.audit.actions import AuditAction
from console.audit.models import Entry
from console.audit.origin import NOWHERE, Origin
from console.audit.recording import Act, begin, record_event, recording
from console.team.models import Account, User
from console.vault.models import ApiToken


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person on an account, the token they act with, and where they act from.

    `token` is None where the upstream takes none, `account` for what belongs to no account.
    """

    user: User
    account: Account | None = None
    token: ApiToken | None = None
    origin: Origin = NOWHERE

    def recording(self, action: AuditAction, **facts: Any) -> AbstractContextManager[Act]:
        """An act of this person; `facts` and errors as for `console.audit.recording.recording`."""
        return recording(
            actor=self.user,
            account=self.account,
            token=self.token,
            origin=self.origin,
            action=action,
            **facts,
        )

    def begin(self, action: AuditAction, **facts: Any) -> Act:
        """An act that outlives the request; see `begin`."""
        return begin(
            actor=self.user,
            account=self.account,
            token=self.token,
            origin=self.origin,
            action=action,
            **facts,
        )

    def record(self, action: AuditAction, **facts: Any) -> Entry:
        """Something that has happened, as one entry; see `record_event`."""
        return record_event(
            actor=self.user,
            account=self.account,
            token=self.token,
            origin=self.origin,
            action=action,
            **facts,
        )
