"""Which instances there are, as the sampler sees them: from lists, and one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, zip_longest
from typing import NamedTuple

from django.db.models import Case, CharField, Count, F, QuerySet, When
from django.utils import timezone

from console.audit.redaction import scrub
from console.team.models import Account
from workflows_ui import cloudflare as cf
from workflows_ui.models import EndedRun, SeenInstance
from workflows_ui.presenters.failures import fingerprint_of
from workflows_ui.presenters.steps import split_counter, step_status
from workflows_ui.side_by_side import all_of

PER_PAGE = 100
MOST_FAILURES = MOST_UNFINISHED = 60
"""Read one by one in a round."""
MOST_AGAIN = 10
"""Failures that are read again in a round."""
MOST_WENT_ON = 500
MANY = 5
"""Of so many that went on a list may tell in fewer calls than they would take one by one."""
SAME_END = timedelta(seconds=2)
"""Two answers about one run may tell its end to different digits."""
GONE = "gone"
READ_FIELDS = [
    "error_name",
    "error_message",
    "error_step",
    "fingerprint",
    "waits_for",
    "looked_into",
]
NO_ERROR = cf.Failure(name="", message="")
"""Of one that failed and doesn't say why: they are all alike."""
ROW_FIELDS = ["status", "created", "started", "ended", "version_id", "trigger_source", "read"]


@dataclass(slots=True)
class Allowance:
    """Calls that this round may still make, until it has to end."""

    left: int
    until: datetime

    def take(self) -> bool:
        """Whether one more call may be made; counts it."""
        if timezone.now() > self.until:
            self.left = 0
        self.left -= 1
        return self.left >= 0

    def part(self, left: int) -> Allowance:
        """So many of them, kept for something."""
        return Allowance(left, self.until)


def see_new(
    account: Account,
    api: cf.WorkflowsApi,
    workflow: cf.Workflow,
    since: datetime,
    allowance: Allowance,
) -> bool:
    """Walks from the newest instance back to `since` (4.5). False when it didn't get there."""
    if workflow.triggered_on and workflow.triggered_on < since:
        return True
    cursor = None
    while allowance.take():
        page = api.list_instances(workflow.name, cursor=cursor, per_page=PER_PAGE, direction="desc")
        keep_rows(account, workflow.name, page.items)
        oldest = page.items[-1].created_on if page.items else None
        if page.cursor is None or (oldest and oldest < since):
            return True
        cursor = page.cursor
    return False


def keep_rows(account: Account, workflow: str, rows: Sequence[cf.InstanceRow]) -> list[str]:
    """Keeps what a list tells, and gives the ids as they are kept. Why one failed stays known as
    long as it is the same run: a restarted one may fail anew."""
    listed = [seen_of(account, workflow, row) for row in rows]
    # by id: a list that changed between two calls may tell of one twice
    fresh = {row.instance_id: row for row in listed}
    known = SeenInstance.objects.filter(
        account=account, workflow=workflow, instance_id__in=list(fresh)
    )
    kept = {row.instance_id: row for row in known}
    keep_ends(was for name, was in kept.items() if is_over(was, fresh[name]))
    for row in fresh.values():
        before = kept.get(row.instance_id)
        if before and run_of(before) == run_of(row):
            for name in READ_FIELDS:
                setattr(row, name, getattr(before, name))
    SeenInstance.objects.bulk_create(
        fresh.values(),
        update_conflicts=True,
        unique_fields=["account", "workflow", "instance_id"],
        update_fields=[*ROW_FIELDS, *READ_FIELDS],
    )
    return list(fresh)


def run_of(row: SeenInstance) -> tuple[object, ...]:
    """What is another after a restart, and for another instance of the same id."""
    return row.status, row.created, row.ended


def is_over(was: SeenInstance, row: SeenInstance) -> bool:
    """Whether `was` told of the end of a run that `row` tells of no more."""
    if was.status not in cf.FINISHED or was.ended is None:
        return False
    if row.status not in cf.FINISHED or row.ended is None:
        return True
    return abs(row.ended - was.ended) > SAME_END


def keep_ends(rows: Iterable[SeenInstance]) -> None:
    """Keeps when and how these runs ended: what failed has failed, restarted or not."""
    EndedRun.objects.bulk_create(
        [
            EndedRun(
                account_id=row.account_id,
                workflow=row.workflow,
                instance_id=row.instance_id,
                status=row.status,
                started=row.started,
                ended=row.ended,
            )
            for row in rows
            if row.ended
        ],
        ignore_conflicts=True,
    )


