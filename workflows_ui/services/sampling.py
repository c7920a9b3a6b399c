"""Looking at an account in the background: counts by the minute, and which instances there are.

Charts, failures grouped by their reason, and lists across workflows stand on what is kept here.
Nothing is written upstream.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from console.team.models import Account
from workflows_ui import cloudflare as cf
from workflows_ui.models import CountSample, EndedRun, Sampling, SeenInstance, Span
from workflows_ui.services.seeing import (
    PER_PAGE,
    Allowance,
    read_details,
    see_alive,
    see_ended,
    see_new,
)

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)
LONGEST_CALL = timedelta(seconds=cf.TIME_LIMIT)
FIRST_LOOK = timedelta(hours=24)
"""How far back the first round looks."""
OVERLAP = timedelta(minutes=2)
KEPT_FOR_DETAILS = 4
"""One call in so many is for these, however much there is to list."""
KEPT = timedelta(days=35)
"""Of instances: longer than Cloudflare keeps them."""
ROLLED_UP = {Span.MINUTE: timedelta(days=2), Span.HOUR: timedelta(days=40)}
"""How long samples of a span are kept; longer spans carry on."""


def lease_take(account: Account, *, now: datetime) -> datetime | None:
    """Until when this process samples the account; None while another one does. One at a time
    does, wherever it runs."""
    Sampling.objects.get_or_create(account=account)
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    taken = Sampling.objects.filter(free, account=account)
    return now + LEASE if taken.update(leased_until=now + LEASE, tried=now) else None


def lease_end(account: Account, until: datetime, *, problem: str = "") -> None:
    """Gives the lease back, unless it ran out and is another's by now. `problem` is a sentence of
    ours on what went wrong."""
    mine = Sampling.objects.filter(account=account, leased_until=until)
    mine.update(leased_until=None, problem=problem)


def sample(account: Account, api: cf.WorkflowsApi, *, calls: int) -> list[str]:
    """One round: counts of every workflow (4.1), then the instances that are new or changed. Gives
    the workflows whose instances the API would not list.

    Makes at most `calls` upstream calls, and none that could last longer than the lease; what
    doesn't fit waits for the next round. Raises CloudflareError when the API can't be asked.
    """
    now = timezone.now()
    allowance = Allowance(calls, until=now + LEASE - LONGEST_CALL)
    state = Sampling.objects.get_or_create(account=account)[0]
    # by name: a list that changed between two calls may tell of one twice
    workflows = list({one.name: one for one in all_workflows(api, allowance)}.values())
    keep_counts(account, workflows, now)
    lists = allowance.part(allowance.left - allowance.left // KEPT_FOR_DETAILS)
    details = allowance.part(allowance.left - lists.left)
    try:
        whole, refused = see_all(state, api, workflows, lists, now)
        note_reach(state, workflows, now, whole=whole)
    finally:
        state.save(update_fields=["sampled", "whole_since", "reached"])
    went_on = see_ended(account, api, see_alive(account, api, workflows, lists), lists)
    details.left += max(lists.left, 0)
    note_unread(state, read_details(account, api, details, went_on))
    forget_old(account, now)
    return refused


def see_all(
    state: Sampling,
    api: cf.WorkflowsApi,
    workflows: Sequence[cf.Workflow],
    allowance: Allowance,
    now: datetime,
) -> tuple[bool, list[str]]:
    """Walks the workflows, those first that were not walked for longest; whom no call is left for
    waits for the next round. False when one had more new instances than all calls could tell of.
    Names those that could not be listed.
    """
    whole, refused, everything = True, list[str](), allowance.left
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
            refused.append(workflow.name)
            continue  # it must not keep the others from being seen
        if there or alone:  # else it comes first in the next round, with all the calls
            state.reached[workflow.name] = now.isoformat()
        whole = whole and (there or not alone)
    return whole, refused


def note_reach(
    state: Sampling, workflows: Sequence[cf.Workflow], now: datetime, *, whole: bool
) -> None:
    """Writes down from when to when all workflows were looked at."""
    names = {workflow.name for workflow in workflows}
    state.reached = {name: at for name, at in state.reached.items() if name in names}
    everywhere = len(state.reached) == len(names)
    # what was created and has expired meanwhile, nobody can tell
    away = state.sampled is not None and state.sampled < now - FIRST_LOOK
    if not whole or away or state.whole_since is None:
        state.whole_since = now - FIRST_LOOK if whole and everywhere else now
    if everywhere:
        state.sampled = datetime.fromisoformat(min(state.reached.values(), default=now.isoformat()))


def note_unread(state: Sampling, unread: Sequence[SeenInstance]) -> None:
    """Writes down since when those were not told of that no call was left for."""
    newest_first = sorted(unread, key=lambda row: row.read, reverse=True)
    state.unread = {row.workflow: row.read.isoformat() for row in newest_first}
    state.save(update_fields=["unread"])


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


def forget_old(account: Account, now: datetime) -> None:
    for span, kept in ROLLED_UP.items():
        CountSample.objects.filter(account=account, span=span, at__lt=now - kept).delete()
    SeenInstance.objects.filter(account=account, read__lt=now - KEPT).delete()
    EndedRun.objects.filter(account=account, ended__lt=now - KEPT).delete()
