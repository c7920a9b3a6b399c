"""Reads of the trail's rows. `console.audit.acts` reads them as acts, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from console.audit.actions import AuditAction
from console.audit.chain import outcomes
from console.audit.models import Entry, Outcome
from console.audit.redaction import canonical, scrub_id

PENDING = "pending"
"""Asked for like an outcome: attempts that have none yet."""
# how far the clocks of several machines may be apart
SKEW = timedelta(hours=1)
JSON_FIELDS = ("params_text", "detail_text")
TEXT_FIELDS = (
    "actor_name",
    "account_name",
    "workflow",
    "instance_id",
    "target",
    "reason",
    *JSON_FIELDS,
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

    @property
    def facts(self) -> dict[str, Any]:
        """What is asked besides the accounts, as the trail keeps it of an export."""
        given = {
            "actor_id": self.actor_id,
            "action": self.action,
            "outcome": self.outcome,
            "workflow": self.workflow,
            "instance_id": self.instance_id,
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "text": self.text,
        }
        return {name: value for name, value in given.items() if value}


def stream(found: Filter) -> Iterator[Entry]:
    """All matching entries, oldest first, a few at a time in memory."""
    rows = _matching(found)
    if found.account_ids is not None:
        rows = rows.filter(_in_accounts(found.account_ids))
    return rows.order_by("sequence").iterator(chunk_size=1000)


def story_of(account_id: int, workflow: str, instance_id: str, *, most: int = 400) -> list[Entry]:
    """What was done to an instance through the console, oldest first: the newest `most` rows."""
    rows = Entry.objects.filter(
        account_id=account_id, workflow=workflow, instance_id=as_kept(instance_id)
    )
    return list(rows.defer("params_text").order_by("-sequence")[:most])[::-1]


def as_kept(instance_id: str) -> str:
    """An instance id as the trail has it: without what looks like a token, and not too long."""
    return scrub_id(instance_id)[: Entry._meta.get_field("instance_id").max_length]


class Creator(NamedTuple):
    """Who triggered an instance, and the entry that says so."""

    actor_id: int | None
    name: str
    attempt_sequence: int | None


# as text, for it stands between an answer of the API and its page: Django takes ten times longer
# to build it than the database to answer it
CREATORS = """
SELECT instance_id, actor_id, actor_name, attempt_sequence FROM audit_entry
WHERE account_id = %s AND workflow = %s AND action = %s AND outcome = %s
  AND instance_id IN ({})
ORDER BY sequence
"""


def creators_of(account_id: int, workflow: str, instance_ids: Iterable[str]) -> dict[str, Creator]:
    """Who triggered these instances, by id, for those triggered through the console.

    An id used again after a delete belongs to who used it last. A create that failed names nobody.
    """
    # the trail holds no NUL, and not every database may be asked for one
    asked = {as_kept(one): one for one in instance_ids if "\0" not in one}
    if not asked:
        return {}
    facts = (account_id, workflow, AuditAction.INSTANCE_CREATE.value, Outcome.SUCCEEDED.value)
    with connection.cursor() as cursor:
        cursor.execute(CREATORS.format(", ".join(["%s"] * len(asked))), (*facts, *asked))
        return {asked[row[0]]: Creator(*row[1:]) for row in cursor}


def created(account_id: int, workflow: str) -> QuerySet[Entry]:
    """The rows that say that an instance was triggered, by itself or in a batch."""
    return Entry.objects.filter(
        account_id=account_id,
        workflow=workflow,
        action=AuditAction.INSTANCE_CREATE,
        outcome=Outcome.SUCCEEDED,
    )


PEOPLE = """
WITH RECURSIVE people(actor_id) AS (
    SELECT min(actor_id) FROM audit_entry WHERE account_id = %s
    UNION ALL
    SELECT (SELECT min(e.actor_id) FROM audit_entry e
            WHERE e.account_id = %s AND e.actor_id > people.actor_id)
    FROM people WHERE people.actor_id IS NOT NULL
)
SELECT actor_id, (SELECT e.actor_name FROM audit_entry e
                  WHERE e.account_id = %s AND e.actor_id = people.actor_id
                  ORDER BY e.sequence DESC LIMIT 1)
