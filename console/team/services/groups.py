"""Roles that follow the groups of a person at the issuer."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from console.audit.actions import AuditAction
from console.audit.origin import NOWHERE, Origin
from console.audit.recording import Act, recording
from console.issuer import ROLES
from console.team.models import Account, Membership, User
from console.team.roles import Role
from console.team.services.members import LastAdmin, membership_change, membership_end

logger = logging.getLogger(__name__)

Mapped = Mapping[str, Sequence[tuple[str, str]]]


def groups_in(claims: Mapping[str, Any], name: str) -> list[str] | None:
    """The groups that the claim holds; none when it is missing, as issuers leave out empty ones.

    None when the issuer says that they are too many to send: then nothing is known.
    """
    if name in (claims.get("_claim_names") or {}):
        return None
    value = claims.get(name) or []
    several = isinstance(value, (list, tuple, Mapping))
    return [str(group) for group in (value if several else [value])]


def memberships_follow_groups(
    user: User, *, groups: Sequence[str], mapped: Mapped, origin: Origin = NOWHERE
) -> None:
    """Gives the user, on every account that the mapping names, the highest role of their groups.

    On these accounts the issuer alone decides, at each log-in: who is in none of their groups is
    a member no more, however they became one. Other accounts are left alone, and a slug that no
    account has is skipped. The last admin of an account stays admin, whatever the groups say, so
    that there is always somebody who can put things right; the trail says so each time.
    """
    wanted = wanted_roles(groups, mapped)
    held = dict(Membership.objects.filter(user=user).values_list("account__slug", "role"))
    for account in Account.objects.filter(slug__in=slugs_of(mapped)).order_by("pk"):
        role, before = wanted.get(account.slug), held.get(account.slug)
        if role == before:
            continue
        with recording(
            actor=user,
            action=action_for(before, role),
            account=account,
            target=user.get_username(),
            origin=origin,
            detail={"by": "groups at the issuer", "from": before, "to": role},
        ) as act:
            _follow(user, account, role, act)


def slugs_of(mapped: Mapped) -> set[str]:
    return {slug for places in mapped.values() for slug, _ in places}


def wanted_roles(groups: Sequence[str], mapped: Mapped) -> dict[str, str]:
    """The highest role per account slug."""
    best: dict[str, str] = {}
    for group in groups:
        for slug, role in mapped.get(group, ()):
            best[slug] = max(best.get(slug, role), role, key=ROLES.index)
    return best


def action_for(before: str | None, role: str | None) -> AuditAction:
    if before is None:
        return AuditAction.MEMBER_JOIN
    return AuditAction.MEMBER_ROLE if role else AuditAction.MEMBER_REMOVE


@transaction.atomic
def _follow(user: User, account: Account, role: str | None, act: Act) -> None:
    Account.objects.select_for_update().get(pk=account.pk)  # or the last two admins go at once
    membership = Membership.objects.filter(account=account, user=user).first()
    try:
        if membership is None:
            Membership.objects.create(account=account, user=user, role=role or Role.VIEWER)
        elif role is None:
            membership_end(membership, by=user)
        else:
            membership_change(membership, role=role)
    except LastAdmin:
        logger.warning("User %s stays the last admin of %s", user.pk, account.slug)
        act.failed(detail={"kept": "the last admin stays"})
