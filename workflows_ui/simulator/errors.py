"""The API's errors (API reference, sections 1.6 and 8).

Numbers from 19,000 on are ours: the reference knows the condition but not its code.
"""

from __future__ import annotations

from workflows_ui.simulator.http import ApiError
from workflows_ui.simulator.instance import Refused

PREFIX = "workflows.api.error."
INTERNAL = 10001
BODY = 10002
REFUSALS = {
    "instance.cannot_terminate": (400, 10401),
    "instance.cannot_pause": (400, 19401),
    "instance.cannot_resume": (400, 19402),
    "instance.not_running": (400, 19403),
    "instance.cannot_restart": (409, 19404),
    "instance.step_not_found": (404, 19405),
    "instance.invalid_id": (400, 19406),
    "workflow.jurisdiction_change": (400, 10209),
}


def internal() -> ApiError:
    return ApiError(500, (INTERNAL, f"{PREFIX}internal_server"))


def bad_body() -> ApiError:
    """An invalid or missing body, or an invalid query."""
    return ApiError(400, (BODY, f"{PREFIX}body"))


def workflow_not_found() -> ApiError:
    return ApiError(404, (10200, f"{PREFIX}workflow.not_found"))


def version_not_found() -> ApiError:
    return ApiError(404, (10300, f"{PREFIX}version.not_found"))


def instance_not_found() -> ApiError:
    return ApiError(404, (10400, f"{PREFIX}instance.not_found"))


def already_exists() -> ApiError:
    return ApiError(400, (10405, f"{PREFIX}instance.already_exists"))


def refused(code: str) -> ApiError:
    status, number = REFUSALS[code]
    return ApiError(status, (number, PREFIX + code))


def of_refusal(refusal: Refused) -> ApiError:
    return refused(refusal.code)


def no_route(path: str) -> ApiError:
    text = f"Could not route to {path}, perhaps your object identifier is invalid?"
    return ApiError(404, (7003, text), (7000, "No route for that URI"))


def bad_account(path: str) -> ApiError:
    text = f"Could not route to {path}, perhaps your object identifier is invalid?"
    return ApiError(400, (7003, text), (7000, "No route for that URI"))


def wrong_method(method: str, allowed: list[str]) -> ApiError:
    text = f"Method {method} not available for that URI."
    return ApiError(405, (7001, text), headers={"Allow": ", ".join(allowed)})


def not_permitted(status: int = 403) -> ApiError:
    return ApiError(status, (10000, "Authentication error"))
