"""The trail as acts: an attempt and what came of it as one, a page at a time.

Every page is read along one index, newest first. What that index can't tell is looked for among
the next SEARCHED rows only, so that a page costs the same however long the trail is; the page
says how far it came and where to go on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Lower

from console.audit.actions import AuditAction
from console.audit.models import SETTLED, Entry, Outcome
from console.audit.queries import (
    PENDING,
    Filter,
    as_kept,
    between,
    pending,
    says,
    was_sent,
    workflows_of,
)

PAGE = 50
SEARCHED = 10_000
PARTS_SHOWN = 200
BATCHES = (
    AuditAction.INSTANCE_CREATE_BATCH,
    AuditAction.BATCH_RESTART,
    AuditAction.BATCH_TERMINATE,
    AuditAction.BATCH_DELETE,
    AuditAction.WORKFLOW_TERMINATE_ALL,
)
# an attempt or an event; outcomes and parts name the attempt they belong to
HEAD = Q(attempt_sequence__isnull=True)
# what an outcome says again, and what only one of the two says
COPIED = ("actor_name", "workflow", "target", "reason")
SINGLE = ("instance_id", "params_text", "detail_text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An act: what it began with, and the last word on it. `part` is the row of the one instance
    of a batch that it is told for; `parts` counts those of the whole by outcome."""

    head: Entry
    outcome: Entry | None = None
    part: Entry | None = None
    parts: Mapping[str, int] = field(default_factory=dict)

    @property
    def entry(self) -> Entry:
        """The row that says most."""
        return self.part or self.outcome or self.head

    @property
    def sequence(self) -> int:
        return self.head.sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage:
    """`older` and `newer` are where to go on; `searched_to` is set when the search stopped there
    and not at the end of the trail."""

    rows: list[Entry]
    older: int | None
    newer: int | None
    searched_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActPage:
    """The acts that a page's rows stand for."""

    acts: list[Told]
    older: int | None
    newer: int | None
    searched_to: datetime | None

    @classmethod
    def of(cls, page: RowPage) -> ActPage:
        return cls(told(page.rows), page.older, page.newer, page.searched_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Older than the sequence `before`, or newer than `after`; neither is the newest page."""

    before: int | None = None
    after: int | None = None


NEWEST = Place()


def acts(found: Filter, place: Place = NEWEST, *, limit: int = PAGE) -> ActPage:
    """A page of the acts of one account (`found.account_ids` names just one), newest first.

    With an outcome asked for, an act stands where it ended, not where it began.
    """
    (account_id,) = found.account_ids or ()
    led, asked = _led(found, account_id)
    led, rest = between(led, found.since, found.until), asked & _kind(found)
    if found.text:
        rest &= _text(found)
    return ActPage.of(_page(led, rest, place, limit))


def triggers_by(
    actor_id: int, account_id: int, workflow: str, *, before: int | None = None, limit: int = PAGE
) -> RowPage:
    """The rows that say that the person triggered an instance of the workflow, newest first."""
    found = Filter(actor_id=actor_id, action=AuditAction.INSTANCE_CREATE, workflow=workflow)
    led, asked = _led(found, account_id)
    rest = asked & Q(outcome=Outcome.SUCCEEDED)
    return _page(led, rest, Place(before=before), limit)


def log_ins(people: Mapping[int, str], place: Place = NEWEST, *, limit: int = PAGE) -> ActPage:
    """What these people (id -> username) did that belongs to no account, and failed log-ins
    under their names."""
    led = Entry.objects.filter(account_id=None)
    rows = led.alias(actor=Coalesce("actor_id", 0), tried=Lower("actor_name"))
    names = [name.lower() for name in people.values()]
    failed = Q(actor_id=None, action=AuditAction.SESSION_LOG_IN_FAILED, tried__in=names)
    asked = HEAD & (Q(actor__in=list(people)) | failed)
    return ActPage.of(_page(rows, asked, place, limit))


def is_about(entry: Entry, people: Mapping[int, str]) -> bool:
    """Whether `log_ins` of these people holds the entry."""
    if entry.account_id is not None:
        return False
    if entry.actor_id is not None:
        return entry.actor_id in people
    names = {name.lower() for name in people.values()}
    failed = entry.action == AuditAction.SESSION_LOG_IN_FAILED
    return failed and entry.actor_name.lower() in names


def act_of(sequence: int) -> Told | None:
    """The act that this row belongs to."""
    row = Entry.objects.filter(sequence=sequence).first()
    if row is not None and row.attempt_sequence is not None:
        row = Entry.objects.filter(sequence=row.attempt_sequence).first()
    return told([row])[0] if row else None


def rows_of(head: Entry) -> list[Entry]:
    """The act's own rows, oldest first, without those of its parts."""
    own = Q(sequence=head.sequence) | Q(attempt_sequence=head.sequence, part=False)
    return list(Entry.objects.filter(own).order_by("sequence"))


def parts_of(head: Entry) -> list[Entry]:
    """The single instances of a batch, those that did not succeed first; at most PARTS_SHOWN."""
    parts = Entry.objects.filter(attempt_sequence=head.sequence, part=True)
    rest = parts.exclude(outcome=Outcome.SUCCEEDED).order_by("sequence")[:PARTS_SHOWN]
    good = parts.filter(outcome=Outcome.SUCCEEDED).order_by("sequence")[:PARTS_SHOWN]
    return [*rest, *good][:PARTS_SHOWN]


def neighbours(head: Entry) -> tuple[Told | None, Told | None]:
    """The acts before and after on the same instance."""
    rows = Entry.objects.filter(
        HEAD | Q(part=True),
        account_id=head.account_id,
        workflow=head.workflow,
        instance_id=head.instance_id,
    ).defer("params_text")
    before = rows.filter(sequence__lt=head.sequence).order_by("-sequence").first()
    after = rows.filter(sequence__gt=head.sequence).order_by("sequence").first()
    acts = iter(told(row for row in (before, after) if row))
    return next(acts) if before else None, next(acts) if after else None


def told(rows: Iterable[Entry]) -> list[Told]:
    """The acts that these rows belong to, in their order, each once."""
    first: dict[int, Entry] = {}
    for row in rows:
        first.setdefault(_key(row) or row.sequence, row)
    heads = {row.sequence: row for row in first.values() if not _key(row)}
    missing = first.keys() - heads.keys()
    if missing:
        heads |= Entry.objects.defer("params_text").in_bulk(missing)
    attempts = [n for n, head in heads.items() if head.outcome == Outcome.ATTEMPTED]
    ended = _last_words(Entry.objects.filter(attempt_sequence__in=attempts, part=False))
    counts = _counts([n for n in attempts if heads[n].action in BATCHES])
    return [
        Told(
            head=heads[n],
            outcome=ended.get(n),
            part=row if row.part else None,
            parts=counts.get(n, {}),
        )
        for n, row in first.items()
        if n in heads
    ]


def told_of(story: Sequence[Entry]) -> list[Told]:
    """The same for all rows of one instance, oldest first, without asking for more."""
    ended = _last_words(row for row in story if _key(row) and not row.part)
    return [
        Told(head=row, outcome=ended.get(row.sequence), part=row if row.part else None)
        for row in story
        if row.part or not _key(row)
    ]


def _key(row: Entry) -> int | None:
    return row.attempt_sequence


def _last_words(outcomes: Iterable[Entry]) -> dict[int | None, Entry]:
    """The outcome of each attempt: once settled it stays so, whatever came later."""
    found: dict[int | None, Entry] = {}
    for row in sorted(outcomes, key=lambda row: row.sequence):
        if row.attempt_sequence not in found or row.outcome in SETTLED:
            found[row.attempt_sequence] = row
    return found


def _counts(batches: list[int]) -> dict[int | None, dict[str, int]]:
    found: dict[int | None, dict[str, int]] = defaultdict(dict)
    if batches:
        parts = Entry.objects.filter(attempt_sequence__in=batches, part=True)
        counted = parts.values_list("attempt_sequence", "outcome").annotate(count=Count("*"))
        for attempt, outcome, count in counted.order_by("attempt_sequence", "outcome"):
            found[attempt][outcome] = count
    return found


def _led(found: Filter, account_id: int | None) -> tuple[QuerySet[Entry], Q]:
    """The rows along the index that serves the filter best, and what is still to be asked."""
    led = Entry.objects.filter(account_id=account_id)
    given = {"actor_id": found.actor_id, "action": found.action, "workflow": found.workflow}
    rest = {name: value for name, value in given.items() if value}
    if found.instance_id:
        names = [rest.pop("workflow")] if found.workflow else workflows_of(account_id or 0)
        led = led.filter(workflow__in=names, instance_id=as_kept(found.instance_id))
    elif found.actor_id:
        led = led.filter(actor_id=rest.pop("actor_id"))
    elif found.action:
        led = led.filter(action=rest.pop("action"))
    elif found.workflow:
        led = led.filter(workflow=rest.pop("workflow"))
    elif found.outcome:
        led = led.filter(outcome=_stored(found.outcome))
    # hidden from the planner: taken for the lead they would cost more than they spare
    for name, value in rest.items():
        nothing = Value("" if isinstance(value, str) else 0)
        led = led.alias(**{f"asked_{name}": Coalesce(name, nothing)})
    asked = Q(**{f"asked_{name}": value for name, value in rest.items()})
    return led, asked


def _stored(outcome: str) -> str:
    return Outcome.ATTEMPTED if outcome == PENDING else outcome


def _kind(found: Filter) -> Q:
    """Which of an act's rows stands for it. An instance's part in a batch stands by itself."""
    if not found.outcome:
        if found.text:
            return Q()
        return HEAD | Q(part=True) if found.instance_id else HEAD
    kind = Q(outcome=_stored(found.outcome))
    if not found.instance_id:
        kind &= Q(part=False)
    if found.outcome == PENDING:
        return kind & pending()
    if found.outcome == Outcome.UNKNOWN:
        settled = Entry.objects.filter(
            attempt_sequence=OuterRef("attempt_sequence"), outcome__in=SETTLED, part=False
        )
        return kind & (Q(part=True) | ~Q(Exists(settled)))
    return kind


def _text(found: Filter) -> Q:
    """Rows that say the text. Of what both rows of an act say the first is taken."""
    own = says(found.text, (*COPIED, *SINGLE))
    if found.outcome:
        return own | was_sent(found.text)
    if found.instance_id:
        return own & (HEAD | Q(part=True))
    again = says(found.text, COPIED) | Q(part=False, instance_id__icontains=found.text)
    return own & (HEAD | ~again)


def _page(led: QuerySet[Entry], rest: Q, place: Place, limit: int) -> RowPage:
    upwards = place.after is not None
    if upwards:
        ordered = led.filter(sequence__gt=place.after).order_by("sequence")
    else:
        rows = led if place.before is None else led.filter(sequence__lt=place.before)
        ordered = rows.order_by("-sequence")
    edge = None
    if rest != HEAD:
        edge = ordered.values_list("sequence", flat=True)[SEARCHED : SEARCHED + 1].first()
    if edge is not None:
        ordered = ordered.filter(Q(sequence__lt=edge) if upwards else Q(sequence__gt=edge))
    found = list(ordered.filter(rest).defer("params_text")[: limit + 1])
    page, more = found[:limit], len(found) > limit
    if not upwards:
        return _downwards(page, place.before, edge if not more else None, more=more)
    if not more and edge is None:
        return _page(led, rest, NEWEST, limit)  # what is left there is no page by itself
    return _upwards(page[::-1], place.after or 0, edge if not more else None)


def _downwards(page: list[Entry], before: int | None, edge: int | None, *, more: bool) -> RowPage:
    older = page[-1].sequence if more else None
    newer = None
    if before is not None:
        newer = page[0].sequence if page else before - 1
    return RowPage(
        rows=page,
        older=older if edge is None else edge + 1,
        newer=newer,
        searched_to=_moment(edge),
    )


def _upwards(page: list[Entry], after: int, edge: int | None) -> RowPage:
    return RowPage(
        rows=page,
        older=page[-1].sequence if page else after + 1,
        newer=page[0].sequence if edge is None else edge - 1,
        searched_to=_moment(edge),
    )


def _moment(sequence: int | None) -> datetime | None:
    if sequence is None:
        return None
    return Entry.objects.values_list("at", flat=True).get(sequence=sequence)
