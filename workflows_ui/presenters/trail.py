"""The trail as pages show it: how an outcome looks, and an act as a sentence with links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from console.audit.actions import AuditAction, sentence_of
from console.audit.acts import BATCHES, Told
from console.audit.models import Entry
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.batches import instances
from workflows_ui.presenters.instances import instance_url
from workflows_ui.presenters.status import Look
from workflows_ui.presenters.words import CutText, cut

UNDER_WAY = timedelta(minutes=5)
NO_OUTCOME = Look(
    "no outcome",
    "warn",
    "alert",
    "Nobody wrote down how it ended, so whether it happened is not known",
)
NOT_YET = Look("no outcome yet", "wait", "clock", "Under way, or its end was not written down")
REFUSED = Look("refused", "bad", "status-terminated", "The console did not let it happen")
IN_PART = Look("in part", "warn", "alert", "It happened, but not to all of the batch")
LOOKS = {
    look.label: look
    for look in (
        Look("succeeded", "good", "status-complete", "It happened"),
        Look("failed", "bad", "status-errored", "It did not happen"),
        Look("unknown", "warn", "status-unknown", "No answer came: it may have happened or not"),
        Look("event", "neutral", "info", "Noted as one entry, without an attempt before it"),
    )
}
VEILED = "(not shared)"
"""In place of the title of a dashboard that the reader may not see."""
NO_PARTS: Mapping[str, int] = {}
REFUSALS = (AuditAction.SESSION_LOG_IN_FAILED, AuditAction.ACCESS_REFUSED)


def outcome_look(entry: Entry, parts: Mapping[str, int] = NO_PARTS) -> Look:
    """How an act ended, told by its outcome, or by its attempt when there is none. `parts` counts
    those of a batch by outcome."""
    if entry.outcome == "succeeded" and parts.keys() - {"succeeded"}:
        return IN_PART
    if entry.action in REFUSALS and entry.outcome == "event":
        return REFUSED
    if entry.outcome == "attempted":
        young = timezone.now() - entry.at < UNDER_WAY
        return NOT_YET if young else NO_OUTCOME
    return LOOKS.get(entry.outcome) or Look(entry.outcome, "neutral", "status-unknown", "")


@dataclass(frozen=True, slots=True)
class Piece:
    """What an act was done to, or where that belongs."""

    text: CutText
    url: str = ""
    is_id: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ActLine:
    """An act in a list. "`who` `does` `kind` `thing` of `place`"."""

    act: Told
    url: str
    who: str
    does: str
    kind: str
    thing: Piece | None
    place: Piece | None
    look: Look
    about: str
    said: str
    parts: str
    token: str

    @property
    def entry(self) -> Entry:
        return self.act.entry

    @property
    def at(self) -> object:
        return self.act.head.at


def titles_in(entry: Entry) -> set[str]:
    """The titles of a dashboard that the entry tells."""
    if not entry.action.startswith("dashboard:"):
        return set()
    told = entry.detail
    return {entry.target, *(str(told[name]) for name in ("was", "title") if name in told)}


def veil(entry: Entry) -> None:
    """Takes the title of a dashboard out of what is shown; the stored entry stays as it is."""
    entry.target, entry.detail_text = VEILED, ""


def act_line(act: Told, *, account: str) -> ActLine:
    """`account` is the slug of the account whose pages the links lead to."""
    entry = act.entry
    kind, thing, place = _object(entry, account)
    sentence = sentence_of(entry, thing.text.whole if thing else "")
    return ActLine(
        act=act,
        url=address_of("trail-entry", account, str(entry.attempt_sequence or act.sequence)),
        who=sentence.who,
        does=sentence.does,
        kind=kind,
        thing=thing,
        place=place,
        look=outcome_look(entry, act.parts),
        about=about(act.head),
        said=said(entry),
        parts=parts_told(act.parts) or asked_of(act.head),
        token=borrowed(entry),
    )


def _object(entry: Entry, account: str) -> tuple[str, Piece | None, Piece | None]:
    flow = None
    if entry.workflow:
        flow = Piece(cut(entry.workflow), address_of("workflow-detail", account, entry.workflow))
    if entry.instance_id:
        url = instance_url(account, entry.workflow, entry.instance_id)
        return "instance", Piece(cut(entry.instance_id), url), flow
    if entry.target:
        return "", Piece(cut(entry.target), is_id=False), flow
    if flow:
        return "workflow", flow, None
    name = entry.account_name
    return "", Piece(cut(name), is_id=False) if name else None, None


def story_url(account: str, workflow: str, instance: str) -> str:
    """The trail of one instance."""
    query = {"workflow": workflow, "instance": instance}
    return reverse("workflows_ui:trail-list", args=[account], query=query)


def restart_links(account: str, since: str) -> list[tuple[str, str]]:
    """The restarts in the trail, of many instances and of one: what they are called and where
    they are. `since` names how far back, all when empty."""
    kinds = {
        AuditAction.BATCH_RESTART: "restarts of many at once",
        AuditAction.INSTANCE_RESTART: "restarts of one",
    }
    asked = {"since": since} if since else {}
    return [
        (
            label,
            reverse(
                "workflows_ui:trail-list", args=[account], query={"action": str(kind), **asked}
            ),
        )
        for kind, label in kinds.items()
    ]


DETAILS = {
    "event_type": "event {}",
    "step": "from step {}",
    "again": "with the params of {}",
    "snapshot": "copy of the run {}",
    "link": "the link “{}”",
}


def about(head: Entry) -> str:
    """What was asked for besides: which event, from which step, whose params."""
    told = [text.format(head.detail[name]) for name, text in DETAILS.items() if name in head.detail]
    if head.instance_id and head.target:
        told.append(head.target)
    return ", ".join(told)


def said(entry: Entry) -> str:
    """What the answer to a failed or lost act was."""
    if entry.outcome not in ("failed", "unknown"):
        return ""
    facts = [f"{name} {value}" for name, value in _codes(entry).items() if value is not None]
    message = entry.detail.get("message")
    return ": ".join(part for part in (", ".join(facts), str(message or "")) if part)


def _codes(entry: Entry) -> dict[str, int | None]:
    return {"status": entry.upstream_status, "code": entry.upstream_code}


def parts_told(parts: Mapping[str, int]) -> str:
    """ "12 instances, 2 failed, 1 unknown" """
    total = sum(parts.values())
    if not total:
        return ""
    told = [instances(total)]
    told += [f"{count:,} {name}" for name, count in parts.items() if name != "succeeded"]
    return ", ".join(told)


def asked_of(head: Entry) -> str:
    """On how many instances a batch was to act, while no part of it is written down."""
    ids = head.detail.get("ids") if head.action in BATCHES else None
    return f"{instances(len(ids))} asked for" if isinstance(ids, list) else ""


def borrowed(entry: Entry) -> str:
    """Whose token was used, when it was not the person's own."""
    return entry.token_owner if entry.token_owner not in ("", entry.actor_name) else ""
