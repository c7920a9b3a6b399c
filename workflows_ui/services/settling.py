"""How acts ended that got no answer: found out later by looking, never by sending again.

Only a create and a delete leave something to look for. Of an event, a pause, a resume, a restart
or a terminate the API tells nothing but how things are now, which proves nothing about one act.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from console.audit import queries as trail
from console.audit.actions import AuditAction
from console.audit.models import SETTLED, Entry, Outcome
from console.audit.recording import Act, AlreadySettled, settle
from console.audit.redaction import REDACTED
from console.team.models import Account
from workflows_ui import cloudflare as cf
from workflows_ui.services.instances import CLOCKS_DIFFER

LATE = timedelta(minutes=10)
"""After this a call that was sent is not on its way any more."""
STAYS = timedelta(days=1)
"""So long an instance is there at least, if it was made without a retention of its own: the
shortest default is three days. Later a "not found" proves nothing."""

CREATES: dict[str, AuditAction] = {
    AuditAction.INSTANCE_CREATE: AuditAction.INSTANCE_CREATE,
    AuditAction.INSTANCE_CREATE_BATCH: AuditAction.INSTANCE_CREATE,
}
DELETES: dict[str, AuditAction] = {AuditAction.INSTANCE_DELETE: AuditAction.INSTANCE_DELETE}
EACH: dict[str, AuditAction] = {**CREATES, **DELETES}
"""What can be found out, and what a batch did to each of its instances."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of an instance and when; `detail` is None when the API knows of none."""

    detail: cf.InstanceDetail | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """What a sight says of an act. Without an outcome it stays unknown, and `said` says why."""

    outcome: Outcome | None
    said: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an open attempt: the entry that settled it, or why there is none yet."""

    attempt: Entry
    said: str
    entry: Entry | None = None


@dataclass(slots=True)
class Looker:
    """Looks instances up for one attempt; each at most once."""

    api: cf.WorkflowsApi
    workflow: str
    seen: dict[str, Sight] = field(default_factory=dict)

    def look(self, instance_id: str) -> Sight:
        """What is there now. Raises CloudflareError, also when the workflow itself is gone."""
        if instance_id not in self.seen:
            self.seen[instance_id] = Sight(self._detail(instance_id), timezone.now())
        return self.seen[instance_id]

    def _detail(self, instance_id: str) -> cf.InstanceDetail | None:
        try:
            return self.api.get_instance(self.workflow, instance_id, simple=True)
        except cf.NotFound as error:
            if error.code != cf.INSTANCE_NOT_FOUND:
                raise
            return None


ApiOf = Callable[[Entry], cf.WorkflowsApi]
"""The client with which an attempt may be looked into. Raises CannotLook when there is none."""


class CannotLook(Exception):
    """Why nobody can look now: no token any more, the account is gone."""


def settle_open(api_of: ApiOf, *, older_than: timedelta = timedelta(minutes=5)) -> Iterator[Result]:
    """Goes through all open attempts, oldest first, with the client that `api_of` finds for each.

    An upstream that doesn't answer is asked once only. Raises TrailUnavailable.
    """
    silent: dict[int | None, str] = {}
    for attempt in trail.unsettled(older_than=older_than):
        if attempt.action not in EACH:
            yield Result(attempt, "Only how things are now can be seen: it stays unknown.")
        elif attempt.account_id in silent:
            yield Result(attempt, silent[attempt.account_id])
        else:
            try:
                yield settle_attempt(attempt, api_of(attempt))
            except CannotLook as why:
                yield Result(attempt, str(why))
            except cf.NotFound:
                yield Result(attempt, "The workflow itself is not there: it can't be told.")
            except cf.CloudflareError as error:
                said = f"The API could not be asked ({type(error).__name__}): tried next time."
                if isinstance(error, (cf.ConnectionFailed, cf.ServerError, cf.RateLimited)):
                    silent[attempt.account_id] = said
                yield Result(attempt, said)


def settle_attempt(attempt: Entry, api: cf.WorkflowsApi) -> Result:
    """Looks up what an open attempt was to make or delete, and settles it if that tells.

    One call for each instance. Raises CloudflareError when the API can't be asked, ValueError for
    an entry that is no attempt, TrailUnavailable.
    """
    if attempt.action not in EACH:
        return Result(attempt, "Only how things are now can be seen: it stays unknown.")
    looker = Looker(api, attempt.workflow)
    if attempt.instance_id:
        return _settled(Act(attempt), _finding(attempt, attempt.instance_id, looker.look))
    return _settle_batch(attempt, looker.look)


def settle_instance(
    account: Account,
    workflow: str,
    instance_id: str,
    *,
    found: cf.InstanceDetail | None,
    seen_at: datetime,
) -> list[Entry]:
    """Settles what is open about one instance with what a page has read of it; no call goes out.

    See `settle_seen`, for who asks the trail before the answer is there.
    """
    return settle_seen(lost_at(account, workflow, instance_id), found=found, seen_at=seen_at)


def lost_at(account: Account, workflow: str, instance_id: str) -> list[Entry]:
    """What is open about one instance and can be found out, oldest first."""
    open_here = trail.lost_attempts().filter(
        account_id=account.pk, workflow=workflow, instance_id=instance_id, action__in=EACH
    )
    return list(open_here)


def settle_seen(
    lost: Iterable[Entry], *, found: cf.InstanceDetail | None, seen_at: datetime
) -> list[Entry]:
    """Settles attempts at one instance.

    `found` is None when the API answered that there is no such instance (code 10400), and
    `seen_at` when the answer came: a reading may be kept for a while. Returns the entries that
    settled something. Raises TrailUnavailable.
    """
    sight = Sight(found, seen_at)
    results = [
        _settled(Act(attempt), _finding(attempt, attempt.instance_id, lambda _: sight))
        for attempt in lost
    ]
    return [result.entry for result in results if result.entry]


def settle_opened(attempt: Entry, api_of: ApiOf) -> bool:
    """Whether an attempt whose page is opened could be settled now.

    No call goes out for one that is settled, under way, or can't be found out. Raises
    TrailUnavailable.
    """
    if attempt.action not in EACH or not trail.lost_attempts().filter(pk=attempt.pk).exists():
        return False
    try:
        return settle_attempt(attempt, api_of(attempt)).entry is not None
    except (CannotLook, cf.CloudflareError):
        return False


def settle_by_hand(attempt: Entry, *, outcome: Outcome, reason: str) -> Entry:
    """Settles what an operator found out elsewhere. Raises as `settle` does."""
    return settle(Act(attempt), outcome=outcome, detail={"by": "manage.py", "said": reason})


Look = Callable[[str], Sight]


def _settle_batch(attempt: Entry, look: Look) -> Result:
    """Instance by instance; only once all are known is anything written."""
    ids = [str(one) for one in attempt.detail.get("ids", [])]
    if not ids:
        return Result(attempt, "The entry names no instances to look for.")
    known = {
        row.instance_id: row.outcome
        for row in trail.outcomes_of(attempt)
        if row.part and row.outcome in SETTLED
    }
    act = Act(attempt)
    for instance_id in ids:
        if instance_id in known:
            continue
        finding = _finding(attempt, instance_id, look)
        if finding.outcome is None:
            return Result(attempt, f"{instance_id}: {finding.said}")
        detail = {"settled_later": True, "seen": finding.said}
        act.part(EACH[attempt.action], instance_id, finding.outcome, detail=detail)
        known[instance_id] = finding.outcome
    done = sum(outcome == Outcome.SUCCEEDED for outcome in known.values())
    outcome = Outcome.SUCCEEDED if done else Outcome.FAILED
    return _settled(act, Finding(outcome, f"{done} of {len(known)} were done."))


def _settled(act: Act, finding: Finding) -> Result:
    if finding.outcome is None:
        return Result(act.attempt, finding.said)
    try:
        entry = settle(act, outcome=finding.outcome, detail={"seen": finding.said})
    except AlreadySettled:
        return Result(act.attempt, "It was settled meanwhile.")
    return Result(act.attempt, finding.said, entry)


def _finding(attempt: Entry, instance_id: str, look: Look) -> Finding:
    if REDACTED in instance_id:
        return Finding(None, "Its id looked like a token and was not kept.")
    sight = look(instance_id)
    if sight.at < attempt.at:
        return Finding(None, "What was seen is older than the act.")
    if attempt.action in CREATES:
        return _of_create(attempt, sight)
    return _of_delete(attempt, sight)


def _of_create(attempt: Entry, sight: Sight) -> Finding:
    if sight.detail is None:
        age = sight.at - attempt.at
        if age <= LATE:
            return Finding(None, "It is not there yet.")
        if age >= STAYS or _has_own_retention(attempt) or _was_deleted(attempt):
            return Finding(None, "It is not there; whether it ever was can't be told any more.")
        return Finding(Outcome.FAILED, "It was not there, more than ten minutes later.")
    queued = sight.detail.queued
    if queued is None:
        return Finding(None, "It is there; since when, the API doesn't say.")
    if queued < attempt.at - CLOCKS_DIFFER:
        return Finding(Outcome.FAILED, "An instance of this id existed before.")
    return Finding(Outcome.SUCCEEDED, f"It is there, queued {queued.isoformat()}.")


def _has_own_retention(attempt: Entry) -> bool:
    return bool({"success_retention", "error_retention"} & attempt.detail.keys())


def _of_delete(attempt: Entry, sight: Sight) -> Finding:
    if sight.detail is None:
        return Finding(Outcome.SUCCEEDED, "It is not there any more.")
    queued = sight.detail.queued
    if queued is None or queued > attempt.at - CLOCKS_DIFFER:
        return Finding(None, "One of this id is there that may have been made or restarted since.")
    if sight.at - attempt.at <= LATE:
        return Finding(None, "It is still there; the delete may be on its way.")
    return Finding(Outcome.FAILED, "It was still there, more than ten minutes later.")


def _was_deleted(attempt: Entry) -> bool:
    """Whether it may have been made and then deleted through the console."""
    later: dict[str, Any] = {"sequence__gt": attempt.sequence, "account_id": attempt.account_id}
    gone = Entry.objects.filter(workflow=attempt.workflow, **later).exclude(outcome=Outcome.FAILED)
    one = gone.filter(action=AuditAction.INSTANCE_DELETE, instance_id=attempt.instance_id)
    all_of_them = gone.filter(action__in=(AuditAction.BATCH_DELETE, AuditAction.WORKFLOW_DELETE))
    return one.exists() or all_of_them.exists()
