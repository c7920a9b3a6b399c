"""Many instances at once: each act is one in the trail, with a part for every instance. Creating
them is here, acting on those that are there in `ticked`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import batched, chain
from typing import Any
from uuid import UUID

from django.utils import timezone

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.models import Outcome
from console.audit.recording import Act
from workflows_ui import cloudflare as cf
from workflows_ui.models import Batch, Sweep
from workflows_ui.models.batches import EXISTS
from workflows_ui.services.acts import acting
from workflows_ui.services.instances import (
    AlreadyExists,
    NotDone,
    OutcomeUnknown,
    created_once,
    settled,
)
from workflows_ui.side_by_side import few_at_once

LOT = 100
"""Instances of one call (4.7 to 4.9)."""
CREATES_AT_ONCE = 4
NOT_SENT = "Not sent: what went before was refused."


class Unfinished(NotDone):
    """A part of a batch was not sent, or nobody knows its end. Sending it again goes on."""

    def __init__(self, error: cf.CloudflareError) -> None:
        super().__init__(error.message, error)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one instance, and in words why, if not what was asked for."""

    instance: str
    outcome: Outcome = Outcome.SUCCEEDED
    note: str = ""
    error: cf.CloudflareError | None = None

    @classmethod
    def of(cls, instance: str, error: cf.CloudflareError, note: str = "") -> Fate:
        outcome = Outcome.UNKNOWN if error.maybe_done else Outcome.FAILED
        return cls(instance, outcome, note or error.message, error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """The instances that are acted on, by whom, through which client, and why.

    `record` keeps what becomes of each; `detail` is what the trail says besides. With `only`, those
    that have another status by now are left alone.
    """

    actor: Actor
    api: cf.WorkflowsApi
    workflow: str
    ids: Sequence[str]
    record: Batch | Sweep
    reason: str = ""
    only: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


def batch_open(*, actor: Actor, workflow: str, key: UUID, action: AuditAction) -> Batch:
    """The batch of a form: a new one, or the one that an earlier sending began."""
    batch, _ = Batch.objects.get_or_create(
        key=key,
        account=actor.account,
        workflow=workflow,
        actor=actor.user,
        defaults={"action": action},
    )
    return batch


@contextmanager
def sending(batch: Batch, ids: Sequence[str]) -> Iterator[None]:
    """Says of the batch that it is under way, and, whatever happens, when it no longer is."""
    batch.ids, batch.ended = list(ids), None
    batch.save(update_fields=["ids", "ended"])
    try:
        yield
    finally:
        batch.ended = timezone.now()
        batch.save(update_fields=["ended"])


@contextmanager
def acting_on_many(many: Many, action: AuditAction, **facts: Any) -> Iterator[Act]:
    """One act on many instances, noted in its record before anything is sent."""
    detail = {"ids": list(many.ids)} | many.detail
    with acting(
        many.actor, action, workflow=many.workflow, reason=many.reason, detail=detail, **facts
    ) as act:
        many.record.acts = [*many.record.acts, act.sequence]
        many.record.save(update_fields=["acts"])
        yield act


def conclude(many: Many, act: Act, part: AuditAction, fates: Sequence[Fate]) -> None:
    """Writes a part for each instance, and what they come to as a whole."""
    many.record.fates |= {fate.instance: (str(fate.outcome), fate.note) for fate in fates}
    many.record.save(update_fields=["fates"])
    counts = dict.fromkeys((Outcome.SUCCEEDED, Outcome.FAILED, Outcome.UNKNOWN), 0)
    for fate in fates:
        counts[fate.outcome] += 1
        error = fate.error
        act.part(
            part,
            fate.instance,
            fate.outcome,
            status=error and error.status,
            code=error and error.code,
            ray_id=error.ray_id if error else "",
            detail={"note": fate.note} if fate.note else None,
        )
    detail = {"detail": {str(outcome): count for outcome, count in counts.items()}}
    if counts[Outcome.UNKNOWN]:
        act.unknown(**detail)
    elif counts[Outcome.SUCCEEDED]:
        act.succeeded(**detail)
    else:
        act.failed(**detail)


def until_limited(ids: Sequence[str], lots: Iterable[list[Fate]]) -> list[Fate]:
    """The fates as they come; once the API wants a pause, the rest is not sent."""
    fates: list[Fate] = []
    for lot in lots:
        fates += lot
        if any(isinstance(fate.error, cf.RateLimited) for fate in lot):
            break
    return fates + [Fate(one, Outcome.FAILED, NOT_SENT) for one in ids[len(fates) :]]


def looked_up(many: Many, ids: Sequence[str], verdict: Callable[[str], Fate]) -> list[Fate]:
    """What each came to, asked of the API side by side after an answer was lost."""
    return list(chain.from_iterable(few_at_once([partial(verdict, one) for one in ids])))


# --- Create ----------------------------------------------------------------------------------


def batch_create(
    batch: Batch, *, actor: Actor, api: cf.WorkflowsApi, new: Sequence[cf.NewInstance]
) -> None:
    """Triggers up to 1,000 instances, in rounds of 100 that are acts of their own (4.7).

    What an earlier sending of the same form made is not asked for again. Raises Unfinished when a
    round was refused or its end is not known: the rounds after it are not sent. When even the
    first was refused, raises the CloudflareError that says why nothing was made.
    """
    made = {one for one, (outcome, _) in batch.fates.items() if outcome == Outcome.SUCCEEDED}
    with sending(batch, [one.instance_id for one in new]):
        rest = [one for one in new if one.instance_id not in made]
        for count, lot in enumerate(batched(rest, LOT, strict=False)):
            many = Many(
                actor=actor,
                api=api,
                workflow=batch.workflow,
                ids=[one.instance_id for one in lot],
                record=batch,
            )
            lost = round_create(many, lot, so_far=bool(made or count))
            if lost:
                raise Unfinished(lost)


def round_create(
    many: Many, new: Sequence[cf.NewInstance], *, so_far: bool
) -> cf.CloudflareError | None:
    """One round. The error of those nobody knows the end of, or that were refused."""
    params = [dict(one.params) if one.params is cf.NOTHING else one.params for one in new]
    with acting_on_many(many, AuditAction.INSTANCE_CREATE_BATCH, params=params) as act:
        create = create_together if many.api.capabilities.batch_create else create_one_by_one
        fates = create(many, new, act)
        conclude(many, act, AuditAction.INSTANCE_CREATE, fates)
        lost = stops(fates)
        if lost and not so_far and all(fate.outcome == Outcome.FAILED for fate in fates):
            raise lost
    return lost


def stops(fates: Sequence[Fate]) -> cf.CloudflareError | None:
    """The error after which no further round is sent; one row that is refused is not one."""
    errors = [fate.error for fate in fates if fate.error]
    whole = len(errors) == len(fates)
    return next(
        (each for each in errors if whole or each.maybe_done or isinstance(each, cf.RateLimited)),
        None,
    )


def create_together(many: Many, new: Sequence[cf.NewInstance], act: Act) -> list[Fate]:
    try:
        created = {one.id for one in many.api.create_instances(many.workflow, new)}
    except cf.CloudflareError as error:
        if not error.maybe_done:
            return [Fate.of(one, error) for one in many.ids]
        return looked_up(many, many.ids, partial(created_after_all, many, act, error))
    return [Fate(one) if one in created else exists(one) for one in many.ids]


def create_one_by_one(many: Many, new: Sequence[cf.NewInstance], act: Act) -> list[Fate]:
    calls = [partial(create_one, many, one, act) for one in new]
    return until_limited(many.ids, few_at_once(calls, CREATES_AT_ONCE))


def create_one(many: Many, new: cf.NewInstance, act: Act) -> Fate:
    return created_fate(
        new.instance_id, partial(created_once, many.api, many.workflow, new, act.attempt.at)
    )


def created_after_all(many: Many, act: Act, lost: cf.CloudflareError, instance: str) -> Fate:
    call = partial(settled, many.api, many.workflow, instance, lost, act.attempt.at)
    return created_fate(instance, call)


def created_fate(instance: str, call: Callable[[], cf.CreatedInstance]) -> Fate:
    try:
        call()
    except AlreadyExists:
        return exists(instance)
    except OutcomeUnknown as unknown:
        return Fate.of(instance, unknown.lost, "No answer came, and it could not be found (yet).")
    except cf.CloudflareError as error:
        return Fate.of(instance, error)
    return Fate(instance)


def exists(instance: str) -> Fate:
    return Fate(instance, Outcome.FAILED, EXISTS)
