"""Acts on instances that are there: those that were ticked, or that a sweep finds."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import batched, chain
from typing import Any

from console.audit.actions import AuditAction
from console.audit.models import Outcome
from console.audit.recording import Act
from workflows_ui import cloudflare as cf
from workflows_ui.models import Batch, Snapshot
from workflows_ui.services.batches import (
    LOT,
    Fate,
    Many,
    acting_on_many,
    conclude,
    looked_up,
    sending,
    until_limited,
)
from workflows_ui.services.instances import NotDone
from workflows_ui.services.snapshots import MOST_OUTPUTS, snapshot_read
from workflows_ui.side_by_side import few_at_once

TERMINABLE_ID = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_-]{0,99}")
"""What 4.8 takes; ids made by a schedule don't fit."""
ALREADY_RUNNING = "already_running"
JOB_LOOKS, JOB_PAUSE = 8, 1.0
"""How often a terminate job is looked at, and the seconds between."""


class JobRunning(NotDone):
    """The workflow's terminate job is under way, and there is one at a time. Nothing was done."""

    def __init__(self) -> None:
        super().__init__("Another terminate job of this workflow is under way.")


def ticked_act(batch: Batch, many: Many, act: Callable[..., list[Fate]], *, snapshot: bool) -> None:
    """Does one of the acts below for a form. One that did nothing leaves no batch behind."""
    try:
        with sending(batch, many.ids):
            act(many, snapshot=snapshot)
    except (cf.CloudflareError, JobRunning):
        batch.delete()
        raise


def instances_restart(many: Many, *, snapshot: bool = True) -> list[Fate]:
    """Restarts each from the beginning (4.15). Raises CloudflareError when nothing was done."""
    return act_on_many(
        many, AuditAction.BATCH_RESTART, AuditAction.INSTANCE_RESTART, restart_lot, snapshot
    )


def instances_terminate(many: Many, *, snapshot: bool = True) -> list[Fate]:
    """Terminates them (4.8). Raises JobRunning, or CloudflareError when nothing was done."""
    return act_on_many(
        many, AuditAction.BATCH_TERMINATE, AuditAction.INSTANCE_TERMINATE, terminate_lot, snapshot
    )


def instances_delete(many: Many, *, snapshot: bool = True) -> list[Fate]:
    """Stops and deletes them (4.9). Raises CloudflareError when nothing was done."""
    return act_on_many(
        many, AuditAction.BATCH_DELETE, AuditAction.INSTANCE_DELETE, delete_lot, snapshot
    )


def act_on_many(
    many: Many,
    action: AuditAction,
    part: AuditAction,
    send: Callable[[Many, Sequence[str]], list[Fate]],
    snapshot: bool,
) -> list[Fate]:
    """Copies first, then lot by lot. Those that can't be read are left alone, unless `snapshot`
    is False: then they are acted on without a copy."""
    with acting_on_many(many, action) as act:
        ready, fates = keep_copies(many, act, action, leave_unread=snapshot)
        for count, lot in enumerate(batched(ready, LOT, strict=False)):
            try:
                fates += send(many, lot)
            except (cf.CloudflareError, JobRunning) as error:
                if not count:
                    raise
                fates += refused(ready[count * LOT :], error)
                break
        conclude(many, act, part, fates)
    return fates


def refused(ids: Iterable[str], error: cf.CloudflareError | JobRunning) -> list[Fate]:
    lost = error if isinstance(error, cf.CloudflareError) else None
    return [Fate(one, Outcome.FAILED, f"Not sent: {error}", lost) for one in ids]


def keep_copies(
    many: Many, act: Act, action: AuditAction, *, leave_unread: bool
) -> tuple[list[str], list[Fate]]:
    """Keeps a snapshot of each. Those to act on, and the fates of those that are left alone."""
    reads = [partial(copy_of, many, act, one) for one in many.ids]
    ready, fates = [], []
    for instance, found in zip(many.ids, chain.from_iterable(few_at_once(reads)), strict=True):
        if isinstance(found, Snapshot):
            found.save()
            if action == AuditAction.BATCH_TERMINATE and found.status in cf.FINISHED:
                fates.append(Fate(instance, Outcome.FAILED, f"It is {found.status} already."))
                continue
            if many.only and found.status != many.only:
                note = f"Left alone: it is {found.status} now, not {many.only}."
                fates.append(Fate(instance, Outcome.FAILED, note))
                continue
        elif leave_unread or many.only or isinstance(found, cf.NotFound):
            note = f"Left alone, no copy could be kept: {found.message}"
            fates.append(Fate(instance, Outcome.FAILED, note, found))
            continue
        ready.append(instance)
    return ready, fates


