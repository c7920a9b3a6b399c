"""Reads of the trail. Every one runs along an index, newest first, and pages by sequence."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from console.audit.actions import AuditAction
from console.audit.chain import outcomes
from console.audit.models import Entry, Outcome

PAGE = 50
TEXT_FIELDS = (
    "actor_name",
    "account_name",
    "workflow",
    "instance_id",
    "target",
    "reason",
    "params_text",
    "detail_text",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to look for; what is None or empty is not asked.

    `account_ids` is where the reader may look: None means everywhere, and a None among the ids
    stands for entries of no account, such as log-ins. `since` counts, `until` doesn't any more.
    """

    account_ids: Sequence[int | None] | None = None
    actor_id: int | None = None
    action: str = ""
    outcome: str = ""
    workflow: str = ""
    instance_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


def entries(found: Filter, *, before: int | None = None, limit: int = PAGE) -> list[Entry]:
    """At most `limit` entries, newest first, those older than the sequence `before`.

    One short query per account: a single one over several would sort all of their rows.
    """
    rows = _matching(found)
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    parts = [part.order_by("-sequence")[:limit] for part in _by_account(rows, found)]
    return list(islice(heapq.merge(*parts, key=lambda entry: -entry.sequence), limit))


def stream(found: Filter) -> Iterator[Entry]:
    """All matching entries, oldest first, a few at a time in memory."""
    rows = _matching(found)
    if found.account_ids is not None:
        rows = rows.filter(_in_accounts(found.account_ids))
    return rows.order_by("sequence").iterator(chunk_size=1000)


def story_of(account_id: int, workflow: str, instance_id: str) -> list[Entry]:
    """What was done to an instance through the console, oldest first."""
    rows = Entry.objects.filter(account_id=account_id, workflow=workflow, instance_id=instance_id)
    return list(rows.order_by("sequence"))


def creators_of(account_id: int, workflow: str, instance_ids: Iterable[str]) -> dict[str, str]:
    """Who triggered these instances: id -> name, for those triggered through the console.

    An id used again after a delete belongs to who used it last. A create that failed names nobody.
    """
    created = Entry.objects.filter(
        account_id=account_id,
        workflow=workflow,
        instance_id__in=list(instance_ids),
        action=AuditAction.INSTANCE_CREATE,
        outcome=Outcome.SUCCEEDED,
    )
    return dict(created.order_by("sequence").values_list("instance_id", "actor_name"))


def unsettled(*, older_than: timedelta = timedelta(minutes=5)) -> QuerySet[Entry]:
    """Attempts nobody knows the end of: no outcome (the process died) or an unknown one.

    Those younger than `older_than` may still be under way. Oldest first.
    """
    return open_attempts().filter(at__lte=timezone.now() - older_than)


def open_attempts() -> QuerySet[Entry]:
    """The same, however young. Oldest first."""
    ended = outcomes().filter(attempt_sequence=OuterRef("sequence"))
    attempts = Entry.objects.filter(outcome=Outcome.ATTEMPTED)
    return attempts.filter(~Exists(ended)).order_by("sequence")


def outcomes_of(attempt: Entry) -> list[Entry]:
    """What came of an attempt, oldest first: nothing yet, one row, or unknown and then settled.
    Those of a batch are preceded by the rows of its instances."""
    return list(Entry.objects.filter(attempt_sequence=attempt.sequence).order_by("sequence"))


def _matching(found: Filter) -> QuerySet[Entry]:
    given = {
        "actor_id": found.actor_id,
        "action": found.action,
        "outcome": found.outcome,
        "workflow": found.workflow,
        "instance_id": found.instance_id,
    }
    rows = Entry.objects.filter(**{name: value for name, value in given.items() if value})
    if found.since or found.until:
        rows = _between(rows, found.since, found.until)
    if found.text:
        any_field = (Q(**{f"{name}__icontains": found.text}) for name in TEXT_FIELDS)
        rows = rows.filter(Q.create(list(any_field), connector=Q.OR))
    return rows


def _between(
    rows: QuerySet[Entry], since: datetime | None, until: datetime | None
) -> QuerySet[Entry]:
    """The days as a range of sequences, which paging can start at instead of walking there.

    The times are asked as well: clocks of several machines may differ a little.
    """
    times = Q()
    if since:
        times &= Q(at__gte=since)
    if until:
        times &= Q(at__lt=until)
    ends = Entry.objects.filter(times).aggregate(first=Min("sequence"), last=Max("sequence"))
    if ends["first"] is None:
        return rows.none()
    return rows.filter(times, sequence__gte=ends["first"], sequence__lte=ends["last"])


def _by_account(rows: QuerySet[Entry], found: Filter) -> list[QuerySet[Entry]]:
    if found.account_ids is None:
        return [rows]
    return [rows.filter(account_id=account_id) for account_id in dict.fromkeys(found.account_ids)]


def _in_accounts(account_ids: Sequence[int | None]) -> Q:
    known = Q(account_id__in=[pk for pk in account_ids if pk is not None])
    return known | Q(account_id__isnull=True) if None in account_ids else known
