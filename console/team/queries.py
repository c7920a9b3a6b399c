"""Reads about accounts and who belongs where. Our own rows only."""

from __future__ import annotations

from console.team.models import Account, Protection


def is_protected(account: Account, workflow: str) -> bool:
    """Whether destructive acts on the workflow want a reason and its name typed."""
    return Protection.objects.filter(account=account, workflow=workflow).exists()


def protected_workflows(account: Account) -> set[str]:
    """The names of the account's protected workflows."""
    return set(Protection.objects.filter(account=account).values_list("workflow", flat=True))
