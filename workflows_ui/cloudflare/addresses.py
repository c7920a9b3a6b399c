"""Which addresses may be talked to, decided twice: when an address is entered and at connect time.

A name says nothing about where it leads: it may resolve to the inside of the network, today or
only at the second look. So `check_url` judges what is written, and `addresses_of` what a name
resolves to right before the connection is made to exactly that address.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from re import compile as pattern
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from workflows_ui.cloudflare.errors import AddressRefused

Kind = Literal["cloudflare", "local"]

MAX_LENGTH = 500
MAX_ADDRESSES = 4
"""Addresses of one name that are tried: each may take the whole connect timeout."""
DEFAULT_PORTS = {"http": 80, "https": 443}
NOT_IN_AN_ADDRESS = pattern(
    r"[\x00-\x20\x7f-\xa0\\\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"
)
HOST_NAME = pattern(
    r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
NUMERIC_LABEL = pattern(r"[0-9]+|0x[0-9a-f]*")
PATH = pattern(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
GLOBAL_UNICAST = IPv6Network("2000::/3")
EMBEDS_IPV4 = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))
"""6to4 and Teredo; NAT64 and mapped addresses lie outside 2000::/3 anyway."""
NOT_GLOBAL = (*EMBEDS_IPV4, IPv6Network("3fff::/20"))


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What the operator allows beyond the public internet.

    `loopback` allows this machine itself; `hosts` are names or addresses trusted by the operator
    wherever they lead, each as `host` or `host:port` (an IPv6 address with a port in brackets).
    """

    loopback: bool = False
    hosts: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        normal = frozenset(host.strip().lower().rstrip(".") for host in self.hosts)
        object.__setattr__(self, "hosts", normal - {""})

    def trusts(self, host: str, port: int) -> bool:
        bracketed = f"[{host}]" if ":" in host else host
        return not self.hosts.isdisjoint({host, bracketed, f"{bracketed}:{port}"})


def check_url(url: str, *, kind: Kind, rules: AddressRules) -> str:
    """The base URL in its one normal spelling, without a trailing slash.

    Raises AddressRefused with a sentence for a form field. Asks no name server: what a name
    leads to is judged at connect time.
    """
    parts = _split(url)
    host, port = _host(parts), _port(parts)
    _check_host(host, port, scheme=parts.scheme, kind=kind, rules=rules)
    path = parts.path.rstrip("/")
    if kind == "local" and path:
        raise AddressRefused("Give the address of wrangler dev alone, without a path.")
    if not PATH.fullmatch(path):
        raise AddressRefused("The path of the address holds something it should not.")
    bracketed = f"[{host}]" if ":" in host else host
    suffix = "" if port == DEFAULT_PORTS[parts.scheme] else f":{port}"
    return f"{parts.scheme}://{bracketed}{suffix}{path}"


def is_loopback(host: str) -> bool:
    """Whether a host, as `check_url` spells it, is this machine by its very name."""
    literal = _literal(host)
    return host == "localhost" or (literal is not None and _is_loopback_address(literal))


def addresses_of(host: str, port: int, rules: AddressRules) -> list[str]:
    """The addresses of a host that may be connected to, at most MAX_ADDRESSES.

    Raises AddressRefused when it leads only to addresses it may not lead to, and
    `socket.gaierror` when it leads nowhere.
    """
    host = host.strip("[]").rstrip(".").lower()
    found = dict.fromkeys(
        str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    allowed = list(_allowed(found, host, port, rules))
    if not allowed:
        raise AddressRefused(f"{host} leads to an address that this console does not talk to.")
    return allowed[:MAX_ADDRESSES]


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Reachable from everywhere, and no other address in disguise."""
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    if isinstance(address, IPv4Address):
        return True
    return address in GLOBAL_UNICAST and not any(address in network for network in NOT_GLOBAL)


def _allowed(found: Iterable[str], host: str, port: int, rules: AddressRules) -> Iterable[str]:
    if rules.trusts(host, port):
        return found
    if is_loopback(host):
        return (a for a in found if rules.loopback and _is_loopback_address(ip_address(a)))
    return (a for a in found if is_public(ip_address(a)))


def _split(url: str) -> SplitResult:
    # urlsplit drops some control characters silently; another parser might not.
    if len(url) > MAX_LENGTH or NOT_IN_AN_ADDRESS.search(url):
        raise AddressRefused("The address holds spaces or control characters, or is too long.")
    if "?" in url or "#" in url:
        raise AddressRefused("The address may have no query and no fragment.")
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = None
    if parts is None or not parts.netloc:
        raise AddressRefused("This is not an address such as https://api.example.com.")
    if parts.scheme not in DEFAULT_PORTS:
        raise AddressRefused("The address must begin with https:// or http://.")
    if "@" in parts.netloc:
        raise AddressRefused("The address may hold no user name or password.")
    return parts


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0 or parts.netloc.endswith(":"):
        raise AddressRefused("The port of the address is not a number from 1 to 65535.")
    return DEFAULT_PORTS[parts.scheme] if port is None else port


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if "[" in parts.netloc:
        return _ipv6_host(host)
    try:
        host = host.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        host = ""
    if len(host) > 253 or not HOST_NAME.fullmatch(host):
        raise AddressRefused("The address has no valid host name.")
    # 2130706433, 0x7f.1 and 127.1 are addresses to some resolvers and names to others.
    if NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]) and _literal(host) is None:
        raise AddressRefused("Write an IPv4 address as four decimal numbers.")
    return host


def _ipv6_host(host: str) -> str:
    literal = None if "%" in host else _literal(host)
    if not isinstance(literal, IPv6Address):
        raise AddressRefused("The address has no valid IPv6 address.")
    return str(literal)


def _check_host(host: str, port: int, *, scheme: str, kind: Kind, rules: AddressRules) -> None:
    if rules.trusts(host, port):
        return
    if is_loopback(host):
        if not rules.loopback:
            raise AddressRefused("This console is not allowed to talk to its own machine.")
        return
    if kind == "local":
        raise AddressRefused(
            "wrangler dev must run on this machine, or on a host the operator has allowed."
        )
    literal = _literal(host)
    if literal is not None and not is_public(literal):
        raise AddressRefused("This address lies inside a network, not on the internet.")
    if host.endswith(".localhost"):
        raise AddressRefused("Write localhost or 127.0.0.1 for this machine.")
    if scheme != "https":
        raise AddressRefused("The address must begin with https://: a token is sent to it.")


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_loopback_address(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        return address == IPv6Address("::1")
    return address.is_loopback
