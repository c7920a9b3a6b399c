"""People, the accounts they work on, and their roles there."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models

from console.team.roles import Role


class User(AbstractUser):
    """A person who logs in. Ours from the first migration, so that it can grow."""

    class Theme(models.TextChoices):
        AUTO = "auto", "Like the system"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    class Density(models.TextChoices):
        DENSE = "dense", "Dense"
        COMFORTABLE = "comfortable", "Comfortable"

    class Refresh(models.IntegerChoices):
        OFF = 0, "Off"
        FAST = 2, "Every 2 seconds"
        BRISK = 5, "Every 5 seconds"
        EASY = 15, "Every 15 seconds"
        SLOW = 60, "Every minute"

    # how the console looks to this person; here, since every request has the user at hand
    time_zone = models.CharField(max_length=64, blank=True)
    theme = models.CharField(max_length=8, choices=Theme, default=Theme.AUTO)
    density = models.CharField(max_length=12, choices=Density, default=Density.DENSE)
    refresh_seconds = models.PositiveSmallIntegerField(choices=Refresh, null=True, blank=True)
    default_account = models.ForeignKey(
        "Account", models.SET_NULL, null=True, blank=True, related_name="+"
    )

    def has_usable_password(self) -> bool:
        """Nobody has one while the operator leaves the door to the issuer alone."""
        return settings.PASSWORD_LOGIN and super().has_usable_password()


class Account(models.Model):
    """One place that answers the Workflows API."""

    class Kind(models.TextChoices):
        CLOUDFLARE = "cloudflare", "Cloudflare"
        LOCAL = "local", "Local development"

    slug = models.SlugField(max_length=48, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=16, choices=Kind)
    base_url = models.URLField(max_length=300)
    account_id = models.CharField(max_length=32, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    # closed to members who have none; set by an admin who has one
    require_second_factor = models.BooleanField(default=False)
    # what the trail leaves out of params, besides what it always does; set by an admin
    redacted_keys = models.JSONField(default=list, blank=True)
    keep_params = models.BooleanField(default=True)
    members: models.ManyToManyField[User, Membership] = models.ManyToManyField(
        User, through="Membership", related_name="accounts"
    )

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["base_url", "account_id"], name="account_once")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_demo(self) -> bool:
        return self.base_url == settings.SIMULATOR_URL

    @property
    def kind_label(self) -> str:
        return "Simulator" if self.is_demo else str(self.Kind(self.kind).label)

    @property
    def needs_token(self) -> bool:
        return self.kind == self.Kind.CLOUDFLARE


class Membership(models.Model):
    """A person's role on an account."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)
    # globs of workflow names: an operator acts only on what fits one of them; none means all
    limits = models.JSONField(default=list, blank=True)
    joined = models.DateTimeField(auto_now_add=True)
    seen = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "user"], name="member_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.account}"


class Removal(models.Model):
    """Somebody was removed from an account: a token of their own doesn't let them back in."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="removals")
    user = models.ForeignKey(User, models.CASCADE, related_name="removals")
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "user"], name="removed_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} was removed from {self.account}"


def digest_of(secret: str) -> str:
    """What is kept of a link's secret: it is random and long, so a plain hash tells nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Invitation(models.Model):
    """A link that lets one person join an account. Of its secret only a digest is kept."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=16, choices=Role)
    limits = models.JSONField(default=list, blank=True)
    note = models.CharField(max_length=80, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    by = models.ForeignKey(User, models.CASCADE, related_name="invitations")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)
    used_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    withdrawn = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-created", "-pk"]

    def __str__(self) -> str:
        return f"{self.target} of {self.account}"

    @property
    def target(self) -> str:
        """Who is invited as what, as the trail says it."""
        return f"{self.note or 'somebody'} as {self.role}"


class Protection(models.Model):
    """A workflow on which destructive acts want a reason and the name typed."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="protections")
    workflow = models.CharField(max_length=64)
    by = models.ForeignKey(User, models.SET_NULL, null=True)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "workflow"], name="protected_once")
        ]

    def __str__(self) -> str:
        return f"{self.workflow} of {self.account}"
