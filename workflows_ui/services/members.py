"""Who belongs to an account and as what. Whoever goes takes their tokens for it along."""

from __future__ import annotations

from collections.abc import Iterable

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.team.models import Membership
from console.team.services import members as team


def member_change(
    *, actor: Actor, membership: Membership, role: str, limits: Iterable[str] = ()
) -> None:
    """Gives a member another role, and an operator limits.

    Raises LastAdmin, PermissionDenied, Membership.DoesNotExist and TrailUnavailable.
    """
    globs = list(limits)
    detail = {"from": membership.role, "to": role, "workflows": globs}
    with actor.recording(
        AuditAction.MEMBER_ROLE, target=membership.user.get_username(), detail=detail
    ):
        team.membership_change(membership, role=role, limits=globs, by=actor.user)


def member_remove(*, actor: Actor, membership: Membership) -> None:
    """Puts a member out: their tokens, what they lent and every page of it are gone at once.

    Raises LastAdmin, PermissionDenied, Membership.DoesNotExist and TrailUnavailable.
    """
    with actor.recording(AuditAction.MEMBER_REMOVE, target=membership.user.get_username()):
        team.membership_end(membership, by=actor.user)


def member_leave(*, actor: Actor, membership: Membership) -> None:
    """The same of one's own will. Raises LastAdmin, Membership.DoesNotExist, TrailUnavailable."""
    with actor.recording(AuditAction.MEMBER_LEAVE):
        team.membership_end(membership, by=actor.user)
