"""What is asked before an act, and what is said when it was refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

from console.team.models import Account
from workflows_ui import cloudflare as cf
from workflows_ui.presenters.trouble import Trouble, trouble_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`back` is where Cancel leads, and whoever sends the form a second time; `of` names that
    page where it is no workflow's."""

    title: str
    consequence: str
    label: str
    back: str
    workflow: str = ""
    instance: str = ""
    tone: str = ""
    of: str = ""


def unknown_outcome(lost: cf.CloudflareError, account: Account) -> Trouble:
    """An act whose answer was lost: it may have been done."""
    return replace(
        trouble_of(lost, account=account),
        title="Whether it was done is not known",
        why="It was sent, and no usable answer came back.",
        next_step="Look first: sending again may do it a second time.",
    )


def nothing_done(refused: cf.CloudflareError, account: Account) -> Trouble:
    trouble = trouble_of(refused, account=account)
    return replace(trouble, next_step=f"Nothing was done. {trouble.next_step}")


def no_copy(error: cf.CloudflareError, account: Account) -> Trouble:
    return replace(
        trouble_of(error, account=account),
        title="No copy could be kept",
        why="The instance could not be read before, so nothing was done.",
        next_step="Try again, or go on without a copy.",
    )


def state_changed(status: str, error: cf.CloudflareError | None, account: Account) -> Trouble:
    """The status doesn't allow the act: it changed since the button was drawn."""
    return Trouble(
        status=409,
        title=f"It is {status} now",
        why="Its status changed in the meantime and doesn't allow this. Nothing was done.",
        next_step="Look at it again and decide anew.",
        upstream_status=error.status if error else None,
        code=error.code if error else None,
        ray_id=error.ray_id if error else "",
        said=error.message if error else "",
        account=account,
    )


def step_missing(step: str, error: cf.CloudflareError, account: Account) -> Trouble:
    """It may have been restarted since the step was picked."""
    return replace(
        trouble_of(error, account=account),
        status=409,
        title=f"It can't be restarted from {step}",
        why="The API doesn't find this step among those that the instance ran. Nothing was done.",
        next_step="Look at it again: somebody may have restarted it meanwhile.",
    )


def job_running(account: Account) -> Trouble:
    return Trouble(
        status=409,
        title="A terminate job is under way",
        why="The API runs one at a time for a workflow. Nothing was done.",
        next_step="Try again in a moment.",
        account=account,
    )


def unfinished(lost: cf.CloudflareError, account: Account) -> Trouble:
    """A batch that stopped on its way. Its ids stay the same, so sending it again is safe."""
    return replace(
        trouble_of(lost, account=account),
        title="Not all of it was done",
        why="The API stopped answering or refused what came next.",
        next_step="Send it again to go on: the same ids are asked for, so none is made twice.",
    )