def note_acted(account: Account, workflow: str, ids: Sequence[str]) -> None:
    """After an act on these, what they are is read in the next round, and not told until then."""
    rows = SeenInstance.objects.filter(account=account, workflow=workflow, instance_id__in=ids)
    keep_ends(rows.filter(status__in=cf.FINISHED))
    rows.update(status=cf.InstanceStatus.UNKNOWN)


def seen_of(account: Account, workflow: str, row: cf.InstanceRow) -> SeenInstance:
    seen = SeenInstance(
        account=account,
        workflow=workflow,
        instance_id=row.id,
        status=row.status,
        created=row.created_on,
        started=row.started_on,
        ended=row.ended_on,
        version_id=row.version_id or "",
        trigger_source=row.trigger_source or "",
        read=timezone.now(),
    )
    return as_kept(seen)


def as_kept(row: SeenInstance) -> SeenInstance:
    """The row with texts that every database takes, whatever an upstream sent: PostgreSQL refuses
    longer ones than it was told of, and NUL anywhere."""
    for field in row._meta.fields:
        if isinstance(field, CharField):
            text = getattr(row, field.attname).replace("\0", "\ufffd")
            setattr(row, field.attname, text[: field.max_length])
    return row


class Miscounted(NamedTuple):
    """Instances of a workflow in a status that is none of the last: how many the API tells, and
    how many are kept here."""

    workflow: str
    status: str
    told: int
    kept: int


def miscounted(account: Account, workflows: Iterable[cf.Workflow]) -> list[Miscounted]:
    """Where the API (4.1) tells other numbers than are kept here, the largest difference first."""
    told = {
        (workflow.name, status): count
        for workflow in workflows
        for status, count in (workflow.instances or {}).items()
        if status not in cf.FINISHED
    }
    counted = alive(account).order_by().values_list("workflow", "status").annotate(Count("pk"))
    kept = {(workflow, status): count for workflow, status, count in counted}
    untold = {workflow.name for workflow in workflows if workflow.instances is None}
    found = [
        Miscounted(*place, told.get(place, 0), kept.get(place, 0))
        for place in {*told, *kept}
        if place[0] not in untold
    ]
    wrong = [one for one in found if one.told != one.kept]
    return sorted(wrong, key=lambda one: (-abs(one.told - one.kept), one))


def see_alive(
    account: Account,
    api: cf.WorkflowsApi,
    workflows: Sequence[cf.Workflow],
    allowance: Allowance,
) -> list[SeenInstance]:
    """Lists what is alive (4.5) wherever another number of it is kept here than the API tells.

    Gives the kept ones that these lists should tell of and don't: they went on meanwhile.
    """
    went_on: list[SeenInstance] = []
    for workflow, status, told, _ in miscounted(account, workflows):
        missing = alive(account).filter(workflow=workflow, status=status).order_by("read")
        if told:
            if not allowance.take():
                continue
            try:
                page = api.list_instances(workflow, per_page=PER_PAGE, status=status)
            except (cf.NotFound, cf.ServerError, cf.BadResponse):
                continue  # it must not keep the others from being seen
            missing = missing.exclude(instance_id__in=keep_rows(account, workflow, page.items))
            if page.cursor is not None:
                oldest = page.items[-1].created_on if page.items else None
                # a list that is cut and doesn't say where tells nothing of the others
                missing = missing.filter(created__gt=oldest) if oldest else missing.none()
        went_on += missing[:MOST_WENT_ON]
    return went_on


def see_ended(
    account: Account, api: cf.WorkflowsApi, went_on: Sequence[SeenInstance], allowance: Allowance
) -> list[SeenInstance]:
    """Lists what was created when those that went on were (4.5), where they are many of a workflow:
    most have ended, and no list of what is alive tells how. Gives those still not told of."""
    reads = dict(
        SeenInstance.objects.filter(pk__in=[row.pk for row in went_on]).values_list("pk", "read")
    )
    still = [row for row in went_on if reads.get(row.pk) == row.read]
    of: dict[str, dict[str, SeenInstance]] = {}
    for row in still:
        of.setdefault(row.workflow, {})[row.instance_id] = row
    for workflow, rows in sorted(of.items(), key=lambda item: -len(item[1])):
        try:
            settle_by_lists(account, api, workflow, rows, allowance)
        except (cf.NotFound, cf.ServerError, cf.BadResponse):
            continue  # they are read one by one
    return [row for row in still if row.instance_id in of[row.workflow]]


