"""Many instances at once: what is asked, what is about to be sent, and what became of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from django.utils import timezone

from console.team.roles import Action
from workflows_ui.cloudflare import NewInstance
from workflows_ui.models import Batch, Sweep
from workflows_ui.models.batches import EXISTS
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.instances import instance_url
from workflows_ui.presenters.questions import Question
from workflows_ui.presenters.status import Look
from workflows_ui.presenters.words import CutText, cut, number

PREVIEWED = 10
PARAMS_SHOWN = 200
ROUND = 100
PER_PAGE = 100
LONGEST = timedelta(minutes=10)
"""A sending that goes on for longer died with its process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickedAct:
    """An act on the ticked instances of a list, in words."""

    name: str
    label: str
    icon: str
    action: Action
    consequence: str
    tone: str = ""
    url: str = ""


TICKED = {
    act.name: act
    for act in (
        TickedAct(
            name="restart",
            label="Restart",
            icon="restart",
            action=Action.INSTANCE_RESTART,
            consequence="Each runs again from the beginning with the same params. Cloudflare "
            "forgets the steps and outputs of these runs; the console keeps copies.",
        ),
        TickedAct(
            name="terminate",
            label="Terminate",
            icon="stop",
            action=Action.INSTANCE_TERMINATE,
            consequence="They stop for good and can't be resumed, only restarted. Those that have "
            "ended are left alone. The console keeps copies.",
            tone="bad",
        ),
        TickedAct(
            name="delete",
            label="Delete",
            icon="trash",
            action=Action.INSTANCE_DELETE,
            consequence="They stop and Cloudflare forgets them. The console keeps copies.",
            tone="bad",
        ),
    )
}


def ticked_acts(
    allows: Callable[[Action, str], bool], account: str, workflow: str
) -> list[TickedAct]:
    """What the person may do to ticked instances."""
    return [
        replace(act, url=address_of(f"ticked-{name}", account, workflow))
        for name, act in TICKED.items()
        if allows(act.action, workflow)
    ]


def instances(count: int) -> str:
    return f"{number(count)} instance{'' if count == 1 else 's'}"


def ticked_question(
    act: TickedAct, count: int, workflow: str, back: str, *, only: str = "", of: str = ""
) -> Question:
    """`only` is the status that those have which are not left alone; `of` is what the page is
    called that they were ticked on, where it is not the workflow's."""
    left_alone = f" Those that are not {only} any more are left alone." if only else ""
    return Question(
        title=f"{act.label} {instances(count)} of {workflow}?",
        consequence=act.consequence + left_alone,
        label=f"{act.label} {number(count)}",
        back=back,
        workflow=workflow,
        tone=act.tone,
        of=of,
    )


# --- Create ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PreviewLine:
    number: int
    id: str
    params: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a batch would send. `chosen` is how many ids the console chooses."""

    lines: tuple[PreviewLine, ...]
    count: int
    chosen: int

    @property
    def more(self) -> int:
        return self.count - len(self.lines)

    @property
    def rounds(self) -> int:
        return -(-self.count // ROUND)


def preview_of(new: Sequence[NewInstance], chosen: int) -> Preview:
    lines = tuple(
        PreviewLine(place, one.instance_id, shortened(one.params))
        for place, one in enumerate(new[:PREVIEWED], start=1)
    )
    return Preview(lines, len(new), chosen)


def shortened(params: object) -> str:
    text = json.dumps(params, ensure_ascii=False)
    return text if len(text) <= PARAMS_SHOWN else f"{text[:PARAMS_SHOWN]}…"


def create_question(count: int, workflow: str, back: str) -> Question:
    return Question(
        title=f"Trigger {instances(count)} of {workflow}?",
        consequence="",
        label=f"Trigger {instances(count)}",
        back=back,
        workflow=workflow,
    )


# --- What became of each ---------------------------------------------------------------------

DONE = {
    "instance:create": "created",
    "instance:restart": "restarted",
    "instance:terminate": "terminated",
    "instance:delete": "deleted",
}
FAILED = Look("failed", "bad", "status-errored", "It was refused; nothing was done")
UNKNOWN = Look("unknown", "warn", "status-unknown", "Nobody knows whether it was done")
NOT_SENT = Look("not sent", "muted", "status-queued", "The API was not asked for it")
THERE = Look("exists", "warn", "info", "An instance of this id was there before")
UNDER_WAY = Look("under way", "info", "status-running", "Being sent")
ORDER = (FAILED, UNKNOWN, THERE, NOT_SENT, UNDER_WAY)


@dataclass(frozen=True, slots=True)
class FateLine:
    number: int
    id: CutText
    url: str
    look: Look
    note: str


@dataclass(frozen=True, slots=True)
class BatchFates:
    """`lines` are those of one page, what went wrong first; `shown` is how many all pages have,
    `counts` are of all instances."""

    lines: tuple[FateLine, ...]
    page: int
    shown: int
    counts: tuple[tuple[Look, int], ...]
    total: int
    wrong: int
    live: bool
    done: str

    @property
    def right(self) -> int:
        return self.total - self.wrong

    @property
    def has_next(self) -> bool:
        return self.page * PER_PAGE < self.shown


def batch_fates(batch: Batch, account: str, *, errors_only: bool, page: int) -> BatchFates:
    """The instances of a batch with what became of each; of a page that isn't, the last."""
    done = DONE.get(batch.action, "done")
    live = batch.ended is None and timezone.now() - batch.started < LONGEST
    rest = UNDER_WAY if live else NOT_SENT
    lines = [
        fate_line(place, one, batch.fates.get(one), done, rest, account, batch.workflow)
        for place, one in enumerate(batch.ids, start=1)
    ]
    return fates_of(lines, done, errors_only=errors_only, live=live, page=page)


