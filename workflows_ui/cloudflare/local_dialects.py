"""The two ways a `wrangler dev` answers, and which of them an address speaks.

New is wrangler 4.164, old is 4.86. The dialect of an address is found by asking both API roots
once, kept for the life of the process, and forgotten when the engine stops answering: whoever
starts it again may start another version.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock

from workflows_ui.cloudflare.envelope import open_envelope
from workflows_ui.cloudflare.errors import (
    BadResponse,
    CloudflareError,
    Forbidden,
    ServerError,
)
from workflows_ui.cloudflare.protocol import Capabilities
from workflows_ui.cloudflare.transport import Reply, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Where the API is, by which word a status change names its action, and what there is."""

    root: str
    verb: str
    capabilities: Capabilities


NEW = Dialect(
    root="/cdn-cgi/local/explorer/api",
    verb="status",
    capabilities=Capabilities(
        workflow_write=False,
        list_counts=False,
        versions=False,
        graph=False,
        create_options=False,
        batch_create=False,
        batch_terminate=False,
        terminate_all=False,
        step_output=False,
        settings=False,
        direction=False,
        token=False,
    ),
)
OLD = Dialect(
    root="/cdn-cgi/explorer/api",
    verb="action",
    capabilities=replace(
        NEW.capabilities, batch_delete=False, restart_from=False, rollback=False, dates=False
    ),
)

_found: dict[str, Dialect] = {}
_lock = Lock()


def known_dialect(base_url: str) -> Dialect | None:
    return _found.get(base_url)


def find_dialect(base_url: str, transport: Transport) -> Dialect:
    """The dialect of the engine at an address; asks it unless it is known already.

    Raises ConnectionFailed when nothing runs there, BadResponse when it is something else.
    """
    known = _found.get(base_url)
    if known is not None:
        return known
    failure: CloudflareError = BadResponse(
        "Something answers at this address, but not the Local Explorer of wrangler dev. "
        "Start wrangler dev with X_LOCAL_EXPLORER=true in its environment."
    )
    for dialect in (NEW, OLD):
        reply = transport.send("GET", f"{dialect.root}/workflows")
        refuse_wrong_host(reply)
        if _is_workflow_list(reply):
            with _lock:
                _found[base_url] = dialect
            return dialect
        if reply.status >= 500:
            failure = ServerError("wrangler dev is in trouble.", status=reply.status)
    raise failure


def _is_workflow_list(reply: Reply) -> bool:
    """A path that is no root of this engine is answered by the Worker under development, which
    may say anything."""
    try:
        return isinstance(open_envelope(reply).result, list)
    except CloudflareError:
        return False


def forget_dialect(base_url: str) -> None:
    with _lock:
        _found.pop(base_url, None)


def is_no_such_route(reply: Reply) -> bool:
    return reply.status == 404 and reply.media_type == "text/plain"


def refuse_wrong_host(reply: Reply) -> None:
    """The engine refuses a Host that is not loopback in plain text, without an envelope."""
    if reply.status == 403 and reply.media_type == "text/plain":
        raise Forbidden(
            "wrangler dev refused the call: it talks only to this machine "
            f"({reply.content[:80].decode('utf-8', 'replace')}).",
            status=403,
        )