def settle_by_lists(
    account: Account,
    api: cf.WorkflowsApi,
    workflow: str,
    rows: dict[str, SeenInstance],
    allowance: Allowance,
) -> None:
    """Takes out of `rows` whom lists tell of, as long as each tells of many."""
    created = [row.created for row in rows.values() if row.created]
    told, cursor = len(created), None
    while told >= MANY <= len(rows) and allowance.take():
        page = api.list_instances(
            workflow,
            cursor=cursor,
            per_page=PER_PAGE,
            date_start=min(created) - SAME_END if api.capabilities.dates else None,
            date_end=max(created) + SAME_END if api.capabilities.dates else None,
        )
        ids = set(keep_rows(account, workflow, page.items))
        told = sum(rows.pop(name, None) is not None for name in ids)
        cursor = page.cursor
        if cursor is None:
            return


def read_details(
    account: Account,
    api: cf.WorkflowsApi,
    allowance: Allowance,
    went_on: Sequence[SeenInstance] = (),
) -> list[SeenInstance]:
    """Reads instances one by one (4.12): why the failed ones failed, and what became of those that
    went on, or that no list has told of for a while. Gives those that went on and were not read."""
    # in turns, so that none of them waits until there are no more of the others; two are for why
    # something failed, and one is for all that was read before
    new, under_way = list(unread_failures(account)), list(unfinished(account))
    again = zip_longest((row for row in under_way if not is_unknown(row)), failed(account))
    turns = zip_longest(
        went_on,
        new[::2],
        new[1::2],
        filter(is_unknown, under_way),
        chain.from_iterable(again),
    )
    each = {row.pk: row for row in chain.from_iterable(turns) if row is not None}
    wanted = [row for row in each.values() if allowance.take()]
    before = [copy(row) for row in wanted]
    for was, row in zip(
        before, all_of([partial(read_detail, api, row) for row in wanted]), strict=True
    ):
        as_kept(row).save()
        if is_over(was, row):
            keep_ends([was])
    read = {row.pk for row in wanted}
    unread = [row for row in went_on if row.pk not in read]
    # they are no more what they were: that alone is known
    gone_on = SeenInstance.objects.filter(pk__in=[row.pk for row in unread])
    gone_on.update(status=cf.InstanceStatus.UNKNOWN)
    return unread


def unread_failures(account: Account) -> QuerySet[SeenInstance]:
    """Those that could not be read come last."""
    rows = SeenInstance.objects.filter(account=account, status="errored", fingerprint="")
    return rows.order_by(F("looked_into").asc(nulls_first=True), "-ended")[:MOST_FAILURES]


def failed(account: Account) -> QuerySet[SeenInstance]:
    """Those longest not told of: one that was restarted or deleted since has failed no more."""
    rows = SeenInstance.objects.filter(account=account, status="errored").exclude(fingerprint="")
    return rows.order_by("read")[:MOST_AGAIN]


def unfinished(account: Account) -> QuerySet[SeenInstance]:
    """Those that wait for nobody knows what come first, then those longest not told of."""
    unknown = Case(When(status="waiting", looked_into=None, then=0), default=1)
    return alive(account).order_by(unknown, "read")[:MOST_UNFINISHED]


def is_unknown(row: SeenInstance) -> bool:
    """Whether it waits and nobody knows for what."""
    return row.status == "waiting" and row.looked_into is None


def alive(account: Account) -> QuerySet[SeenInstance]:
    return SeenInstance.objects.filter(account=account).exclude(status__in=[*cf.FINISHED, GONE])


def read_detail(api: cf.WorkflowsApi, row: SeenInstance) -> SeenInstance:
    """The row with what the detail tells, or that it was tried."""
    now = timezone.now()
    try:
        detail = api.get_instance(row.workflow, row.instance_id)
    except cf.NotFound:
        # deleted, or its retention has ended: it ended some time before now
        row.status, row.read = GONE, now
        return row
    except (cf.CloudflareError, RecursionError):
        row.looked_into = now if row.status == "errored" else row.looked_into
        return row
    row.status, row.read, row.looked_into = detail.status, now, now
    row.started, row.ended = detail.start, detail.end
    row.waits_for = next(waited_for(detail), "")
    error = detail.error or NO_ERROR
    if detail.status == "errored":
        row.error_name = scrub(error.name)[:200]
        row.error_message = scrub(error.message)[:500]
        row.error_step = failed_step(detail)
        row.fingerprint = fingerprint_of(row.error_name, row.error_message, row.error_step)
    return row


def waited_for(detail: cf.InstanceDetail) -> Iterator[str]:
    for entry in detail.steps:
        if entry.type == "waitForEvent" and step_status(entry) == "waiting":
            yield entry.event_type or entry.name


def failed_step(detail: cf.InstanceDetail) -> str:
    """The step that ended the instance, without its counter; empty when none did."""
    for entry in reversed(detail.steps):
        if entry.type != "rollback" and step_status(entry, instance_over=True) == "errored":
            return split_counter(entry)[0]
    return ""
