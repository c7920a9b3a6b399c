"""Reads about accounts and who belongs where. Our own rows only."""

from __future__ import annotations

from django.db.models import F, QuerySet
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from console.team.models import Account, Invitation, Membership, Protection, User, digest_of
from console.team.roles import Role


def is_protected(account: Account, workflow: str) -> bool:
    """Whether destructive acts on the workflow want a reason and its name typed."""
    return Protection.objects.filter(account=account, workflow=workflow).exists()


def protected_workflows(account: Account) -> set[str]:
    """The names of the account's protected workflows."""
    return set(Protection.objects.filter(account=account).values_list("workflow", flat=True))


def is_admin(account: Account, user: User) -> bool:
    """Whether the person is an admin of the account, as of now."""
    return Membership.objects.filter(
        account=account, user=user, role=Role.ADMIN, user__is_active=True
    ).exists()


def open_invitations() -> QuerySet[Invitation]:
    """Those that may still be used: an invitation counts while whoever sent it is an admin."""
    return Invitation.objects.select_related("account", "by").filter(
        used=None,
        withdrawn=None,
        expires__gt=timezone.now(),
        by__is_active=True,
        by__memberships__account=F("account"),
        by__memberships__role=Role.ADMIN,
    )


@sensitive_variables("secret")
def invitation_behind(secret: str) -> Invitation | None:
    """The open invitation that a link leads to; None for any other link."""
    return open_invitations().filter(digest=digest_of(secret)).first()
