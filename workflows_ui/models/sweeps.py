from __future__ import annotations

from typing import ClassVar

from django.db import models

from console.team.models import Account, User


class Sweep(models.Model):
    """A "terminate all" under way: round after round of a list and a batch, as the API documents.

    Only whoever started it goes on with it, with their own token.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="sweeps")
    workflow = models.CharField(max_length=64)
    status = models.CharField(max_length=32)
    """Of the instances to terminate."""
    actor = models.ForeignKey(User, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=1000, blank=True)
    started = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True)
    rounds = models.PositiveIntegerField(default=0)
    terminated = models.PositiveIntegerField(default=0)
    attempt_sequence = models.BigIntegerField()
    acts = models.JSONField(default=list)
    """Sequences of the rounds' attempts in the trail."""
    fates = models.JSONField(default=dict)
    """Id -> outcome and note of all that were sent: none is sent twice."""
    without_copy = models.BooleanField(default=False)
    """Whether those that can't be read are terminated all the same."""
    left = models.PositiveIntegerField(default=0)
    """Those still in the status when it ended."""
    busy_since = models.DateTimeField(null=True)
    """Set while a round is under way."""

    class Meta:
        ordering: ClassVar = ["-started"]

    def __str__(self) -> str:
        return f"{self.status} of {self.workflow}"
