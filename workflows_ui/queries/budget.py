"""Who used which token's call budget, for what."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from console.team.models import User
from console.team.roles import Action
from console.vault.models import ApiToken
from console.vault.queries import token_for
from workflows_ui.access import Seat, reader_of
from workflows_ui.budget import AREAS, UNATTENDED, Budget, budget_of, used
from workflows_ui.presenters.budget import AREA_LABELS, BudgetLook, budget_look


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBudget:
    """A token's budget; `areas` and `people` are (name, calls of five minutes), most first."""

    token: ApiToken
    mine: bool
    budget: Budget
    look: BudgetLook
    areas: list[tuple[str, int]]
    people: list[tuple[str, int]]

    @property
    def elsewhere(self) -> int:
        """Calls that the API knows of, and that were not counted here."""
        told = self.budget.told
        return 0 if told is None else max(self.budget.told_quota - told - self.budget.used, 0)


def token_budgets(seat: Seat) -> list[TokenBudget]:
    """The person's own tokens first, then the lent one they act with, and for an admin all of
    the account's. No call goes out."""
    tokens = ApiToken.objects.filter(account=seat.account).select_related("owner")
    if not seat.allows(Action.ACCOUNT_MANAGE):
        acting = token_for(seat.user, seat.account)
        tokens = tokens.filter(Q(owner=seat.user) | Q(pk=acting.pk if acting else None))
    found = sorted(tokens, key=lambda token: (token.owner_id != seat.user.pk, str(token.owner)))
    return [token_budget(token, seat) for token in found]


def token_budget(token: ApiToken, seat: Seat) -> TokenBudget:
    reader = reader_of(token)
    budget = budget_of(reader)
    return TokenBudget(
        token=token,
        mine=token.owner_id == seat.user.pk,
        budget=budget,
        look=budget_look(budget),
        areas=most_first([(AREA_LABELS[area], used(reader, area)) for area in AREAS]),
        people=most_first(people(token, reader)),
    )


def people(token: ApiToken, reader: str) -> list[tuple[str, int]]:
    """The owner's calls; the members are only gone through when others used the token too."""
    own = used(reader, f"person-{token.owner_id}")
    unattended = sum(used(reader, part) for part in UNATTENDED.values())
    if own + unattended >= used(reader):
        return [(str(token.owner), own)]
    members = User.objects.filter(memberships__account=token.account_id)
    return [(str(member), used(reader, f"person-{member.pk}")) for member in members]


def most_first(counts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted((each for each in counts if each[1]), key=lambda each: -each[1])
