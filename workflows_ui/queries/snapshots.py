"""Instances as they were before an act that made Cloudflare forget it."""

from __future__ import annotations

from console.team.models import Account
from workflows_ui.models import Snapshot


def snapshots_of(account: Account, workflow: str, instance: str) -> list[Snapshot]:
    """The earlier runs that were kept of an instance, newest first, without their contents."""
    found = Snapshot.objects.filter(account=account, workflow=workflow, instance_id=instance)
    return list(found.defer("packed"))


def snapshot_of(account: Account, workflow: str, instance: str, pk: int) -> Snapshot | None:
    """One of them with its content; None when it is not one of this instance's."""
    return Snapshot.objects.filter(
        account=account, workflow=workflow, instance_id=instance, pk=pk
    ).first()
