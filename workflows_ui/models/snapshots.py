from __future__ import annotations

import gzip
import json
from typing import Any, ClassVar

from django.db import models

from console.team.models import Account


class Snapshot(models.Model):
    """An instance as it was before an act that makes Cloudflare forget it."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="snapshots")
    workflow = models.CharField(max_length=64)
    instance_id = models.CharField(max_length=271)
    taken = models.DateTimeField(auto_now_add=True)
    attempt_sequence = models.BigIntegerField(db_index=True)
    """The entry of the trail that says who did what then."""
    status = models.CharField(max_length=32)
    step_count = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField()
    """Bytes of the content before compression."""
    packed = models.BinaryField()
    missing = models.CharField(max_length=200, blank=True)
    """What is not in it, and why; empty for a whole one."""

    class Meta:
        ordering: ClassVar = ["-taken", "-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["account", "workflow", "instance_id", "-taken"], name="snapshot_instance"
            )
        ]

    def __str__(self) -> str:
        return f"{self.instance_id} of {self.workflow} at {self.taken}"

    @property
    def content(self) -> dict[str, Any]:
        """The detail as the API gave it (4.12), with full outputs in place of cut ones."""
        found: dict[str, Any] = json.loads(gzip.decompress(bytes(self.packed)))
        return found
