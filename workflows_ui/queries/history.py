"""What the sampler has kept of an account."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from console.team.models import Account
from workflows_ui.models import Sampling

ALIVE = timedelta(minutes=3)


def sampling_of(account: Account) -> Sampling | None:
    """How far the sampler is; None when it never came by."""
    return Sampling.objects.filter(account=account).first()


def is_alive(sampling: Sampling | None) -> bool:
    """Whether a worker came by in the last minutes."""
    return bool(sampling and sampling.tried and sampling.tried > timezone.now() - ALIVE)
