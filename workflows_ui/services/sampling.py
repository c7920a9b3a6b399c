"""Looking at an account in the background: counts by the minute, and which instances there are.

Charts, failures grouped by their reason, and lists across workflows stand on what is kept here.
Nothing is written upstream.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

from django.db.models import Case, Q, QuerySet, When
from django.utils import timezone

from console.audit.redaction import scrub
from console.team.models import Account
from workflows_ui import cloudflare as cf
from workflows_ui.models import CountSample, Sampling, SeenInstance, Span
from workflows_ui.presenters.failures import fingerprint_of
from workflows_ui.presenters.steps import split_counter, step_status
from workflows_ui.side_by_side import all_of

logger = logging.getLogger(__name__)

PER_PAGE = 100
LEASE = timedelta(seconds=90)
FIRST_LOOK = timedelta(hours=24)
"""How far back the first round looks."""
OVERLAP = timedelta(minutes=2)
MOST_FAILURES, MOST_UNFINISHED = 40, 20
"""Read one by one in a round."""
KEPT_FOR_DETAILS = 4
"""One call in so many is for these, however much there is to list."""
GONE = "gone"
KEPT = timedelta(days=35)
"""Of instances: longer than Cloudflare keeps them."""
ROLLED_UP = {Span.MINUTE: timedelta(days=2), Span.HOUR: timedelta(days=40)}
"""How long samples of a span are kept; longer spans carry on."""
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


def lease_take(account: Account, *, now: datetime) -> bool:
    """Whether this process samples the account now: one at a time does, wherever it runs."""
    Sampling.objects.get_or_create(account=account)
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    taken = Sampling.objects.filter(free, account=account)
    return taken.update(leased_until=now + LEASE, tried=now) == 1


def lease_end(account: Account, *, problem: str = "") -> None:
    """Gives the lease back. `problem` is a sentence of ours on what went wrong."""
    Sampling.objects.filter(account=account).update(leased_until=None, problem=problem)


def sample(account: Account, api: cf.WorkflowsApi, *, calls: int) -> None:
    """One round: counts of every workflow (4.1), then the instances that are new or changed.

    Makes at most `calls` upstream calls; what doesn't fit waits for the next round.
    Raises CloudflareError when the API can't be asked.
    """
    allowance, now = Allowance(calls), timezone.now()
    state = Sampling.objects.get_or_create(account=account)[0]
    workflows = list(all_workflows(api, allowance))
    keep_counts(account, workflows, now)
    kept = allowance.left // KEPT_FOR_DETAILS
    lists = Allowance(allowance.left - kept)
    try:
        note_reach(state, workflows, now, whole=see_all(state, api, workflows, lists, now))
    finally:
        state.save(update_fields=["sampled", "whole_since", "reached"])
    read_details(account, api, Allowance(max(lists.left, 0) + kept))
    forget_old(account, now)


def see_all(
    state: Sampling,
    api: cf.WorkflowsApi,
    workflows: Sequence[cf.Workflow],
    allowance: Allowance,
    now: datetime,
) -> bool:
    """Walks the workflows, those first that were not walked for longest; whom no call is left for
    waits for the next round. False when one had more new instances than all calls could tell of.
    """
    whole, everything = True, allowance.left
    for workflow in sorted(workflows, key=lambda one: state.reached.get(one.name, "")):
        if allowance.left <= 0:
            break
        last, alone = state.reached.get(workflow.name), allowance.left == everything
        since = datetime.fromisoformat(last) - OVERLAP if last else now - FIRST_LOOK
        try:
            there = see_new(state.account, api, workflow, since, allowance)
        except cf.NotFound:
            there = True  # deleted since it was listed
        except (cf.ServerError, cf.BadResponse) as error:
            what = type(error).__name__
            logger.warning("sampling_list_failed workflow=%s kind=%s", workflow.name, what)
            continue  # it must not keep the others from being seen
        if there or alone:  # else it comes first in the next round, with all the calls
            state.reached[workflow.name] = now.isoformat()
        whole = whole and (there or not alone)
    return whole


def note_reach(
    state: Sampling, workflows: Sequence[cf.Workflow], now: datetime, *, whole: bool
) -> None:
    """Writes down from when to when all workflows were looked at."""
    names = {workflow.name for workflow in workflows}
    state.reached = {name: at for name, at in state.reached.items() if name in names}
    everywhere = len(state.reached) == len(names)
    if not whole or state.whole_since is None:
        state.whole_since = now - FIRST_LOOK if whole and everywhere else now
    if everywhere:
        state.sampled = datetime.fromisoformat(min(state.reached.values(), default=now.isoformat()))


def all_workflows(api: cf.WorkflowsApi, allowance: Allowance) -> Iterator[cf.Workflow]:
    page = 1
    while allowance.take():
        found = api.list_workflows(page=page, per_page=PER_PAGE)
        for item in found.items:
            if api.capabilities.list_counts:
                yield item
            elif allowance.take():
                yield api.get_workflow(item.name)
        if not found.has_next:
            return
        page += 1


def keep_counts(account: Account, workflows: Iterable[cf.Workflow], now: datetime) -> None:
    """The last counts of each span that `now` is in; later ones replace earlier ones."""
    spans = {
        Span.MINUTE: now.replace(second=0, microsecond=0),
        Span.HOUR: now.replace(minute=0, second=0, microsecond=0),
        Span.DAY: now.replace(hour=0, minute=0, second=0, microsecond=0),
    }
    CountSample.objects.bulk_create(
        [
            CountSample(
                account=account,
                workflow=workflow.name,
                span=span,
                at=at,
                counts=dict(workflow.instances),
            )
            for workflow in workflows
            if workflow.instances is not None
            for span, at in spans.items()
        ],
        update_conflicts=True,
        unique_fields=["account", "span", "at", "workflow"],
        update_fields=["counts"],
    )


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


def read_details(account: Account, api: cf.WorkflowsApi, allowance: Allowance) -> None:
    """Reads instances one by one (4.12): why the failed ones failed, and what became of those that
    no list has told of for a while."""
    wanted = list(chain(unread_failures(account), unfinished(account)))
    calls = [partial(read_detail, api, row) for row in wanted if allowance.take()]
    for row in all_of(calls):
        if row is not None:
            row.save()


def unread_failures(account: Account) -> QuerySet[SeenInstance]:
    failed = SeenInstance.objects.filter(account=account, status="errored", fingerprint="")
    return failed.order_by("-ended")[:MOST_FAILURES]


def unfinished(account: Account) -> QuerySet[SeenInstance]:
    """Those that wait for nobody knows what come first, then those longest not told of."""
    alive = SeenInstance.objects.filter(account=account).exclude(status__in=[*cf.FINISHED, GONE])
    unknown = Case(When(status="waiting", looked_into=None, then=0), default=1)
    return alive.order_by(unknown, "read")[:MOST_UNFINISHED]


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


def forget_old(account: Account, now: datetime) -> None:
    for span, kept in ROLLED_UP.items():
        CountSample.objects.filter(account=account, span=span, at__lt=now - kept).delete()
    SeenInstance.objects.filter(account=account, read__lt=now - KEPT).delete()
