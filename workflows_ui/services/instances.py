"""Writes to one instance. Each is sent once, after it was written into the trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.recording import Act
from workflows_ui import cloudflare as cf
from workflows_ui.services.acts import acting
from workflows_ui.services.snapshots import snapshot_take

CLOCKS_DIFFER = timedelta(minutes=1)


class NotDone(Exception):
    """The act was not done. What the API answered stays readable for the trail."""

    maybe_done = False

    def __init__(self, message: str, error: cf.CloudflareError | None = None) -> None:
        super().__init__(message)
        self.error = error
        if error is not None:
            self.status, self.code, self.ray_id = error.status, error.code, error.ray_id


class AlreadyExists(NotDone):
    """The workflow has an instance of this id already."""


class StateForbids(NotDone):
    """The instance's status doesn't allow the act. `now` is its status."""

    def __init__(self, now: str, error: cf.CloudflareError | None = None) -> None:
        super().__init__(f"The instance is {now}.", error)
        self.now = now


class StepMissing(NotDone):
    """The API refused to restart from a step in a status that allows it: it has no such step."""


class NoSnapshot(NotDone):
    """The instance could not be read, so no copy could be kept."""


class OutcomeUnknown(NotDone):
    """The create got no answer, and whether the instance exists could not be told."""

    maybe_done = True

    def __init__(self, instance_id: str, error: cf.CloudflareError) -> None:
        super().__init__(error.message, error)
        self.instance_id = instance_id
        self.lost = error


def instance_create(
    *, actor: Actor, api: cf.WorkflowsApi, workflow: str, new: cf.NewInstance, again: str = ""
) -> cf.CreatedInstance:
    """Triggers one instance (4.6), sent once only. `again` is the instance whose params it has.

    A create whose answer was lost is settled by asking for its id. Raises AlreadyExists,
    OutcomeUnknown, or the CloudflareError that says why nothing was made.
    """
    facts = {"params": None if new.params is cf.NOTHING else new.params}
    with acting(
        actor,
        AuditAction.INSTANCE_CREATE,
        workflow=workflow,
        instance_id=new.instance_id,
        detail=create_detail(new, again),
        **facts,
    ) as act:
        created = created_once(api, workflow, new, act.attempt.at)
        act.succeeded(instance_id=created.id, detail={"status": created.status})
    return created


def created_once(
    api: cf.WorkflowsApi, workflow: str, new: cf.NewInstance, since: datetime
) -> cf.CreatedInstance:
    """The create itself, settled when its answer was lost. `since` is when it was set out to."""
    try:
        return api.create_instance(workflow, new)
    except cf.CloudflareError as error:
        if taken(error):
            raise AlreadyExists(new.instance_id, error) from None
        if not error.maybe_done:
            raise
        return settled(api, workflow, new.instance_id, error, since)


def create_detail(new: cf.NewInstance, again: str) -> dict[str, Any]:
    keep = new.retention or cf.Retention()
    chosen = {
        "again": again,
        "success_retention": keep.success_retention,
        "error_retention": keep.error_retention,
        "location_hint": new.location_hint,
    }
    return {name: value for name, value in chosen.items() if value}


def taken(error: cf.CloudflareError) -> bool:
    return error.code == cf.ALREADY_EXISTS or isinstance(error, cf.Conflict)


def settled(
    api: cf.WorkflowsApi, workflow: str, instance_id: str, lost: cf.CloudflareError, since: datetime
) -> cf.CreatedInstance:
    """The instance whose create got no answer, if it is there and no older than the create.

    A "not found" now proves nothing: the create may still be on its way.
    """
    try:
        detail = api.get_instance(workflow, instance_id, simple=True)
    except cf.CloudflareError:
        raise OutcomeUnknown(instance_id, lost) from None
    if detail.queued and detail.queued < since - CLOCKS_DIFFER:
        raise AlreadyExists(instance_id, lost)
    return cf.CreatedInstance(
        id=instance_id,
        status=detail.status,
        version_id=detail.version_id,
        trigger_source=detail.trigger_source,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The instance that is acted on, by whom, through which client, and why."""

    actor: Actor
    api: cf.WorkflowsApi
    workflow: str
    instance: str
    reason: str = ""

    def acting(self, action: AuditAction, **facts: Any) -> AbstractContextManager[Act]:
        return acting(
            self.actor,
            action,
            workflow=self.workflow,
            instance_id=self.instance,
            reason=self.reason,
            **facts,
        )


def instance_pause(target: Target) -> cf.StatusChanged:
    """Pauses (4.15): a running step finishes first. Raises StateForbids or CloudflareError."""
    return change(target, AuditAction.INSTANCE_PAUSE, cf.InstanceAction.PAUSE)


