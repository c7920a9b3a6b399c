"""Invitations: a link that makes whoever opens it a member, once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from secrets import token_urlsafe

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from console.team.models import Account, Invitation, Membership, Removal, User, digest_of
from console.team.names import one_line
from console.team.queries import is_admin
from console.team.roles import Role
from console.team.services.members import check_admin, one_after_the_other

SECRET_BYTES = 32


class InvitationVoid(Exception):
    """There is no such invitation, or it was used or withdrawn, or has expired."""

    maybe_done = False


class NameTaken(Exception):
    """Somebody else got this user name in the same moment. Nothing was done."""

    maybe_done = False


class AlreadyMember(Exception):
    """Whoever is a member already uses up no invitation."""

    maybe_done = False


@sensitive_variables("secret")
@transaction.atomic
def invitation_add(
    *,
    account: Account,
    by: User,
    role: str,
    limits: Iterable[str] = (),
    note: str = "",
    lasts: timedelta,
) -> tuple[Invitation, str]:
    """An invitation and its secret, which is kept nowhere. PermissionDenied: `by` is no admin."""
    one_after_the_other(account)
    check_admin(account, by)
    secret = token_urlsafe(SECRET_BYTES)
    invitation = Invitation.objects.create(
        account=account,
        by=by,
        role=role,
        limits=list(limits) if role == Role.OPERATOR else [],
        note=one_line(note),
        digest=digest_of(secret),
        expires=timezone.now() + lasts,
    )
    return invitation, secret


def invitation_withdraw(invitation: Invitation) -> None:
    """Makes the link worthless. Raises InvitationVoid when it was used or withdrawn before."""
    open_ones = Invitation.objects.filter(pk=invitation.pk, used=None, withdrawn=None)
    if not open_ones.update(withdrawn=timezone.now()):
        raise InvitationVoid


@transaction.atomic
def invitation_use(invitation: Invitation, *, user: User) -> Membership:
    """The person's membership by the invitation, which is used up, also for one removed before.

    Raises InvitationVoid, also when whoever invited is no admin any more, and AlreadyMember.
    """
    account = invitation.account
    one_after_the_other(account)
    if Membership.objects.filter(account=account, user=user).exists():
        raise AlreadyMember
    open_ones = Invitation.objects.filter(
        pk=invitation.pk, used=None, withdrawn=None, expires__gt=timezone.now()
    )
    if not is_admin(account, invitation.by) or not open_ones.update(
        used=timezone.now(), used_by=user
    ):
        raise InvitationVoid
    Removal.objects.filter(account=account, user=user).delete()
    return Membership.objects.create(
        account=account, user=user, role=invitation.role, limits=invitation.limits
    )


@sensitive_variables("password")
def invitation_use_by_new_user(
    invitation: Invitation, *, username: str, password: str
) -> Membership:
    """The same for somebody without a user, who gets one, or nothing at all happens.

    Raises InvitationVoid and NameTaken.
    """
    with transaction.atomic():  # as a decorator it would keep the arguments in its frame
        try:
            with transaction.atomic():
                user = User.objects.create_user(username, password=password)
        except IntegrityError:
            raise NameTaken from None
        return invitation_use(invitation, user=user)
