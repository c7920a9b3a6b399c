"""What is known of the tokens that a person may act with at an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from console.team.models import Account, User
from console.vault.models import ACTIVE, ApiToken
from console.vault.queries import lent_to_team

SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class KeptToken:
    """A token as its owner sees it. The token itself is in none of it."""

    token: ApiToken

    @property
    def is_working(self) -> bool:
        """Whether it was found good when it was last looked at, and has not ended since."""
        return self.token.status == ACTIVE and not self.has_ended

    @property
    def has_ended(self) -> bool:
        return self._ends_within(timedelta())

    @property
    def ends_soon(self) -> bool:
        return not self.has_ended and self._ends_within(SOON)

    @property
    def is_lent(self) -> bool:
        return self.token.lent != ApiToken.Lent.NONE

    def _ends_within(self, span: timedelta) -> bool:
        if self.token.expires is None:
            return False
        return self.token.expires <= timezone.now() + span


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """An account's connection as one member sees it. `borrowed` is somebody else's token, lent to
    the team, for a member who has none."""

    account: Account
    own: list[KeptToken]
    borrowed: ApiToken | None

    @property
    def acting(self) -> ApiToken | None:
        """The token that the person acts with."""
        return self.own[0].token if self.own else self.borrowed

    @property
    def is_only(self) -> bool:
        """Whether the person has no choice which token to act with."""
        return len(self.own) == 1


def connection_of(user: User, account: Account) -> Connection:
    """The person's connection to the account, the token they act with first. No call goes out."""
    tokens = ApiToken.objects.filter(owner=user, account=account)
    own = [KeptToken(token) for token in sorted(tokens, key=lambda token: not token.is_default)]
    borrowed = None if own or not account.needs_token else lent_to_team(account)
    return Connection(account=account, own=own, borrowed=borrowed)


def own_token(user: User, account: Account, token: int) -> ApiToken | None:
    """One of the person's own tokens for the account, by its id."""
    tokens = ApiToken.objects.select_related("account", "owner")
    return tokens.filter(owner=user, account=account, pk=token).first()
