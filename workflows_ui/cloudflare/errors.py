"""What can go wrong between us and a Workflows API, as one tree.

An error here holds plain facts only. It never holds the request, its headers or the token:
`requests` exceptions do, so they are replaced, and not even kept as the context of ours.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorItem:
    """One entry of the envelope's `errors` (section 1.2)."""

    code: int | None
    message: str


class CloudflareError(Exception):
    """Any failure of an upstream call.

    `status` is the upstream HTTP status (None when no answer came), `code` the first error code,
    `ray_id` the `cf-ray` header to quote to support, `retry_after` whole seconds.
    `maybe_done` says that the call may have taken effect although no usable answer came.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: int | None = None,
        ray_id: str = "",
        retry_after: int | None = None,
        errors: tuple[ErrorItem, ...] = (),
        maybe_done: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.ray_id = ray_id
        self.retry_after = retry_after
        self.errors = errors
        self.maybe_done = maybe_done


class AddressRefused(CloudflareError):
    """The upstream address is one this console must not talk to. Nothing was sent."""


class NotSupported(CloudflareError):
    """This kind of upstream has no such call. Nothing was sent."""


class ConnectionFailed(CloudflareError):
    """No answer: DNS, TLS, refused, cut or timed out."""


class TimedOut(ConnectionFailed):
    """No answer within the time limit."""


class BadResponse(CloudflareError):
    """An answer that is not what the API promises: HTML, half a JSON, a redirect, no `result`."""


class TooLarge(BadResponse):
    """An answer over the size limit; reading it was given up."""


class ApiError(CloudflareError):
    """An answer with an error envelope, of a status no class below stands for."""


class Invalid(ApiError):
    """400 or 422: the API did not accept what was sent."""


class Unauthorized(ApiError):
    """401, or a code that says the token itself is not valid."""


class Forbidden(ApiError):
    """403: the token is valid and lacks a permission."""


class NotFound(ApiError):
    """404: workflow, instance, version, step or route."""


class Conflict(ApiError):
    """409: the object is in a state that does not allow it."""


class RateLimited(ApiError):
    """429: `retry_after` says when to come back, if the API told."""


class ServerError(ApiError):
    """5xx with or without an envelope."""


ALREADY_EXISTS = 10405
CANNOT_TERMINATE = 10401
INSTANCE_NOT_FOUND = 10400
INTERNAL_ERROR = 10001
"""Also the answer to a PUT that names an unknown script (4.3)."""
CRON_NEEDS_PLAN = 10208
JURISDICTION_FIXED = 10209

STATUS_ERRORS: dict[int, type[ApiError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    429: RateLimited,
}
BAD_TOKEN_CODES = frozenset({1000, 6003, 9106, 9109})
"""Codes of the gateway that speak of the token itself (1.6)."""
AUTHENTICATION_ERROR = 10000
WORKFLOWS_MESSAGE = "workflows.api.error."


def error_class(status: int, errors: tuple[ErrorItem, ...] = ()) -> type[ApiError]:
    """The class for an answer: by HTTP status first, then by the codes that refine it.

    Codes are numbered per product, so those of the gateway count only without the prefix of a
    Workflows message. 10000 means a token that is not valid (400, 401) or one that lacks the
    permission (403). An id in use and an instance that has ended are conflicts with what is
    there, whichever 4xx status says so.
    """
    if status >= 500:
        return ServerError
    gateway = {e.code for e in errors if not e.message.startswith(WORKFLOWS_MESSAGE)}
    if status in (400, 403) and gateway & BAD_TOKEN_CODES:
        return Unauthorized
    if status == 400 and AUTHENTICATION_ERROR in gateway:
        return Unauthorized
    if status in (400, 409) and {e.code for e in errors} & {ALREADY_EXISTS, CANNOT_TERMINATE}:
        return Conflict
    return STATUS_ERRORS.get(status, ApiError)
