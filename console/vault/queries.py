"""Whose token somebody acts with."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from console.team.models import Account, User
from console.team.roles import Action, Role, actions_of
from console.vault.models import ACTIVE, ApiToken

LENDERS = [role for role in Role if Action.TOKEN_LEND in actions_of(role)]


def token_for(user: User, account: Account) -> ApiToken | None:
    """The person's own token, the default one, else one that is lent to the team."""
    own = ApiToken.objects.filter(owner=user, account=account, is_default=True).first()
    return own or lent_to_team(account)


def lent_to_team(account: Account) -> ApiToken | None:
    """The token that members without one act with: a good one first, then the latest lent."""
    tokens = team_tokens().filter(account=account)
    return min(tokens, key=lambda token: token.status != ACTIVE, default=None)


def team_tokens() -> QuerySet[ApiToken]:
    """All tokens that are lent to a team, the latest lent first. They count while their owner is
    a member who may lend: who is removed or demoted lends no more."""
    lenders = Q(owner__memberships__account=F("account"), owner__memberships__role__in=LENDERS)
    return _of_members(lenders, lent=ApiToken.Lent.TEAM).select_related("owner")


def lent_to_dashboards(account: Account, owner: User | None = None) -> ApiToken | None:
    """The token with which everybody may read what a dashboard of this member shows; without a
    member, anybody's that is lent like that. A good one first, then the latest lent."""
    wide_enough = [ApiToken.Lent.DASHBOARDS, ApiToken.Lent.TEAM]
    facts = {"account": account, "lent__in": wide_enough} | ({"owner": owner} if owner else {})
    tokens = _of_members(Q(owner__memberships__account=account), **facts)
    return min(tokens, key=lambda token: token.status != ACTIVE, default=None)


def _of_members(members: Q, **facts: Any) -> QuerySet[ApiToken]:
    not_ended = Q(expires=None) | Q(expires__gt=timezone.now())
    tokens = ApiToken.objects.filter(members, not_ended, owner__is_active=True, **facts)
    return tokens.order_by("-lent_since", "-pk")
