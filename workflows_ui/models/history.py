"""What the sampler has seen, for charts and lists across workflows that no API call answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from console.team.models import Account


class Span(models.TextChoices):
    MINUTE = "minute", "Minute"
    HOUR = "hour", "Hour"
    DAY = "day", "Day"


class CountSample(models.Model):
    """How many instances of a workflow had which status, as last seen within a span of time."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="count_samples")
    workflow = models.CharField(max_length=64)
    span = models.CharField(max_length=6, choices=Span)
    at = models.DateTimeField()
    """Where the span begins."""
    counts = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "span", "at", "workflow"], name="sampled_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.workflow} {self.span} {self.at}"


class SeenInstance(models.Model):
    """An instance as the sampler saw it last. The API stays the one that knows."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="seen_instances")
    workflow = models.CharField(max_length=64)
    instance_id = models.CharField(max_length=271)
    status = models.CharField(max_length=32)
    created = models.DateTimeField(null=True)
    started = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    version_id = models.CharField(max_length=64, blank=True)
    trigger_source = models.CharField(max_length=32, blank=True)
    error_name = models.CharField(max_length=200, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    error_step = models.CharField(max_length=271, blank=True)
    fingerprint = models.CharField(max_length=16, blank=True)
    """The same for failures of the same kind; empty until the error was read."""
    waits_for = models.CharField(max_length=100, blank=True)
    read = models.DateTimeField()
    """When the API last told of it."""
    looked_into = models.DateTimeField(null=True)
    """When its detail was last read, since it has this status; the lists don't tell everything."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "workflow", "instance_id"], name="seen_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "status", "-created"], name="seen_status"),
            models.Index(fields=["account", "-ended", "status"], name="seen_ended"),
            models.Index(fields=["account", "fingerprint", "-ended"], name="seen_fingerprint"),
            models.Index(fields=["account", "-created"], name="seen_created"),
        ]

    def __str__(self) -> str:
        return f"{self.instance_id} of {self.workflow}"


class EndedRun(models.Model):
    """A run that the sampler saw end, of an instance that has another one since, or is gone."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="ended_runs")
    workflow = models.CharField(max_length=64)
    instance_id = models.CharField(max_length=271)
    status = models.CharField(max_length=32)
    started = models.DateTimeField(null=True)
    ended = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "workflow", "instance_id", "ended"], name="ended_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["account", "-ended"], name="run_ended")]

    def __str__(self) -> str:
        return f"{self.instance_id} of {self.workflow} until {self.ended}"


class Sampling(models.Model):
    """How far the sampler of an account is. One process at a time holds the lease."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="sampling")
    leased_until = models.DateTimeField(null=True)
    tried = models.DateTimeField(null=True)
    sampled = models.DateTimeField(null=True)
    """Up to when every workflow was looked at."""
    whole_since = models.DateTimeField(null=True)
    """Every instance created since then was seen; before, only some may have been."""
    reached: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """Up to when each workflow was looked at."""
    unread: models.JSONField[Any, Any] = models.JSONField(default=dict)
    """Since when instances of a workflow may have gone on that no call was left for."""
    problem = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"sampling of {self.account}"

    @property
    def behind(self) -> datetime | None:
        """The oldest of all workflows; None when everything was read."""
        return self.behind_on(self.unread)

    def behind_on(self, workflows: Iterable[str]) -> datetime | None:
        """The same of some workflows."""
        ends = [self.unread[name] for name in workflows if name in self.unread]
        return datetime.fromisoformat(min(ends)) if ends else None
