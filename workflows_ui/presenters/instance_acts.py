"""What can be done to an instance in which status (7.3), and how each act looks and reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from console.team.roles import Action
from workflows_ui.cloudflare import FINISHED, InstanceDetail, awaits_event
from workflows_ui.presenters.instances import instance_url
from workflows_ui.presenters.status import STATUSES

ALIVE = frozenset(STATUSES) - FINISHED
SETTLING = frozenset({"rollingBack"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceAct:
    """`asks` says whether it is asked about first; `forgets`, whether the API forgets what ran."""

    name: str
    label: str
    done: str
    icon: str
    action: Action
    statuses: frozenset[str]
    consequence: str
    asks: bool = True
    forgets: bool = False
    tone: str = ""


ACTS = {
    act.name: act
    for act in (
        InstanceAct(
            name="pause",
            label="Pause",
            done="Paused",
            icon="pause",
            action=Action.INSTANCE_PAUSE,
            statuses=frozenset({"running", "waiting"}),
            consequence="A step that runs now finishes first. Sleeps and waits stand still.",
            asks=False,
        ),
        InstanceAct(
            name="resume",
            label="Resume",
            done="Resumed",
            icon="play",
            action=Action.INSTANCE_RESUME,
            statuses=frozenset({"paused", "waitingForPause"}),
            consequence="It is queued and goes on where it stood.",
            asks=False,
        ),
        InstanceAct(
            name="event",
            label="Send event",
            done="Sent an event to",
            icon="event",
            action=Action.INSTANCE_EVENT,
            statuses=ALIVE - SETTLING,
            consequence="Each sending is an event of its own. It waits until a step asks for it.",
        ),
        InstanceAct(
            name="restart",
            label="Restart",
            done="Restarted",
            icon="restart",
            action=Action.INSTANCE_RESTART,
            statuses=frozenset(STATUSES) - SETTLING,
            consequence="It runs again from the beginning with the same params. "
            "Cloudflare forgets the steps and outputs of this run; the console keeps a copy.",
            forgets=True,
        ),
        InstanceAct(
            name="terminate",
            label="Terminate",
            done="Terminated",
            icon="stop",
            action=Action.INSTANCE_TERMINATE,
            statuses=ALIVE - SETTLING,
            consequence="It stops for good and can't be resumed, only restarted. "
            "The console keeps a copy.",
            forgets=True,
            tone="bad",
        ),
        InstanceAct(
            name="delete",
            label="Delete",
            done="Deleted",
            icon="trash",
            action=Action.INSTANCE_DELETE,
            statuses=frozenset(STATUSES),
            consequence="It stops and Cloudflare forgets it. The console keeps a copy.",
            forgets=True,
            tone="bad",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class DrawnAct:
    act: InstanceAct
    url: str


def drawn_acts(
    status: str, allows: Callable[[Action], bool], *, account: str, workflow: str, instance: str
) -> dict[str, DrawnAct]:
    """The acts that the person may do and the status allows, by name. For a status that we don't
    know, all: the API decides."""
    return {
        name: DrawnAct(act, instance_url(account, workflow, instance, name))
        for name, act in ACTS.items()
        if allows(act.action) and (status in act.statuses or status not in STATUSES)
    }


def first_act(drawn: dict[str, DrawnAct], detail: InstanceDetail) -> DrawnAct | None:
    """What one most likely came for: to go on, to send the event it waits for, to try again."""
    if detail.status in ("errored", "terminated"):
        likely = ["restart"]
    elif "event" in drawn and awaits_event(detail.steps):
        likely = ["resume", "event"]
    else:
        likely = ["resume", "pause"]
    return next((drawn[name] for name in likely if name in drawn), None)