FROM people WHERE actor_id IS NOT NULL LIMIT 1000
"""


def people_of(account_id: int) -> dict[int, str]:
    """Everybody who did something on the account: id -> the name they had last.

    It leaps along the index from person to person; DISTINCT would read every row.
    """
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, [account_id] * 3)
        return dict(cursor.fetchall())


WORKFLOWS = """
WITH RECURSIVE workflows(name) AS (
    SELECT min(workflow) FROM audit_entry WHERE account_id = %s
    UNION ALL
    SELECT (SELECT min(e.workflow) FROM audit_entry e
            WHERE e.account_id = %s AND e.workflow > workflows.name)
    FROM workflows WHERE workflows.name IS NOT NULL
)
SELECT name FROM workflows WHERE name <> '' LIMIT 1000
"""


def workflows_of(account_id: int) -> list[str]:
    """The workflows that something was done to, in the same way."""
    with connection.cursor() as cursor:
        cursor.execute(WORKFLOWS, [account_id] * 2)
        return [name for (name,) in cursor.fetchall()]


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


def lost_attempts() -> QuerySet[Entry]:
    """Open attempts that nobody is at any more: their outcome is unknown, or they are so old that
    whoever made them is gone. Oldest first."""
    unknown = Entry.objects.filter(
        attempt_sequence=OuterRef("sequence"), outcome=Outcome.UNKNOWN, part=False
    )
    old = Q(at__lte=timezone.now() - timedelta(minutes=5))
    return open_attempts().filter(Q(Exists(unknown)) | old)


def outcomes_of(attempt: Entry) -> list[Entry]:
    """What came of an attempt, oldest first: nothing yet, one row, or unknown and then settled.
    Those of a batch are preceded by the rows of its instances."""
    return list(Entry.objects.filter(attempt_sequence=attempt.sequence).order_by("sequence"))


def pending() -> Q:
    """Attempts that have no outcome, not even an unknown one."""
    ended = Entry.objects.filter(attempt_sequence=OuterRef("sequence"), part=False)
    return Q(outcome=Outcome.ATTEMPTED) & ~Q(Exists(ended))


def _matching(found: Filter) -> QuerySet[Entry]:
    given = {
        "actor_id": found.actor_id,
        "action": found.action,
        "outcome": "" if found.outcome == PENDING else found.outcome,
        "workflow": found.workflow,
        "instance_id": found.instance_id,
    }
    rows = Entry.objects.filter(**{name: value for name, value in given.items() if value})
    if found.outcome == PENDING:
        rows = rows.filter(pending())
    if found.since or found.until:
        rows = between(rows, found.since, found.until)
    if found.text:
        rows = rows.filter(says(found.text, TEXT_FIELDS) | was_sent(found.text))
    return rows


def says(text: str, names: Sequence[str]) -> Q:
    """Rows that have the text in one of these columns; JSON may have it as JSON writes it."""
    asked = [(name, text) for name in names]
    written = canonical(text)[1:-1]
    if written != text:
        asked += [(name, written) for name in names if name in JSON_FIELDS]
    wanted = [Q(**{f"{name}__icontains": words}) for name, words in asked]
    return Q.create([*wanted], connector=Q.OR)


def was_sent(text: str) -> Q:
    """What came of attempts that have the text in their params; these stay with the attempt."""
    attempt = Entry.objects.filter(sequence=OuterRef("attempt_sequence"))
    return Q(Exists(attempt.filter(says(text, ["params_text"]))))


def between(
    rows: QuerySet[Entry], since: datetime | None, until: datetime | None
) -> QuerySet[Entry]:
    """The days as a range of sequences, which paging can start at instead of walking there.

    The times are asked as well: the order of rows is that of their writing, and clocks differ.
    """
    if since:
        first = _first(Entry.objects.filter(at__gte=since - SKEW).order_by("at", "sequence"))
        rows = rows.filter(at__gte=since, sequence__gte=first) if first else rows.none()
    if until:
        last = _first(Entry.objects.filter(at__lt=until + SKEW).order_by("-at", "-sequence"))
        rows = rows.filter(at__lt=until, sequence__lte=last) if last else rows.none()
    return rows


def _first(rows: QuerySet[Entry]) -> int | None:
    return rows.values_list("sequence", flat=True).first()


def _in_accounts(account_ids: Sequence[int | None]) -> Q:
    known = Q(account_id__in=[pk for pk in account_ids if pk is not None])
    return known | Q(account_id__isnull=True) if None in account_ids else known
