"""The person's own: who is the first, how the console looks, how they are reached."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.origin import NOWHERE, Origin
from console.audit.recording import recording
from console.team.models import Account, User
from console.team.services.groups import Mapped, memberships_follow_groups


class AlreadyStarted(Exception):
    """There is a first user already."""

    maybe_done = False


class EmailTaken(Exception):
    """Another user has this address."""


class NoOtherDoor(Exception):
    """Without the issuer the person could not log in any more. Nothing was done."""

    maybe_done = False


@sensitive_variables("password")
def first_user_create(*, username: str, password: str, origin: Origin = NOWHERE) -> User:
    """The first user of the console. Raises AlreadyStarted when there is one, however close, and
    TrailUnavailable."""
    with recording(actor=None, action=AuditAction.USER_CREATE, target=username, origin=origin):
        return _first_user(username, password)


@sensitive_variables("password")
def _first_user(username: str, password: str) -> User:
    with transaction.atomic():  # as a decorator it would keep the arguments in its frame
        # Two who come at once queue up here: a row that is always there is locked on PostgreSQL,
        # and on SQLite the transaction itself is the lock.
        ContentType.objects.select_for_update().get(app_label="team", model="user")
        if User.objects.exists():
            raise AlreadyStarted
        return User.objects.create_user(username, password=password)


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


def theme_set(user: User, theme: str) -> None:
    """Light, dark, or what the system says."""
    user.theme = theme
    user.save(update_fields=["theme"])


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


def issuer_disconnect(*, actor: Actor, mapped: Mapped) -> None:
    """Takes away from the actor's user what opens the door for them at the issuer, and with it
    what they are by `mapped` groups: nobody would tell when they are in those no more.

    Raises NoOtherDoor for who has no password: a passkey alone could be removed later.
    """
    user = actor.user
    if not user.has_usable_password():
        raise NoOtherDoor
    with actor.recording(AuditAction.USER_DISCONNECT, target=user.get_username()):
        memberships_follow_groups(user, groups=(), mapped=mapped, origin=actor.origin)
        SocialAccount.objects.filter(user=user).delete()
