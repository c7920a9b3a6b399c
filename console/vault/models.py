"""Sealed API tokens."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from console.team.models import Account

ACTIVE = "active"
"""The API's word for a token that is good; any other word is a reason why it isn't."""


class ApiToken(models.Model):
    """A person's token for an account. The token itself is only in `sealed`, and only there."""

    class Lent(models.TextChoices):
        """To whom the owner lends it, each including the one before."""

        NONE = "none", "nobody"
        DASHBOARDS = "dashboards", "dashboards"
        TEAM = "team", "the team"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    account = models.ForeignKey(Account, models.CASCADE, related_name="api_tokens")
    label = models.CharField(max_length=80)
    sealed = models.BinaryField()
    last_four = models.CharField(max_length=4)
    created = models.DateTimeField(auto_now_add=True)
    replaced = models.DateTimeField(null=True)
    verified = models.DateTimeField(null=True)
    status = models.CharField(max_length=32, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    expires = models.DateTimeField(null=True)
    # when a check in the background was last begun
    asked = models.DateTimeField(null=True)
    # whether an act of its owner or a borrower went through; nobody knows before one was tried
    writes = models.BooleanField(null=True)
    writes_since = models.DateTimeField(null=True)
    # the one its owner acts with
    is_default = models.BooleanField(default=False)
    lent = models.CharField(max_length=16, choices=Lent, default=Lent.NONE)
    lent_since = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["created", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "account"],
                condition=models.Q(is_default=True),
                name="token_default_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.label} …{self.last_four}"
