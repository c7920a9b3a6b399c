"""Batches and sweeps, our own rows only."""

from __future__ import annotations

from uuid import UUID

from console.audit.models import Entry
from console.team.models import Account
from workflows_ui.models import Batch, Sweep


def batch_of(account: Account, workflow: str, key: UUID) -> Batch | None:
    """The batch that the form with this key began."""
    found = Batch.objects.filter(account=account, workflow=workflow, key=key)
    return found.select_related("actor").order_by("pk").first()


def reason_of(batch: Batch) -> str:
    """Why it was done, as the trail tells; empty where nobody said."""
    acts = Entry.objects.filter(account_id=batch.account_id, sequence__in=batch.acts)
    return acts.exclude(reason="").values_list("reason", flat=True).first() or ""


def sweep_of(account: Account, workflow: str, pk: int) -> Sweep | None:
    found = Sweep.objects.filter(account=account, workflow=workflow, pk=pk)
    return found.select_related("actor").first()


def unfinished_sweeps(account: Account, workflow: str) -> list[Sweep]:
    """Those that are not ended, newest first, without what became of each instance."""
    found = Sweep.objects.filter(account=account, workflow=workflow, ended=None)
    return list(found.select_related("actor").defer("fates"))