def copy_of(many: Many, act: Act, instance: str) -> Snapshot | cf.CloudflareError:
    account = many.actor.account
    assert account is not None  # noqa: S101 - an instance is always on an account
    try:
        return snapshot_read(
            api=many.api,
            account=account,
            workflow=many.workflow,
            instance=instance,
            attempt_sequence=act.sequence,
            outputs=max(MOST_OUTPUTS // len(many.ids), 1),
        )
    except cf.CloudflareError as error:
        return error


def restart_lot(many: Many, ids: Sequence[str]) -> list[Fate]:
    return one_by_one(many, ids, partial(status_call, cf.InstanceAction.RESTART))


def terminate_lot(many: Many, ids: Sequence[str]) -> list[Fate]:
    fit = many.api.capabilities.batch_terminate
    together = [one for one in ids if fit and TERMINABLE_ID.fullmatch(one)]
    alone = [one for one in ids if one not in set(together)]
    fates = terminate_together(many, together) if together else []
    return fates + one_by_one(many, alone, partial(status_call, cf.InstanceAction.TERMINATE))


def terminate_together(many: Many, ids: Sequence[str]) -> list[Fate]:
    """The job has its effect later. When it counts fewer than were sent, each is looked at."""
    try:
        job = many.api.terminate_instances(many.workflow, ids)
        if job.status == ALREADY_RUNNING and job_ends(many):
            job = many.api.terminate_instances(many.workflow, ids)
    except cf.CloudflareError as error:
        if not error.maybe_done:
            raise
        return looked_up(many, ids, partial(ended_after_all, many))
    if job.status == ALREADY_RUNNING:
        raise JobRunning
    if job.instances_terminated in (None, len(ids)):
        return [Fate(one) for one in ids]
    return looked_up(many, ids, partial(ended_after_all, many))


def job_ends(many: Many) -> bool:
    """Waits a little for the job that is under way; one of an earlier lot ends soon."""
    for _ in range(JOB_LOOKS):
        time.sleep(JOB_PAUSE)
        if many.api.get_terminate_job(many.workflow) != "running":
            return True
    return False


def ended_after_all(many: Many, instance: str) -> Fate:
    try:
        status = many.api.get_instance(many.workflow, instance, simple=True).status
    except cf.CloudflareError as error:
        return Fate(instance, Outcome.UNKNOWN, f"It could not be looked at: {error.message}", error)
    if status == cf.InstanceStatus.TERMINATED:
        return Fate(instance)
    if status in cf.FINISHED:
        return Fate(instance, Outcome.FAILED, f"It is {status}.")
    return Fate(instance, Outcome.UNKNOWN, f"It was still {status} when looked at.")


def delete_lot(many: Many, ids: Sequence[str]) -> list[Fate]:
    if not many.api.capabilities.batch_delete:
        return one_by_one(many, ids, many_delete)
    try:
        answer = many.api.delete_instances(many.workflow, ids)
    except cf.CloudflareError as error:
        if not error.maybe_done:
            raise
        return looked_up(many, ids, partial(gone_after_all, many))
    refused = {item.id: item for item in answer.errors}
    return [deletion(one, one in answer.deleted, refused.get(one)) for one in ids]


def deletion(instance: str, deleted: bool, refused: cf.RefusedItem | None) -> Fate:
    if deleted:
        return Fate(instance)
    if refused:
        error = cf.ApiError(refused.message, code=refused.code)
        return Fate(instance, Outcome.FAILED, refused.message, error)
    return Fate(instance, Outcome.UNKNOWN, "The answer does not speak of it.")


def gone_after_all(many: Many, instance: str) -> Fate:
    try:
        many.api.get_instance(many.workflow, instance, simple=True)
    except cf.NotFound:
        return Fate(instance)
    except cf.CloudflareError as error:
        return Fate(instance, Outcome.UNKNOWN, f"It could not be looked at: {error.message}", error)
    return Fate(instance, Outcome.UNKNOWN, "No answer came, and it is still there.")


# --- Calls one by one ------------------------------------------------------------------------

Call = Callable[[Many, str], Any]


def status_call(verb: cf.InstanceAction, many: Many, instance: str) -> None:
    many.api.change_instance_status(many.workflow, instance, verb)


def many_delete(many: Many, instance: str) -> None:
    many.api.delete_instance(many.workflow, instance)


def one_by_one(many: Many, ids: Sequence[str], call: Call) -> list[Fate]:
    calls = [partial(called, many, one, call) for one in ids]
    return until_limited(ids, few_at_once(calls))


def called(many: Many, instance: str, call: Call) -> Fate:
    try:
        call(many, instance)
    except cf.CloudflareError as error:
        return Fate.of(instance, error)
    return Fate(instance)