def sweep_fates(sweep: Sweep, account: str, *, page: int) -> BatchFates:
    """The instances that a sweep could not terminate."""
    lines = [
        fate_line(place, one, fate, "terminated", NOT_SENT, account, sweep.workflow)
        for place, (one, fate) in enumerate(sweep.fates.items(), start=1)
    ]
    return fates_of(lines, "terminated", errors_only=True, live=sweep.ended is None, page=page)


def fates_of(
    lines: Sequence[FateLine], done: str, *, errors_only: bool, live: bool, page: int
) -> BatchFates:
    wrong = [line for line in lines if line.look in ORDER]
    wrong.sort(key=lambda line: ORDER.index(line.look))
    right = [line for line in lines if line.look not in ORDER]
    shown = wrong if errors_only else [*wrong, *right]
    page = min(page, max(-(-len(shown) // PER_PAGE), 1))
    return BatchFates(
        lines=tuple(shown[(page - 1) * PER_PAGE : page * PER_PAGE]),
        page=page,
        shown=len(shown),
        counts=tuple(counted(line.look for line in [*right, *wrong])),
        total=len(lines),
        wrong=len(wrong),
        live=live,
        done=done,
    )


def counted(looks: Iterable[Look]) -> list[tuple[Look, int]]:
    counts: dict[Look, int] = {}
    for look in looks:
        counts[look] = counts.get(look, 0) + 1
    return list(counts.items())


def fate_line(
    place: int,
    instance: str,
    fate: Sequence[str] | None,
    done: str,
    rest: Look,
    account: str,
    workflow: str,
) -> FateLine:
    outcome, note = fate or ("", "")
    looks = {
        "succeeded": Look(done, "good", "status-complete", f"It was {done}"),
        "failed": THERE if note == EXISTS else FAILED,
        "unknown": UNKNOWN,
    }
    url = instance_url(account, workflow, instance)
    return FateLine(place, cut(instance), url, looks.get(outcome, rest), note)


# --- Sweeps ----------------------------------------------------------------------------------


SWEPT = ("queued", "running", "waiting", "paused", "waitingForPause")


def sweep_url(account: str, workflow: str, status: str) -> str:
    """Where all instances of a status are terminated; empty for one that ends by itself."""
    start = address_of("sweep-start", account, workflow)
    return f"{start}?status={status}" if start and status in SWEPT else ""


def sweep_question(status: str, count: int | None, workflow: str, back: str) -> Question:
    known = f"{instances(count)} as last counted. " if count is not None else ""
    return Question(
        title=f"Terminate all {status} instances of {workflow}?",
        consequence=f"{known}They stop for good, 100 at a time, while the page that follows is "
        "open; the console keeps copies. Those created from now on are left alone.",
        label=f"Terminate all {status}",
        back=back,
        workflow=workflow,
        tone="bad",
    )
