"""Who belongs to an account, in which role."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction

from console.team.models import Account, Membership, Removal, User
from console.team.queries import is_admin
from console.team.roles import Action, Role, actions_of
from console.team.services.accounts import account_at
from console.vault.services import token_remove, tokens_recall


class LastAdmin(Exception):
    """An account always has an admin: this one must stay. Nothing was done."""

    maybe_done = False


class InvitationNeeded(Exception):
    """Somebody who was removed comes back by an invitation only. Nothing was done."""

    maybe_done = False

    def __init__(self, account: Account) -> None:
        super().__init__(account.name)
        self.account = account


@transaction.atomic
def account_join(
    *, user: User, kind: str, base_url: str, name: str, account_id: str = ""
) -> Membership:
    """The person's membership of the account at this address, both made when missing.

    The caller has asked the upstream and got its yes. `base_url` is part of what an account is:
    whoever connects an account id at an address of their own making, where a made-up API says
    yes to everything, gets an account of their own and never comes near the real one.

    The first to connect an account is its admin, later ones join as viewers. A member keeps the
    role they have. `name` is used for a new account only and may be any text from outside.
    Raises InvitationNeeded for somebody who was removed from the account.
    """
    account = account_at(kind=kind, base_url=base_url, account_id=account_id, name=name)
    # or two would both be the first
    one_after_the_other(account)
    if Removal.objects.filter(account=account, user=user).exists():
        raise InvitationNeeded(account)
    role = Role.VIEWER if account.memberships.exists() else Role.ADMIN
    membership, _ = Membership.objects.get_or_create(
        account=account, user=user, defaults={"role": role}
    )
    return membership


@transaction.atomic
def membership_change(
    membership: Membership, *, role: str, limits: Iterable[str] = (), by: User | None = None
) -> None:
    """Gives a member another role; `limits` count for an operator only. Who may lend to the team
    no more has lent nothing to it any more.

    Raises LastAdmin, PermissionDenied when `by` is no admin any more, and Membership.DoesNotExist.
    """
    one_after_the_other(membership.account)
    check_admin(membership.account, by)
    current = Membership.objects.get(pk=membership.pk)
    if role != Role.ADMIN:
        check_not_last(current)
    if Action.TOKEN_LEND not in actions_of(role):
        tokens_recall(owner=current.user, account=current.account)
    current.role = role
    current.limits = list(limits) if role == Role.OPERATOR else []
    current.save(update_fields=["role", "limits"])


@transaction.atomic
def membership_end(membership: Membership, *, by: User) -> None:
    """Takes a member out, and their tokens for the account with them, lent ones too.

    Whoever was put out by somebody else comes back by invitation only.

    Raises LastAdmin, PermissionDenied when `by` is no admin any more, and Membership.DoesNotExist.
    """
    one_after_the_other(membership.account)
    current = Membership.objects.get(pk=membership.pk)
    check_not_last(current)
    if by.pk != current.user_id:
        check_admin(membership.account, by)
        Removal.objects.update_or_create(
            account_id=current.account_id, user_id=current.user_id, defaults={"by": by}
        )
    token_remove(owner=current.user, account=current.account)
    current.delete()


def one_after_the_other(account: Account) -> None:
    """Holds the account until the transaction ends: decisions about its members queue up."""
    Account.objects.select_for_update().get(pk=account.pk)


def check_admin(account: Account, by: User | None) -> None:
    """Raises PermissionDenied when `by` is no admin (any more)."""
    if by is not None and not is_admin(account, by):
        raise PermissionDenied


def check_not_last(membership: Membership) -> None:
    """Raises LastAdmin when nobody else could take the admin's place."""
    if membership.role != Role.ADMIN:
        return
    others = Membership.objects.filter(
        account=membership.account_id, role=Role.ADMIN, user__is_active=True
    ).exclude(pk=membership.pk)
    if not others.exists():
        raise LastAdmin
