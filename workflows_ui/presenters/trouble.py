"""An upstream error in plain words: what happened, why, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from console.team.models import Account
from workflows_ui import cloudflare as cf
from workflows_ui.presenters.words import duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What a failure panel shows. `status` is our answer's status, not the upstream's."""

    status: int
    title: str
    why: str
    next_step: str
    upstream_status: int | None = None
    code: int | None = None
    ray_id: str = ""
    said: str = ""
    retry_after: int | None = None
    account: Account | None = None
    token_link: bool = False
    factor_link: bool = False
    way_url: str = ""
    """A page to go on from, which `way_label` names."""
    way_label: str = ""

    @property
    def pause(self) -> str:
        """How long the API wants to be left alone."""
        return duration(timedelta(seconds=self.retry_after)) if self.retry_after else ""


@dataclass(frozen=True, slots=True)
class Wording:
    status: int
    title: str
    why: str
    next_step: str
    token_link: bool = False


READ_AND_WRITE = (
    "Reading needs Workers Tail Read or Workers Scripts Read, acting needs Workers Scripts Write."
)

# the first class that fits, so leaves come before what they derive from
WORDINGS: tuple[tuple[type[cf.CloudflareError], Wording], ...] = (
    (
        cf.Unauthorized,
        Wording(
            502,
            "The API no longer accepts this token",
            "It expired, was revoked or was rolled at Cloudflare.",
            "Replace the token with a new one.",
            token_link=True,
        ),
    ),
    (
        cf.Forbidden,
        Wording(
            502,
            "The token lacks a permission",
            f"The API knows the token but doesn't let it do this. {READ_AND_WRITE}",
            "Give the token the permission at Cloudflare, or replace it.",
            token_link=True,
        ),
    ),
    (
        cf.NotFound,
        Wording(
            404,
            "The API doesn't know this",
            "It was deleted, its retention ended, or the name is wrong.",
            "Look for it in the list.",
        ),
    ),
    (
        cf.Conflict,
        Wording(
            409,
            "Its state doesn't allow this",
            "The state changed in the meantime, or the action doesn't fit it.",
            "Look at its current state and decide again.",
        ),
    ),
    (
        cf.Invalid,
        Wording(
            502,
            "The API did not accept the request",
            "It refused what was asked as not valid.",
            "Check the address and the filters.",
        ),
    ),
    (
        cf.RateLimited,
        Wording(
            503,
            "Too many calls to the API",
            "Cloudflare allows 1,200 calls per user in five minutes and then blocks them all.",
            "Wait, then try again.",
        ),
    ),
    (
        cf.ServerError,
        Wording(
            502,
            "The API has a problem of its own",
            "It answered with an internal error. Short ones are common.",
            "Try again. If it lasts, Cloudflare's support wants the ray id.",
        ),
    ),
    (
        cf.ApiError,
        Wording(
            502,
            "The API refused this",
            "It answered with an error we have no better words for.",
            "Its own words are below.",
        ),
    ),
    (
        cf.TooLarge,
        Wording(
            502,
            "The answer is too large",
            "It is over 32 MiB, more than this console reads.",
            "Ask for less, or use the API directly.",
        ),
    ),
    (
        cf.BadResponse,
        Wording(
            502,
            "This was not an answer of the Workflows API",
            "Something else answered: a proxy, a challenge page, a half answer.",
            "Check the address of the account, then try again.",
        ),
    ),
    (
        cf.TimedOut,
        Wording(
            504,
            "The API did not answer in time",
            "The connection stands or was tried, but no answer came.",
            "Try again in a moment.",
        ),
    ),
    (
        cf.ConnectionFailed,
        Wording(
            502,
            "The API can't be reached",
            "No connection: the address, the network, or the server behind it.",
            "Check that it runs and try again.",
        ),
    ),
    (
        cf.AddressRefused,
        Wording(
            502,
            "This address is not allowed",
            "The server talks only to addresses its operator allows.",
            "Ask whoever runs this console.",
        ),
    ),
    (
        cf.NotSupported,
        Wording(
            404,
            "This upstream can't do that",
            "Local development answers only a part of the Workflows API.",
            "Go back to the workflow.",
        ),
    ),
    (
        cf.CloudflareError,
        Wording(502, "The API call failed", "No better reason is known.", "Try again."),
    ),
)


NO_ENVELOPE = Wording(
    502,
    "An error page came instead of the API's answer",
    "A gateway or proxy on the way failed, and the API itself was not heard.",
    "Try again in a moment.",
)
CUT = Wording(
    502,
    "The connection was cut",
    "The API was reached, but its answer ended before it was complete.",
    "Try again.",
)


def wording_of(error: cf.CloudflareError) -> Wording:
    if isinstance(error, cf.ServerError) and not error.errors:
        return NO_ENVELOPE
    if type(error) is cf.ConnectionFailed and error.maybe_done:
        return CUT
    return next(words for kind, words in WORDINGS if isinstance(error, kind))


def trouble_of(error: cf.CloudflareError, *, account: Account | None = None) -> Trouble:
    """The panel of an error. The upstream's own text is shown verbatim, as text."""
    wording = wording_of(error)
    return Trouble(
        status=wording.status,
        title=wording.title,
        why=wording.why,
        next_step=wording.next_step,
        upstream_status=error.status,
        code=error.code,
        ray_id=error.ray_id,
        said="; ".join(item.message for item in error.errors) or error.message,
        retry_after=error.retry_after,
        account=account,
        token_link=wording.token_link and account is not None,
    )


class MaybeStale(Protocol):
    @property
    def error(self) -> cf.CloudflareError | None: ...


def stale_trouble(reading: MaybeStale, *, account: Account | None = None) -> Trouble | None:
    """Why an answer shown is not a fresh one; None for a fresh one."""
    return trouble_of(reading.error, account=account) if reading.error else None
