"""From where somebody acts: an address and a session."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from console.audit.chain import session_digest


@dataclass(frozen=True, slots=True)
class Origin:
    """`session` is a digest: it tells sessions apart and opens none."""

    address: str = ""
    session: str = ""


NOWHERE = Origin()


def origin_of(request: HttpRequest | None) -> Origin:
    """Where the request comes from; `console.proxies` made the address the client's."""
    if request is None:
        return NOWHERE
    session = getattr(request, "session", None)
    return Origin(
        address=request.META.get("REMOTE_ADDR", ""),
        session=session_digest(session.session_key if session else None),
    )
