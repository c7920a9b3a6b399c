"""What is known of a person's own token at an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from console.team.models import Account, User
from console.vault.models import ACTIVE, ApiToken

SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """An account's connection as one member sees it. The token itself is in none of it."""

    account: Account
    token: ApiToken | None

    @property
    def is_working(self) -> bool:
        """Whether the token was found good when it was last looked at, and has not ended since."""
        return self.token is not None and self.token.status == ACTIVE and not self.has_ended

    @property
    def has_ended(self) -> bool:
        return self._ends_within(timedelta())

    @property
    def ends_soon(self) -> bool:
        return not self.has_ended and self._ends_within(SOON)

    def _ends_within(self, span: timedelta) -> bool:
        if self.token is None or self.token.expires is None:
            return False
        return self.token.expires <= timezone.now() + span


def connection_of(user: User, account: Account) -> Connection:
    """The person's connection to the account. No call goes out."""
    token = ApiToken.objects.filter(owner=user, account=account).first()
    return Connection(account=account, token=token)
