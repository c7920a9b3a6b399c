"""Terminating all instances of a status, round by round: a list (4.5) and a batch (4.8) each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.models import Entry, Outcome
from console.audit.recording import Act, AlreadySettled, settle
from workflows_ui import cloudflare as cf
from workflows_ui.models import Sweep
from workflows_ui.services.batches import LOT, Fate, Many
from workflows_ui.services.ticked import JobRunning, instances_terminate

LONGEST_ROUND = timedelta(minutes=10)
"""A round under way for longer died with its process."""
MOST_PAGES = 50


def sweep_start(
    *, actor: Actor, workflow: str, status: str, reason: str, without_copy: bool
) -> Sweep:
    """Writes down that all instances of the status are to be terminated; the rounds do it."""
    act = actor.begin(
        AuditAction.WORKFLOW_TERMINATE_ALL,
        workflow=workflow,
        reason=reason,
        detail={"status": status},
    )
    assert actor.account is not None  # noqa: S101 - a workflow is always on an account
    return Sweep.objects.create(
        account=actor.account,
        workflow=workflow,
        status=status,
        actor=actor.user,
        reason=reason,
        without_copy=without_copy,
        attempt_sequence=act.sequence,
    )


def sweep_round(sweep: Sweep, *, actor: Actor, api: cf.WorkflowsApi) -> None:
    """One round, or the end when none is left that was not sent before.

    Does nothing while another round is under way. Raises JobRunning while the API still works on
    the last one, and CloudflareError when the round was refused; then it may be tried again.
    """
    if not claimed(sweep):
        return
    try:
        if api.capabilities.terminate_all and api.get_terminate_job(sweep.workflow) == "running":
            raise JobRunning
        found, left = next_ids(sweep, api)
        if found:
            many = Many(
                actor=actor,
                api=api,
                workflow=sweep.workflow,
                ids=found,
                record=sweep,
                reason=sweep.reason,
                detail={"sweep": sweep.pk, "round": sweep.rounds + 1},
            )
            count_round(sweep, instances_terminate(many, snapshot=not sweep.without_copy))
        else:
            sweep_end(sweep, left=left)
    finally:
        Sweep.objects.filter(pk=sweep.pk).update(busy_since=None)
        sweep.refresh_from_db()


def sweep_stop(sweep: Sweep, *, by: str) -> None:
    """Ends it for good with what was done so far."""
    sweep_end(sweep, left=0, stopped_by=by)


def claimed(sweep: Sweep) -> bool:
    now = timezone.now()
    free = Q(busy_since=None) | Q(busy_since__lt=now - LONGEST_ROUND)
    return bool(Sweep.objects.filter(free, pk=sweep.pk, ended=None).update(busy_since=now))


def next_ids(sweep: Sweep, api: cf.WorkflowsApi) -> tuple[list[str], int]:
    """Up to 100 that no round has sent yet, and how many others are still there.

    Those created after the start are left alone: the sweep has an end.
    """
    left: list[str] = []

    def unsent() -> Iterator[str]:
        for instance in listed(sweep, api):
            if instance in sweep.fates:
                left.append(instance)
            else:
                yield instance

    return list(islice(unsent(), LOT)), len(left)


def listed(sweep: Sweep, api: cf.WorkflowsApi) -> Iterator[str]:
    cursor = None
    for _ in range(MOST_PAGES):
        page = api.list_instances(
            sweep.workflow,
            cursor=cursor,
            per_page=LOT,
            direction="asc",
            status=sweep.status,
            date_end=sweep.started,
        )
        yield from (row.id for row in page.items)
        cursor = page.cursor
        if cursor is None:
            return


def count_round(sweep: Sweep, fates: list[Fate]) -> None:
    done = sum(fate.outcome == Outcome.SUCCEEDED for fate in fates)
    Sweep.objects.filter(pk=sweep.pk).update(
        rounds=F("rounds") + 1, terminated=F("terminated") + done
    )


def sweep_end(sweep: Sweep, *, left: int, stopped_by: str = "") -> None:
    """Ends it, once, and writes down what came of the whole."""
    if not Sweep.objects.filter(pk=sweep.pk, ended=None).update(ended=timezone.now(), left=left):
        return
    sweep.refresh_from_db()
    detail: dict[str, Any] = {"terminated": sweep.terminated, "rounds": sweep.rounds, "left": left}
    if stopped_by:
        detail["stopped_by"] = stopped_by
    whole = not left and not stopped_by
    attempt = Entry.objects.get(sequence=sweep.attempt_sequence)
    outcome = Outcome.SUCCEEDED if whole else Outcome.FAILED
    try:
        settle(Act(attempt), outcome=outcome, detail=detail)
    except AlreadySettled:
        return
