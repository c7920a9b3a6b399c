"""Writes about people, accounts and who belongs where. Our own rows only; no call goes out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import timedelta
from secrets import token_hex, token_urlsafe

from allauth.socialaccount.models import SocialAccount
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.debug import sensitive_variables

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.origin import NOWHERE, Origin
from console.audit.recording import recording
from console.team.models import (
    Account,
    Invitation,
    Membership,
    Protection,
    Removal,
    User,
    digest_of,
)
from console.team.queries import is_admin
from console.team.roles import Action, Role, actions_of
from console.team.second_factor import has_second_factor, issuer_vouches
from console.vault.services import token_remove, tokens_recall

NAME_LENGTH = 100
SECRET_BYTES = 32
SLUG_LENGTH = 40  # room for a suffix within the column


class SecondFactorMissing(Exception):
    """Whoever wants to require a second factor of others has none."""


class EmailTaken(Exception):
    """Another user has this address."""


class NoOtherDoor(Exception):
    """Without the issuer the person could not log in any more. Nothing was done."""

    maybe_done = False


class AlreadyStarted(Exception):
    """There is a first user already."""

    maybe_done = False


@sensitive_variables("password")
def first_user_create(*, username: str, password: str, origin: Origin = NOWHERE) -> User:
    """The first user of the console. Raises AlreadyStarted when there is one, however close, and
    TrailUnavailable."""
    with recording(actor=None, action=AuditAction.USER_CREATE, target=username, origin=origin):
        return _first_user(username, password)


class LastAdmin(Exception):
    """An account always has an admin: this one must stay. Nothing was done."""

    maybe_done = False


class InvitationNeeded(Exception):
    """Somebody who was removed comes back by an invitation only. Nothing was done."""

    maybe_done = False

    def __init__(self, account: Account) -> None:
        super().__init__(account.name)
        self.account = account


class InvitationVoid(Exception):
    """There is no such invitation, or it was used or withdrawn, or has expired."""

    maybe_done = False


class NameTaken(Exception):
    """Somebody else got this user name in the same moment. Nothing was done."""

    maybe_done = False


class AlreadyMember(Exception):
    """Whoever is a member already uses up no invitation."""

    maybe_done = False


@sensitive_variables("password")
def _first_user(username: str, password: str) -> User:
    with transaction.atomic():  # as a decorator it would keep the arguments in its frame
        # Two who come at once queue up here: a row that is always there is locked on PostgreSQL,
        # and on SQLite the transaction itself is the lock.
        ContentType.objects.select_for_update().get(app_label="team", model="user")
        if User.objects.exists():
            raise AlreadyStarted
        return User.objects.create_user(username, password=password)


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
    account = _account_at(kind=kind, base_url=base_url, account_id=account_id, name=name)
    # or two would both be the first
    _one_after_the_other(account)
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
    _one_after_the_other(membership.account)
    _check_admin(membership.account, by)
    current = Membership.objects.get(pk=membership.pk)
    if role != Role.ADMIN:
        _check_not_last(current)
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
    _one_after_the_other(membership.account)
    current = Membership.objects.get(pk=membership.pk)
    _check_not_last(current)
    if by.pk != current.user_id:
        _check_admin(membership.account, by)
        Removal.objects.update_or_create(
            account_id=current.account_id, user_id=current.user_id, defaults={"by": by}
        )
    token_remove(owner=current.user, account=current.account)
    current.delete()


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
    _one_after_the_other(account)
    _check_admin(account, by)
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
    _one_after_the_other(account)
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


def _one_after_the_other(account: Account) -> None:
    """Holds the account until the transaction ends: decisions about its members queue up."""
    Account.objects.select_for_update().get(pk=account.pk)


def _check_admin(account: Account, by: User | None) -> None:
    if by is not None and not is_admin(account, by):
        raise PermissionDenied


def _check_not_last(membership: Membership) -> None:
    if membership.role != Role.ADMIN:
        return
    others = Membership.objects.filter(
        account=membership.account_id, role=Role.ADMIN, user__is_active=True
    ).exclude(pk=membership.pk)
    if not others.exists():
        raise LastAdmin


def workflow_protect(*, actor: Actor, workflow: str) -> None:
    """Makes destructive acts on the workflow ask for a reason and its name."""
    with actor.recording(AuditAction.WORKFLOW_PROTECT, workflow=workflow):
        Protection.objects.get_or_create(
            account=actor.account, workflow=workflow, defaults={"by": actor.user}
        )


def workflow_unprotect(*, actor: Actor, workflow: str, reason: str) -> None:
    """Lifts the protection again, if there is one."""
    with actor.recording(AuditAction.WORKFLOW_UNPROTECT, workflow=workflow, reason=reason):
        Protection.objects.filter(account=actor.account, workflow=workflow).delete()


def account_require_second_factor(account: Account, *, actor: Actor, required: bool) -> None:
    """Closes the account to members without a second factor, or opens it to them again.

    Raises SecondFactorMissing when the actor, who closes it, has none: they would shut themselves
    out, and ask of others what they don't do.
    """
    if required and not (has_second_factor(actor.user) or issuer_vouches(actor.user)):
        raise SecondFactorMissing
    if account.require_second_factor == required:
        return
    detail = {"require_second_factor": required}
    with actor.recording(AuditAction.ACCOUNT_SETTINGS, target=account.name, detail=detail):
        account.require_second_factor = required
        account.save(update_fields=["require_second_factor"])


def preferences_set(
    user: User,
    *,
    time_zone: str,
    theme: str,
    density: str,
    refresh_seconds: int | None,
    default_account: Account | None,
) -> None:
    """How the console looks to this person. An empty time zone is the browser's; no refresh rate
    is the page's own pace, 0 is none at all."""
    user.time_zone = time_zone
    user.theme = theme
    user.density = density
    user.refresh_seconds = refresh_seconds
    user.default_account = default_account
    user.save(update_fields=["time_zone", "theme", "density", "refresh_seconds", "default_account"])


