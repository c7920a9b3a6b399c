"""What the sampler has kept of an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from console.team.models import Account
from workflows_ui.models import Sampling, SeenInstance

NO_TOKEN = "No token is lent to this account's dashboards."  # noqa: S105 - a sentence
"""Why nobody can look, when it is that."""
ALIVE = timedelta(minutes=3)
AWAITED = timedelta(minutes=2)
"""How long after it was connected an account may wait for its first look."""
MOST_FOUND = 20


def sampling_of(account: Account) -> Sampling | None:
    """How far the sampler is; None when it never came by."""
    return Sampling.objects.filter(account=account).first()


@dataclass(frozen=True, slots=True)
class Watch:
    """Whether the account is watched: `alive` when a worker came by in the last minutes, `problem`
    when it could not look, `awaited` while it is too new for anybody to have come by."""

    alive: bool
    problem: str
    whole_since: datetime | None
    awaited: bool = False

    @property
    def lacks_token(self) -> bool:
        """Whether a member who lends theirs would mend it."""
        return self.problem == NO_TOKEN


def watch_of(account: Account) -> Watch:
    """How the sampler of the account is doing."""
    found, now = sampling_of(account), timezone.now()
    awaited = account.created > now - AWAITED
    if found is None:
        return Watch(False, "", None, awaited)
    if found.tried is None:
        return Watch(False, found.problem, found.whole_since, awaited)
    return Watch(found.tried > now - ALIVE, found.problem, found.whole_since)


@dataclass(frozen=True, slots=True)
class Found:
    """Instances of any workflow whose id begins with what was searched, the newest first. `since`
    is when looking began: those created before may be missing."""

    rows: list[SeenInstance]
    since: datetime | None


def instances_named(account: Account, text: str) -> Found:
    """What the worker has seen of such instances; at most MOST_FOUND."""
    rows = SeenInstance.objects.filter(account=account, instance_id__startswith=text)
    sampling = sampling_of(account)
    since = sampling.whole_since if sampling else None
    return Found(list(rows.exclude(status="gone").order_by("-created")[:MOST_FOUND]), since)
