"""What an answer means: the result in its envelope (1.2), or the error it stands for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from workflows_ui.cloudflare import values as v
from workflows_ui.cloudflare.errors import (
    ApiError,
    BadResponse,
    CloudflareError,
    ErrorItem,
    error_class,
)
from workflows_ui.cloudflare.transport import Reply

MAX_ERRORS = 20
LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    result: Any = None
    info: Mapping[str, Any] = field(default_factory=dict)


def open_envelope(reply: Reply, *, writes: bool = False) -> Envelope:
    """The result of a successful answer; anything else raises.

    `writes` says that the call was one: an answer that leaves open whether it took effect then
    has `maybe_done`.
    """
    if reply.status in (204, 205) and not reply.content:
        return Envelope()
    failure, body = _decode(reply.content)
    error = _error(reply, body, failure)
    if error is None:
        return Envelope(result=body.get("result"), info=v.object_or_empty(body.get("result_info")))
    error.ray_id = reply.ray_id
    error.retry_after = reply.retry_after
    error.status = reply.status
    error.maybe_done = writes and (reply.status >= 500 or reply.status < 400)
    raise error


def _error(reply: Reply, body: Mapping[str, Any], failure: str) -> CloudflareError | None:
    if 300 <= reply.status < 400:
        return BadResponse("The API answered with a redirect, which is not followed.")
    if reply.status == 403 and reply.headers.get("cf-mitigated"):
        return BadResponse(
            "Cloudflare's firewall stopped the call with a challenge page. The address this "
            "console calls from may be blocked: check with whoever runs its network."
        )
    errors = _errors(body)
    if reply.status >= 400:
        return _api_error(error_class(reply.status, errors), errors, reply)
    if failure:
        return BadResponse(failure)
    if body.get("success") is not True:
        if "success" not in body:
            return BadResponse("The answer is not in the form the API promises.")
        return _api_error(ApiError, errors, reply)
    return None


def _api_error(kind: type[ApiError], errors: tuple[ErrorItem, ...], reply: Reply) -> ApiError:
    said = "; ".join(error.message for error in errors if error.message.strip())
    message = said or f"The API answered HTTP {reply.status} without saying why."
    return kind(message, code=errors[0].code if errors else None, errors=errors)


def _errors(body: Mapping[str, Any]) -> tuple[ErrorItem, ...]:
    """The entries of `errors`, each followed by its `error_chain`."""
    found: list[ErrorItem] = []
    for entry in v.list_or_empty(body.get("errors"))[:MAX_ERRORS]:
        found.append(_item(entry))
        chain = v.object_or_empty(entry).get("error_chain")
        found += [_item(link) for link in v.list_or_empty(chain)[:MAX_ERRORS]]
    return tuple(found)


def _item(entry: object) -> ErrorItem:
    data = v.object_or_empty(entry)
    return ErrorItem(
        code=v.whole(data.get("code")), message=v.text(data.get("message")) or v.shown(entry)
    )


def _decode(content: bytes) -> tuple[str, Mapping[str, Any]]:
    """(why not, {}) or ("", the body)."""
    try:
        body = json.loads(content.decode("utf-8-sig"), parse_constant=_not_json)
        if LONE_SURROGATE.search(content):
            body = _without_lone_surrogates(body)
    except (ValueError, RecursionError):
        return "The answer is not JSON.", {}
    if not isinstance(body, dict):
        return "The answer is not in the form the API promises.", {}
    return "", body


def _not_json(constant: str) -> NoReturn:
    raise ValueError(constant)


def _without_lone_surrogates(body: object) -> object:
    """Half a surrogate pair is legal in JSON and in no encoding: no page could show it."""
    written = json.dumps(body, ensure_ascii=False)
    return json.loads(written.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
