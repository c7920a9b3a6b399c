"""Entries for pages to show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from console.audit.actions import AuditAction
from console.audit.models import Entry, Outcome
from console.audit.origin import Origin
from console.audit.recording import record_event, recording
from console.team.models import Account, User
from console.vault.models import ApiToken

HERE = Origin(address="192.0.2.7", session="abcdef0123456789")


def act(
    actor: User,
    account: Account,
    action: AuditAction = AuditAction.INSTANCE_RESTART,
    outcome: Outcome = Outcome.SUCCEEDED,
    *,
    answer: dict[str, Any] | None = None,
    **facts: Any,
) -> int:
    """An act with its outcome; its sequence."""
    given = {"workflow": "billing-run", "instance_id": "run-1", "origin": HERE} | facts
    token = ApiToken.objects.filter(owner=actor, account=account).first()
    given.setdefault("token", token)
    with recording(actor=actor, account=account, action=action, **given) as made:
        {"succeeded": made.succeeded, "failed": made.failed, "unknown": made.unknown}[outcome](
            **(answer or {})
        )
    return made.sequence


def unfinished(actor: User, account: Account, *, age: timedelta = timedelta()) -> int:
    """An attempt whose process died before the outcome, beside the chain."""
    last = Entry.objects.first()
    entry = Entry.objects.create(
        sequence=last.sequence + 1 if last else 1,
        at=timezone.now() - age,
        account_id=account.pk,
        actor_id=actor.pk,
        actor_name=actor.get_username(),
        action=AuditAction.INSTANCE_RESTART,
        outcome=Outcome.ATTEMPTED,
        workflow="billing-run",
        instance_id="run-1",
    )
    return entry.sequence


def batch(actor: User, account: Account, outcomes: dict[str, Outcome]) -> int:
    """A terminate of several instances."""
    facts = {"actor": actor, "account": account, "workflow": "billing-run"}
    with recording(action=AuditAction.BATCH_TERMINATE, **facts) as made:
        for instance, outcome in outcomes.items():
            made.part(AuditAction.INSTANCE_TERMINATE, instance, outcome)
    return made.sequence


def log_in(user: User) -> int:
    return record_event(actor=user, action=AuditAction.SESSION_LOG_IN, origin=HERE).sequence


def failed_log_in(name: str) -> int:
    return record_event(
        actor=None,
        actor_name=name,
        action=AuditAction.SESSION_LOG_IN_FAILED,
        origin=HERE,
    ).sequence
