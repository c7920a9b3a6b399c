"""What a proxy says about a request: who asks, and over which scheme. Read here and nowhere else.

After `TrustedProxyMiddleware` REMOTE_ADDR is the client's address and the scheme the client's,
for the trail, the rate limits, the session list and the redirect to https alike.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

from console.env import UNIX_SOCKET

CLAIMS = ("HTTP_FORWARDED", "HTTP_X_FORWARDED", "HTTP_X_REAL_IP")


class TrustedProxyMiddleware:
    """Takes forwarded headers off every request, and believes those of a trusted proxy.

    X-Forwarded-Host is never believed: the console has one public host, and the proxy passes it
    as Host. This machine's own names are for health checks that come past the proxy.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        claims = {name: meta.pop(name) for name in list(meta) if name.startswith(CLAIMS)}
        peer = meta.get("REMOTE_ADDR", "")
        if is_trusted(peer):
            meta["REMOTE_ADDR"] = client_address(peer, claims.get("HTTP_X_FORWARDED_FOR", ""))
            scheme = claims.get("HTTP_X_FORWARDED_PROTO", "").strip().lower()
            meta["wsgi.url_scheme"] = "https" if scheme == "https" else "http"
            if claims:
                refuse_other_hosts(meta.get("HTTP_HOST", ""))
        return self.get_response(request)


def refuse_other_hosts(host: str) -> None:
    """Raises DisallowedHost (400) for a host that is not the one people reach the console by."""
    if not settings.IS_LOCAL and split_domain_port(host)[0] != settings.PUBLIC_URL.hostname:
        raise DisallowedHost("Only the public host may be asked for through the proxy.")


def client_address(peer: str, forwarded: str) -> str:
    """The right-most address of X-Forwarded-For that is no trusted proxy.

    Each proxy adds the one it saw at the right; what is left of an untrusted one is hearsay. Where
    an entry is no address, the last one known before it stands.
    """
    known = peer
    for entry in reversed(forwarded.split(",")):
        address = parsed(entry)
        if address is None:
            break
        known = str(address)
        if not is_trusted(known):
            break
    return known


def is_trusted(peer: str) -> bool:
    """Whether the peer is a proxy that the operator named. A Unix socket has no address."""
    if not peer:
        return UNIX_SOCKET in settings.TRUSTED_PROXIES
    address = parsed(peer)
    return address is not None and any(
        address in network for network in settings.TRUSTED_PROXIES if network != UNIX_SOCKET
    )


def parsed(text: str) -> IPv4Address | IPv6Address | None:
    """An address as a proxy may write it: with a port, in brackets, or IPv4 within IPv6."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
