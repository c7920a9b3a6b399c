"""Invitations by link. The link's secret is shown once and is in no row, trail or log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from django.views.decorators.debug import sensitive_variables

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.team.models import Account, Invitation, Membership, User
from console.team.names import one_line
from console.team.services import invitations as team


@sensitive_variables("secret")
def invitation_create(
    *,
    actor: Actor,
    account: Account,
    role: str,
    limits: Iterable[str] = (),
    note: str = "",
    lasts: timedelta,
) -> tuple[Invitation, str]:
    """An invitation and the secret of its link. Raises PermissionDenied and TrailUnavailable."""
    globs, note = list(limits), one_line(note)
    detail = {"role": role, "workflows": globs, "days": lasts.days}
    target = Invitation(role=role, note=note).target
    with actor.recording(AuditAction.MEMBER_INVITE, target=target, detail=detail):
        return team.invitation_add(
            account=account, by=actor.user, role=role, limits=globs, note=note, lasts=lasts
        )


def invitation_withdraw(*, actor: Actor, invitation: Invitation) -> None:
    """Raises InvitationVoid when it was used or withdrawn before, and TrailUnavailable."""
    with actor.recording(AuditAction.MEMBER_UNINVITE, target=invitation.target):
        team.invitation_withdraw(invitation)


def invitation_accept(*, actor: Actor, invitation: Invitation) -> Membership:
    """Joins the actor. Raises InvitationVoid, AlreadyMember and TrailUnavailable."""
    joining = replace(actor, account=invitation.account)
    with joining.recording(AuditAction.MEMBER_JOIN, detail=_how(invitation)):
        return team.invitation_use(invitation, user=actor.user)


@sensitive_variables("password")
def invitation_accept_as_new(*, actor: Actor, invitation: Invitation, password: str) -> Membership:
    """Makes the user that the actor stands for, not saved so far, and joins it; or does neither.

    Raises InvitationVoid, NameTaken and TrailUnavailable.
    """
    name = actor.user.get_username()
    joining = replace(actor, account=invitation.account)
    with (
        joining.recording(AuditAction.USER_CREATE, target=name),
        joining.recording(AuditAction.MEMBER_JOIN, detail=_how(invitation)),
    ):
        return team.invitation_use_by_new_user(invitation, username=name, password=password)


def newcomer(username: str) -> User:
    """Who is about to become a user: a name for the trail."""
    return User(username=username)


def _how(invitation: Invitation) -> dict[str, object]:
    return {
        "role": invitation.role,
        "workflows": invitation.limits,
        "invited_by": invitation.by.get_username(),
    }
