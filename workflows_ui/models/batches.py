from __future__ import annotations

from typing import ClassVar

from django.db import models

from console.team.models import Account, User

EXISTS = "There was an instance of this id already."
"""The note of a create that made nothing."""


class Batch(models.Model):
    """Many instances acted on by one form, and what became of each."""

    key = models.UUIDField()
    """Of the form; a form sent again goes on with its batch."""
    account = models.ForeignKey(Account, models.CASCADE, related_name="batches")
    workflow = models.CharField(max_length=64)
    actor = models.ForeignKey(User, models.CASCADE, related_name="+")
    action = models.CharField(max_length=40)
    """Of each part, such as instance:create."""
    ids = models.JSONField(default=list)
    fates = models.JSONField(default=dict)
    """Id -> outcome and note, as the trail's parts say it too. Not there: not sent."""
    acts = models.JSONField(default=list)
    """Sequences of the attempts in the trail."""
    started = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True)
    """When the last sending ended; empty while one is under way."""

    class Meta:
        ordering: ClassVar = ["-started"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "workflow", "actor", "key"], name="batch_of_one_form"
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} of {len(self.ids)} on {self.workflow}"
