"""Which instances there are, as the sampler sees them: from lists, and one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain, zip_longest
from typing import NamedTuple

from django.db.models import Case, Count, QuerySet, When
from django.utils import timezone

from console.audit.redaction import scrub
from console.team.models import Account
from workflows_ui import cloudflare as cf
from workflows_ui.models import SeenInstance
from workflows_ui.presenters.failures import fingerprint_of
from workflows_ui.presenters.steps import split_counter, step_status
from workflows_ui.side_by_side import all_of

PER_PAGE = 100
MOST_FAILURES = MOST_UNFINISHED = 60
"""Read one by one in a round."""
GONE = "gone"
READ_FIELDS = [
    "error_name",
    "error_message",
    "error_step",
    "fingerprint",
    "waits_for",
    "looked_into",
]
ROW_FIELDS = ["status", "created", "started", "ended", "version_id", "trigger_source", "read"]


@dataclass(slots=True)
class Allowance:
    """Calls that this round may still make."""

    left: int

    def take(self) -> bool:
        """Whether one more call may be made; counts it."""
        self.left -= 1
        return self.left >= 0


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


def keep_rows(account: Account, workflow: str, rows: Sequence[cf.InstanceRow]) -> None:
    """Why one failed stays known as long as it is the same end: a restarted one may fail anew."""
    ids = [row.id for row in rows]
    kept = {
        row.instance_id: row
        for row in SeenInstance.objects.filter(
            account=account, workflow=workflow, instance_id__in=ids
        )
    }
    fresh = [seen_of(account, workflow, row) for row in rows]
    for row in fresh:
        before = kept.get(row.instance_id)
        if before and (before.status, before.ended) == (row.status, row.ended):
            for name in READ_FIELDS:
                setattr(row, name, getattr(before, name))
    SeenInstance.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["account", "workflow", "instance_id"],
        update_fields=[*ROW_FIELDS, *READ_FIELDS],
    )


def seen_of(account: Account, workflow: str, row: cf.InstanceRow) -> SeenInstance:
    return SeenInstance(
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
        missing = alive(account).filter(workflow=workflow, status=status)
        if told:
            if not allowance.take():
                continue
            try:
                page = api.list_instances(workflow, per_page=PER_PAGE, status=status)
            except (cf.NotFound, cf.ServerError, cf.BadResponse):
                continue  # it must not keep the others from being seen
            keep_rows(account, workflow, page.items)
            missing = missing.exclude(instance_id__in=[row.id for row in page.items])
            if page.cursor is not None:
                missing = missing.filter(created__gt=page.items[-1].created_on)
        went_on += missing[:MOST_UNFINISHED]
    return went_on


def read_details(
    account: Account,
    api: cf.WorkflowsApi,
    allowance: Allowance,
    went_on: Iterable[SeenInstance] = (),
) -> None:
    """Reads instances one by one (4.12): why the failed ones failed, and what became of those that
    went on, or that no list has told of for a while."""
    # in turns, so that none of them waits until there are no more of the others
    turns = zip_longest(went_on, unread_failures(account), unfinished(account))
    each = {row.pk: row for row in chain.from_iterable(turns) if row is not None}
    calls = [partial(read_detail, api, row) for row in each.values() if allowance.take()]
    for row in all_of(calls):
        if row is not None:
            row.save()


def unread_failures(account: Account) -> QuerySet[SeenInstance]:
    failed = SeenInstance.objects.filter(account=account, status="errored", fingerprint="")
    return failed.order_by("-ended")[:MOST_FAILURES]


def unfinished(account: Account) -> QuerySet[SeenInstance]:
    """Those that wait for nobody knows what come first, then those longest not told of."""
    unknown = Case(When(status="waiting", looked_into=None, then=0), default=1)
    return alive(account).order_by(unknown, "read")[:MOST_UNFINISHED]


def alive(account: Account) -> QuerySet[SeenInstance]:
    return SeenInstance.objects.filter(account=account).exclude(status__in=[*cf.FINISHED, GONE])


def read_detail(api: cf.WorkflowsApi, row: SeenInstance) -> SeenInstance | None:
    """The row with what the detail tells; None when it can't be read now."""
    try:
        detail = api.get_instance(row.workflow, row.instance_id)
    except cf.NotFound:
        # deleted, or its retention has ended: it ended some time before now
        row.status, row.read = GONE, timezone.now()
        return row
    except cf.CloudflareError:
        return None
    row.status, row.read = detail.status, timezone.now()
    row.looked_into = row.read
    row.started, row.ended = detail.start, detail.end
    row.waits_for = next(waited_for(detail), "")
    if detail.error and detail.status == "errored":
        row.error_name = scrub(detail.error.name)[:200]
        row.error_message = scrub(detail.error.message)[:500]
        row.error_step = failed_step(detail)[:271]
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
