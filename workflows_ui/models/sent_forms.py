from __future__ import annotations

from typing import ClassVar

from django.db import models

from console.team.models import User


class SentForm(models.Model):
    """A form that was sent. Its key works once: a double click or a resubmit finds it here."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.UUIDField()
    sent = models.DateTimeField(auto_now_add=True)
    led_to = models.CharField(max_length=1000, blank=True)
    """Where the first sending led; empty while it is under way."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key"], name="form_sent_once")
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.user}"