def email_set(*, actor: Actor, email: str) -> None:
    """The address that the actor's own notices, and the reset of their password, go to.

    Raises EmailTaken for one that another user has.
    """
    user = actor.user
    if User.objects.filter(email__iexact=email).exclude(pk=user.pk).exists() and email:
        raise EmailTaken
    with actor.recording(AuditAction.USER_EMAIL, target=user.get_username()):
        user.email = email
        user.save(update_fields=["email"])


def issuer_disconnect(*, actor: Actor) -> None:
    """Takes away from the actor's user what opens the door for them at the issuer.

    Raises NoOtherDoor for who has no password: a passkey alone could be removed later.
    """
    user = actor.user
    if not user.has_usable_password():
        raise NoOtherDoor
    with actor.recording(AuditAction.USER_DISCONNECT, target=user.get_username()):
        SocialAccount.objects.filter(user=user).delete()


def theme_set(user: User, theme: str) -> None:
    """Light, dark, or what the system says."""
    user.theme = theme
    user.save(update_fields=["theme"])


def account_rename(*, actor: Actor, name: str) -> None:
    """Gives the actor's account another name. Its address stays."""
    account = on_account(actor)
    detail = {"before": account.name, "after": name}
    with actor.recording(AuditAction.ACCOUNT_RENAME, detail=detail):
        Account.objects.filter(pk=account.pk).update(name=name)


def account_redact(*, actor: Actor, words: list[str], keep_params: bool, reason: str = "") -> None:
    """Sets what the trail leaves out of the params of acts on the actor's account, from now on."""
    account = on_account(actor)
    detail = {
        "before": {"words": account.redacted_keys, "keep_params": account.keep_params},
        "after": {"words": words, "keep_params": keep_params},
    }
    with actor.recording(AuditAction.ACCOUNT_REDACTION, reason=reason, detail=detail):
        Account.objects.filter(pk=account.pk).update(redacted_keys=words, keep_params=keep_params)


def on_account(actor: Actor) -> Account:
    assert actor.account is not None  # noqa: S101 - whoever sets something for one sits there
    return actor.account


def _account_at(*, kind: str, base_url: str, account_id: str, name: str) -> Account:
    at_address = Account.objects.filter(base_url=base_url, account_id=account_id)
    title = one_line(name) or "Account"
    for slug in _slugs(title):
        if found := at_address.first():
            return found
        if Account.objects.filter(slug=slug).exists():
            continue
        try:
            with transaction.atomic():
                return Account.objects.create(
                    slug=slug, name=title, kind=kind, base_url=base_url, account_id=account_id
                )
        except IntegrityError:
            continue  # somebody was faster, with the account or with the slug
    raise AssertionError("slugs never end")


def _slugs(title: str) -> Iterator[str]:
    stem = slugify(title)[:SLUG_LENGTH].strip("-_") or "account"
    yield stem
    yield from (f"{stem}-{number}" for number in range(2, 10))
    while True:
        yield f"{stem}-{token_hex(3)}"


def one_line(text: str) -> str:
    """Text from outside as a name: no control, invisible or direction-turning characters."""
    visible = (" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    return " ".join("".join(visible).split())[:NAME_LENGTH].strip()
