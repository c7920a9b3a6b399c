"""Whose token somebody acts with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from console.prepared import Prepared
from console.team.models import Account, User
from console.team.roles import Action, Role, actions_of
from console.vault.models import ACTIVE, ApiToken

LENDERS = [role for role in Role if Action.TOKEN_LEND in actions_of(role)]


def own_token(owner: Any, account: Any) -> QuerySet[ApiToken]:
    # ordered by nothing: there is one at most
    return ApiToken.objects.filter(owner=owner, account=account, is_default=True).order_by()


own_tokens = Prepared(2, own_token)


def token_for(user: User, account: Account) -> ApiToken | None:
    """The person's own token, the default one, else one that is lent to the team."""
    own = own_tokens(user.pk, account.pk)
    return own[0] if own else lent_to_team(account)


def lent_to_team(account: Account) -> ApiToken | None:
    """The token that members without one act with: a good one first, then the latest lent."""
    return good_one_first(team_tokens().filter(account=account))


def team_tokens() -> QuerySet[ApiToken]:
    """All tokens that are lent to a team, the latest lent first. They count while their owner is
    a member who may lend: who is removed or demoted lends no more."""
    lenders = Q(owner__memberships__account=F("account"), owner__memberships__role__in=LENDERS)
    tokens = _of_members(lenders, timezone.now(), lent=ApiToken.Lent.TEAM)
    return tokens.select_related("owner")


def dashboard_tokens(account: Any, now: Any, **facts: Any) -> QuerySet[ApiToken]:
    """All tokens of members that are lent at least to dashboards, the latest lent first."""
    wide_enough = [ApiToken.Lent.DASHBOARDS, ApiToken.Lent.TEAM]
    members = Q(owner__memberships__account=account)
    return _of_members(members, now, account=account, lent__in=wide_enough, **facts)


tokens_of_owner = Prepared(
    3, lambda account, now, owner: dashboard_tokens(account, now, owner=owner)
)


def lent_to_dashboards(account: Account, owner_id: int | None = None) -> ApiToken | None:
    """The token with which everybody may read what a dashboard of this member shows; without a
    member, anybody's that is lent like that. A good one first, then the latest lent."""
    now = timezone.now()
    if owner_id is None:
        return good_one_first(dashboard_tokens(account, now))
    return good_one_first(tokens_of_owner(account.pk, now, owner_id))


def good_one_first(tokens: Iterable[ApiToken]) -> ApiToken | None:
    return min(tokens, key=lambda token: token.status != ACTIVE, default=None)


def _of_members(members: Q, now: Any, **facts: Any) -> QuerySet[ApiToken]:
    not_ended = Q(expires=None) | Q(expires__gt=now)
    tokens = ApiToken.objects.filter(members, not_ended, owner__is_active=True, **facts)
    return tokens.order_by("-lent_since", "-pk")
