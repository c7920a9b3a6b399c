from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from console.team.models import Account, User


class Dashboard(models.Model):
    """Panels that somebody put together: for themselves, or for everybody of the account."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="dashboards")
    owner = models.ForeignKey(User, models.CASCADE, related_name="dashboards")
    title = models.CharField(max_length=80)
    shared = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["title", "pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def links_held(self) -> int:
        """How many links to it have not ended."""
        return self.links.filter(expires__gt=timezone.now()).count() if self.shared else 0


class Panel(models.Model):
    """One panel of a dashboard. What `settings` holds is up to its kind."""

    class Size(models.TextChoices):
        SMALL = "small", "Small"
        MEDIUM = "medium", "Medium"
        WIDE = "wide", "Wide"
        FULL = "full", "Full width"

    dashboard = models.ForeignKey(Dashboard, models.CASCADE, related_name="panels")
    kind = models.CharField(max_length=24)
    title = models.CharField(max_length=80, blank=True)
    size = models.CharField(max_length=8, choices=Size, default=Size.MEDIUM)
    place = models.PositiveIntegerField()
    settings: models.JSONField[Any, Any] = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["place", "pk"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.dashboard}"


class DashboardLink(models.Model):
    """A read-only address of a dashboard, without a log-in. Only a digest of its secret stays."""

    dashboard = models.ForeignKey(Dashboard, models.CASCADE, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=80, blank=True)
    made_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-created"]

    def __str__(self) -> str:
        return f"link to {self.dashboard}"

    @staticmethod
    def digest_of(secret: str) -> str:
        """What is stored of a secret; as long and random as it is, a plain hash is enough."""
        return hashlib.sha256(secret.encode()).hexdigest()


class StartPage(models.Model):
    """The dashboard that a person starts with at an account."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    dashboard = models.ForeignKey(Dashboard, models.CASCADE)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "account"], name="one_start_page")
        ]

    def __str__(self) -> str:
        return f"{self.user} starts with {self.dashboard}"
