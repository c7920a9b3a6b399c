"""One row of the trail, and where those went that were sealed off."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.db import models

from console.audit.actions import AuditAction, describe


class Outcome(models.TextChoices):
    ATTEMPTED = "attempted", "Attempted"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown"
    EVENT = "event", "Event"


SETTLED = (Outcome.SUCCEEDED, Outcome.FAILED)


class Entry(models.Model):
    """Written once by `console.audit.chain.append`, then only read.

    People and accounts are plain ids with their names copied: a foreign key would have to change
    the row when they go, and no row here ever changes. The sequence is given by `append`, without
    gaps. JSON is kept as text, to the byte what was hashed: a JSON column may rewrite numbers.
    """

    sequence = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()

    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150, blank=True)
    address = models.CharField(max_length=45, blank=True)
    session = models.CharField(max_length=16, blank=True)

    action = models.CharField(max_length=40)
    outcome = models.CharField(max_length=10, choices=Outcome)
    attempt_sequence = models.BigIntegerField(null=True)
    # one instance of a batch: `attempt_sequence` is the attempt of the whole batch
    part = models.BooleanField(default=False)
    account_id = models.BigIntegerField(null=True)
    account_name = models.CharField(max_length=100, blank=True)
    workflow = models.CharField(max_length=100, blank=True)
    instance_id = models.CharField(max_length=271, blank=True)
    target = models.CharField(max_length=300, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    params_text = models.TextField(blank=True)
    params_digest = models.CharField(max_length=64, blank=True)
    params_size = models.BigIntegerField(null=True)

    token_label = models.CharField(max_length=80, blank=True)
    token_last_four = models.CharField(max_length=4, blank=True)
    token_owner = models.CharField(max_length=150, blank=True)

    upstream_status = models.IntegerField(null=True)
    upstream_code = models.BigIntegerField(null=True)
    ray_id = models.CharField(max_length=64, blank=True)
    duration_ms = models.BigIntegerField(null=True)
    detail_text = models.TextField(blank=True)

    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["-sequence"]
        verbose_name_plural = "entries"
        # the trail is read by account, newest first, so each index begins and ends like that
        indexes: ClassVar = [
            models.Index(fields=["account_id", "sequence"], name="audit_account"),
            models.Index(fields=["account_id", "actor_id", "sequence"], name="audit_actor"),
            models.Index(fields=["account_id", "action", "sequence"], name="audit_action"),
            models.Index(fields=["account_id", "outcome", "sequence"], name="audit_outcome"),
            models.Index(fields=["account_id", "workflow", "sequence"], name="audit_workflow"),
            models.Index(
                fields=["account_id", "workflow", "instance_id", "sequence"], name="audit_instance"
            ),
            models.Index(fields=["at", "sequence"], name="audit_at"),
            models.Index(
                fields=["attempt_sequence", "outcome"],
                name="audit_attempt",
                condition=models.Q(attempt_sequence__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.action} {self.outcome}"

    @property
    def params(self) -> Any:
        """What was sent, redacted. None when nothing was, or when only the digest was kept."""
        return json.loads(self.params_text) if self.params_text else None

    @property
    def detail(self) -> dict[str, Any]:
        return json.loads(self.detail_text) if self.detail_text else {}

    @property
    def sentence(self) -> str:
        return describe(self)

    @property
    def action_label(self) -> str:
        try:
            return AuditAction(self.action).value.replace(":", " ").replace("_", " ")
        except ValueError:
            return self.action


class Segment(models.Model):
    """Entries that were moved into a file, oldest first; written once by `console.audit.sealing`.

    The database lets entries go only when a row here covers them.
    """

    first = models.BigIntegerField(primary_key=True)
    last = models.BigIntegerField()
    entries = models.BigIntegerField()
    last_hash = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=100)
    sealed_at = models.DateTimeField()
    recorded_in = models.BigIntegerField()
    """The sequence of the `trail:seal` entry, which was written in the same transaction."""
    hash = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["first"]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"
