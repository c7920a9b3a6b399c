"""How a status looks: the one table of labels, tones and icons."""

from __future__ import annotations

from dataclasses import dataclass

from workflows_ui.cloudflare import FINISHED

TONES = ("neutral", "info", "wait", "good", "bad", "warn", "muted")


@dataclass(frozen=True, slots=True)
class Look:
    """`label` is the API's own word; `title` says what it means."""

    label: str
    tone: str
    icon: str
    title: str

    @property
    def live(self) -> bool:
        return self.label not in FINISHED and self is not GONE


GONE = Look("gone", "muted", "trash", "Deleted, or past its retention: the API knows it no more")
LOOKS = {
    look.label: look
    for look in (
        Look("queued", "neutral", "status-queued", "Created, waiting for a free slot"),
        Look("running", "info", "status-running", "Executing"),
        Look("waiting", "wait", "status-waiting", "Asleep: a sleep, a retry delay or an event"),
        Look("paused", "warn", "status-paused", "Paused by someone, can be resumed"),
        Look(
            "waitingForPause",
            "warn",
            "status-waitingForPause",
            "A pause was asked for; the running step finishes first",
        ),
        Look("rollingBack", "warn", "status-rollingBack", "Rollback handlers are running"),
        Look("complete", "good", "status-complete", "Finished"),
        Look("errored", "bad", "status-errored", "Failed"),
        Look("terminated", "muted", "status-terminated", "Stopped by someone"),
    )
}
STATUSES = tuple(LOOKS)


def look_of(status: str) -> Look:
    """The look of any status; one we don't know is shown as it came."""
    return LOOKS.get(status) or Look(
        status or "unknown", "neutral", "status-unknown", "A status this console doesn't know"
    )
