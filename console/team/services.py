"""Writes about people, accounts and who belongs where. Our own rows only; no call goes out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from secrets import token_hex

from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.views.decorators.debug import sensitive_variables

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.team.models import Account, Membership, Protection, User
from console.team.roles import Role

NAME_LENGTH = 100
SLUG_LENGTH = 40  # room for a suffix within the column


class AlreadyStarted(Exception):
    """There is a first user already."""


@sensitive_variables("password")
@transaction.atomic
def first_user_create(*, username: str, password: str) -> User:
    """The first user of the console. Raises AlreadyStarted when there is one, however close."""
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
    """
    account = _account_at(kind=kind, base_url=base_url, account_id=account_id, name=name)
    # one after the other, or two would both be the first
    Account.objects.select_for_update().get(pk=account.pk)
    role = Role.VIEWER if account.memberships.exists() else Role.ADMIN
    membership, _ = Membership.objects.get_or_create(
        account=account, user=user, defaults={"role": role}
    )
    return membership


def membership_set_role(membership: Membership, *, role: Role) -> None:
    """Gives a member another role."""
    membership.role = role
    membership.save(update_fields=["role"])


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
