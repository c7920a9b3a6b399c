"""Writing acts down: *attempted* before, what came of it after."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError

from console.audit.actions import AuditAction
from console.audit.chain import AlreadySettled, TrailUnavailable, append, append_all, is_open
from console.audit.models import Entry, Outcome
from console.audit.origin import NOWHERE, Origin
from console.audit.redaction import ALWAYS, Rules, canonical, keep, redact

if TYPE_CHECKING:
    from console.team.models import Account, User
    from console.vault.models import ApiToken

__all__ = [
    "Act",
    "AlreadySettled",
    "TrailUnavailable",
    "begin",
    "record_event",
    "recording",
    "settle",
]

logger = logging.getLogger(__name__)

REFUSALS = (PermissionDenied, ValidationError, ObjectDoesNotExist)
COPIED = (
    "actor_id",
    "actor_name",
    "address",
    "session",
    "action",
    "account_id",
    "account_name",
    "workflow",
    "instance_id",
    "target",
    "reason",
    "token_label",
    "token_last_four",
    "token_owner",
)
"""What an outcome says again, so that every filter finds it too. Params stay with the attempt."""


@dataclass(slots=True)
class Act:
    """An act under way. Without a word from inside it has succeeded when the block ends."""

    attempt: Entry
    outcome: Outcome = Outcome.SUCCEEDED
    facts: dict[str, Any] = field(default_factory=dict)
    parts: list[Entry] = field(default_factory=list)
    quotes: bool = True
    """Whether the words of an error are kept; no where they may repeat a secret that was sent."""

    @property
    def sequence(self) -> int:
        return self.attempt.sequence

    def succeeded(self, **facts: Any) -> None:
        """Adds facts: `instance_id`, `workflow`, `target`, `status`, `code`, `ray_id`, `detail`,
        and `account` where it was made by the act."""
        self._ended(Outcome.SUCCEEDED, facts)

    def failed(self, **facts: Any) -> None:
        """Says that the act was refused or did nothing, without raising."""
        self._ended(Outcome.FAILED, facts)

    def unknown(self, **facts: Any) -> None:
        """Says that nobody knows yet whether it happened, without raising."""
        self._ended(Outcome.UNKNOWN, facts)

    def part(self, action: AuditAction, instance_id: str, outcome: Outcome, **facts: Any) -> None:
        """What became of one instance of a batch, so that its own story tells of it.

        Written together with the outcome of the whole."""
        entry = _outcome(self.attempt, outcome, facts | {"instance_id": instance_id})
        entry.action, entry.part = action, True
        self.parts.append(entry)

    def _ended(self, outcome: Outcome, facts: dict[str, Any]) -> None:
        self.outcome = outcome
        self.facts |= facts


def begin(
    *,
    actor: User | None,
    action: AuditAction,
    account: Account | None = None,
    workflow: str = "",
    instance_id: str = "",
    target: str = "",
    params: Any = None,
    reason: str = "",
    token: ApiToken | None = None,
    origin: Origin = NOWHERE,
    detail: dict[str, Any] | None = None,
) -> Act:
    """Writes *attempted* alone, for an act that outlives the request: `settle` ends it.

    Raises TrailUnavailable. Must not be called inside a transaction.
    """
    attempt = append(
        _entry(
            actor=actor,
            action=action,
            outcome=Outcome.ATTEMPTED,
            account=account,
            workflow=workflow,
            instance_id=instance_id,
            target=target,
            params=params,
            reason=reason,
            token=token,
            origin=origin,
            detail=detail,
        )
    )
    return Act(attempt)


@contextmanager
def recording(**facts: Any) -> Iterator[Act]:
    """Writes *attempted*, lets the block act, writes *succeeded*, *failed* or *unknown*.

    `facts` as for `begin`. Raises TrailUnavailable before the block when the attempt can't be
    written: what can't be written down is not done. When only the outcome can't be written, the
    act stands, the log says so, and the attempt stays unsettled. Exceptions pass through; see
    `outcome_of` for how they are read. Must not be called inside a transaction.
    """
    act = begin(**facts)
    began = time.monotonic()
    try:
        yield act
    except BaseException as error:
        act.outcome = outcome_of(error)
        act.facts |= _answer_of(error, quotes=act.quotes)
        raise
    finally:
        _end(act, duration_ms=round((time.monotonic() - began) * 1000))


def record_event(
    *,
    actor: User | None,
    action: AuditAction,
    actor_name: str = "",
    account: Account | None = None,
    workflow: str = "",
    instance_id: str = "",
    target: str = "",
    params: Any = None,
    reason: str = "",
    token: ApiToken | None = None,
    origin: Origin = NOWHERE,
    detail: dict[str, Any] | None = None,
    together_with: Callable[[Entry], object] | None = None,
) -> Entry:
    """Writes something that has happened as one row, such as a log-in.

    `actor_name` is for somebody who has no user; `together_with` is called with the entry in the
    transaction that writes it. Raises TrailUnavailable. Must not be called inside a transaction.
    """
    entry = _entry(
        actor=actor,
        action=action,
        outcome=Outcome.EVENT,
        account=account,
        workflow=workflow,
        instance_id=instance_id,
        target=target,
        params=params,
        reason=reason,
        token=token,
        origin=origin,
        detail=detail,
    )
    entry.actor_name = entry.actor_name or actor_name
    append_all([entry], together_with=together_with)
    return entry


def settle(act: Act, *, outcome: Outcome, **facts: Any) -> Entry:
    """Writes the outcome that was found out later about an attempt without one, or an unknown one.

    `act` is `Act(attempt)`, with parts where it was a batch; `facts` as for `Act.succeeded`.
    Raises AlreadySettled when somebody was faster, ValueError for a row that isn't an attempt,
    TrailUnavailable.
    """
    attempt = act.attempt
    if attempt.outcome != Outcome.ATTEMPTED:
        raise ValueError(f"Entry {attempt.sequence} is not an attempt.")
    if not is_open(attempt):
        raise AlreadySettled
    facts["detail"] = {"settled_later": True} | (facts.get("detail") or {})
    entry = _outcome(attempt, outcome, facts)
    append_all([*act.parts, entry], unless_settled=attempt.sequence)
    return entry


def outcome_of(error: BaseException) -> Outcome:
    """How an act ended that raised.

    An error says by `maybe_done` whether it may have happened all the same. One that doesn't
    say has failed when the upstream answered (`status`) or when it is a plain refusal. Anything
    else may have struck after the act was done: to call that failed could be a lie.
    """
    maybe_done = getattr(error, "maybe_done", None)
    if maybe_done is None:
        maybe_done = getattr(error, "status", None) is None and not isinstance(error, REFUSALS)
    return Outcome.UNKNOWN if maybe_done else Outcome.FAILED


def _answer_of(error: BaseException, *, quotes: bool) -> dict[str, Any]:
    said = {"message": str(error)[:500]} if quotes else {}
    return {
        "status": getattr(error, "status", None),
        "code": getattr(error, "code", None),
        "ray_id": getattr(error, "ray_id", ""),
        "detail": {"error": type(error).__name__, **said},
    }


def _end(act: Act, *, duration_ms: int) -> None:
    entry = _outcome(act.attempt, act.outcome, act.facts)
    entry.duration_ms = duration_ms
    try:
        append_all([*act.parts, entry])
    except (TrailUnavailable, RuntimeError):
        # the act is done or its own error is on the way: neither is to be hidden by this one
        logger.exception("No outcome written for entry %s (%s)", act.sequence, act.outcome)


def _outcome(attempt: Entry, outcome: Outcome, facts: dict[str, Any]) -> Entry:
    entry = Entry(outcome=outcome, attempt_sequence=attempt.sequence)
    for name in COPIED:
        setattr(entry, name, getattr(attempt, name))
    for name in ("workflow", "instance_id", "target"):
        if facts.get(name):
            setattr(entry, name, facts[name])
    if account := facts.get("account"):
        entry.account_id, entry.account_name = account.pk, account.name
    entry.upstream_status = _integer(facts.get("status"))
    entry.upstream_code = _integer(facts.get("code"))
    entry.ray_id = str(facts.get("ray_id") or "")
    entry.detail_text = _detail(facts.get("detail"))
    return entry


def _entry(
    *,
    actor: User | None,
    account: Account | None,
    params: Any,
    token: ApiToken | None,
    origin: Origin,
    detail: dict[str, Any] | None,
    **values: Any,
) -> Entry:
    kept = keep(params, rules_of(account))
    entry = Entry(
        address=origin.address,
        session=origin.session,
        params_text=kept.text,
        params_digest=kept.digest,
        params_size=kept.size,
        detail_text=_detail(detail),
        **values,
    )
    if actor is not None:
        entry.actor_id, entry.actor_name = actor.pk, actor.get_username()
    if account is not None:
        entry.account_id, entry.account_name = account.pk, account.name
    if token is not None:
        entry.token_label, entry.token_last_four = token.label, token.last_four
        own = actor is not None and token.owner_id == actor.pk
        entry.token_owner = entry.actor_name if own else token.owner.get_username()
    return entry


def rules_of(account: Account | None) -> Rules:
    """What the account's admins set about params; without an account what always holds."""
    return Rules(account.redacted_keys, account.keep_params) if account else ALWAYS


def _detail(detail: dict[str, Any] | None) -> str:
    return canonical(redact(detail)) if detail else ""


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) else None