def instance_resume(target: Target) -> cf.StatusChanged:
    """Resumes a paused instance (4.15). Raises StateForbids or CloudflareError."""
    return change(target, AuditAction.INSTANCE_RESUME, cf.InstanceAction.RESUME)


def instance_restart(
    target: Target, *, step: cf.RestartFrom | None = None, snapshot: bool = True
) -> cf.StatusChanged:
    """Restarts from the beginning, or from a step (4.15, 7.4): what ran is forgotten upstream.

    Raises NoSnapshot, StepMissing, StateForbids or CloudflareError.
    """
    action = AuditAction.INSTANCE_RESTART_FROM if step else AuditAction.INSTANCE_RESTART
    detail = {"step": step.name, "count": step.count, "type": step.type} if step else {}
    with losing(target, action, detail, snapshot=snapshot) as act:
        try:
            changed = status_call(target, cf.InstanceAction.RESTART, restart_from=step)
        except StateForbids as forbidden:
            # any other status may be restarted (7.3), so it is the step that is refused
            if step and forbidden.now != cf.InstanceStatus.ROLLING_BACK:
                raise StepMissing(step.name, forbidden.error) from forbidden
            raise
        act.succeeded(detail={"status": changed.status})
    return changed


def instance_terminate(
    target: Target, *, rollback: bool = False, snapshot: bool = True
) -> cf.StatusChanged:
    """Terminates, with `rollback` after the rollback handlers have run (4.15).

    Raises NoSnapshot, StateForbids or CloudflareError.
    """
    detail = {"rollback": True} if rollback else {}
    with losing(target, AuditAction.INSTANCE_TERMINATE, detail, snapshot=snapshot) as act:
        changed = status_call(target, cf.InstanceAction.TERMINATE, rollback=rollback or None)
        act.succeeded(detail={"status": changed.status})
    return changed


def instance_delete(target: Target, *, snapshot: bool = True) -> cf.InstanceDeleted:
    """Stops and deletes, whatever the status (4.13). Raises NoSnapshot or CloudflareError."""
    with losing(target, AuditAction.INSTANCE_DELETE, {}, snapshot=snapshot):
        return target.api.delete_instance(target.workflow, target.instance)


def instance_event(target: Target, *, event_type: str, payload: cf.Json) -> cf.EventSent:
    """Sends an event (4.16), once: a second sending is a second event.

    Raises StateForbids for one that has ended, or CloudflareError.
    """
    with target.acting(
        AuditAction.INSTANCE_EVENT, params=payload, detail={"event_type": event_type}
    ):
        try:
            return target.api.send_event(target.workflow, target.instance, event_type, payload)
        except (cf.Conflict, cf.Invalid) as refused:
            status = status_now(target)
            if status in cf.FINISHED:
                raise StateForbids(str(status), refused) from refused
            raise


def change(target: Target, action: AuditAction, verb: cf.InstanceAction) -> cf.StatusChanged:
    with target.acting(action) as act:
        changed = status_call(target, verb)
        if changed.status in cf.FINISHED:
            # the local engine says yes to an ended instance, and does nothing
            raise StateForbids(str(changed.status))
        act.succeeded(detail={"status": changed.status})
    return changed


def status_call(target: Target, verb: cf.InstanceAction, **options: Any) -> cf.StatusChanged:
    """The status call; a refusal that the status explains names the status of now."""
    try:
        return target.api.change_instance_status(target.workflow, target.instance, verb, **options)
    except (cf.Conflict, cf.Invalid) as refused:
        status = status_now(target)
        if status is None or refused.maybe_done:
            raise
        raise StateForbids(status, refused) from refused


def status_now(target: Target) -> str | None:
    try:
        return target.api.get_instance(target.workflow, target.instance, simple=True).status
    except cf.CloudflareError:
        return None


@contextmanager
def losing(
    target: Target, action: AuditAction, detail: dict[str, Any], *, snapshot: bool
) -> Iterator[Act]:
    """An act that makes the API forget: a snapshot is kept first, unless somebody chose otherwise.

    Raises NoSnapshot when the instance can't be read.
    """
    if not snapshot:
        detail = detail | {"snapshot": "left out by choice"}
    with target.acting(action, detail=detail) as act:
        if snapshot:
            keep_copy(target, act)
        yield act


def keep_copy(target: Target, act: Act) -> None:
    account = target.actor.account
    assert account is not None  # noqa: S101 - an instance is always on an account
    try:
        snapshot_take(
            api=target.api,
            account=account,
            workflow=target.workflow,
            instance=target.instance,
            attempt_sequence=act.sequence,
        )
    except cf.NotFound:
        raise
    except cf.CloudflareError as error:
        raise NoSnapshot(error.message, error) from error
