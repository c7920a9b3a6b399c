"""From where somebody acts: an address and a session."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from console.audit.chain import session_digest


@dataclass(frozen=True, slots=True)
class Origin:
    """`session` is a digest: it tells sessions apart and opens none."""

    address: str = ""
    session: str = ""


NOWHERE = Origin()


def origin_of(request: HttpRequest | None) -> Origin:
    """Where the request comes from. Behind a proxy only the address that the proxy itself saw
    counts, the last one in X-Forwarded-For: those before it are whatever the caller claims."""
    if request is None:
        return NOWHERE
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")[-1].strip()
        address = forwarded or address
    session = getattr(request, "session", None)
    return Origin(address=address, session=session_digest(session.session_key if session else None))
