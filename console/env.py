"""The environment, read once. Each variable may also come as NAME_FILE, a path to its value."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import FileAwareEnv

UNIX_SOCKET = "unix"
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")

env = FileAwareEnv(eager=True)


def secret(name: str, *, least: int, hint: str) -> str:
    """The value of a secret, refused when missing or shorter than `least` characters."""
    value = str(env.str(name, "")).strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint}")
    if len(value) < least:
        raise ImproperlyConfigured(f"{name} is too short. {hint}")
    return value


def secrets(name: str, *, least: int, hint: str) -> list[str]:
    """Several secrets, comma-separated; none when it is not set."""
    values = [value.strip() for value in str(env.str(name, "")).split(",") if value.strip()]
    if any(len(value) < least for value in values):
        raise ImproperlyConfigured(f"{name} holds one that is too short. {hint}")
    return values


def names(name: str) -> frozenset[str]:
    """Names, comma-separated. A stray comma names nothing: neither all nor the empty name."""
    text = str(env.str(name, "")).strip()
    found = frozenset(value.strip().lower() for value in text.split(",") if value.strip())
    if text and not found:
        raise ImproperlyConfigured(f"{name} holds commas and no name.")
    return found


def proxies(name: str) -> tuple[IPv4Network | IPv6Network | str, ...]:
    """Addresses and networks, comma-separated; the word `unix` stands for Unix sockets."""
    values = [value.strip() for value in str(env.str(name, "")).split(",") if value.strip()]
    try:
        return tuple(value if value == UNIX_SOCKET else ip_network(value) for value in values)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is for addresses and networks: {error}.") from error


def public_url() -> SplitResult:
    """Where people reach the console. Plain http is for this machine only."""
    text = str(env.str("CONSOLE_URL", "http://127.0.0.1:8000"))
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname or url.path.strip("/"):
        raise ImproperlyConfigured(
            f"CONSOLE_URL must be like https://workflows.example.com, not {text!r}."
        )
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ImproperlyConfigured(
            f"CONSOLE_URL {text!r} is plain http: log-ins would cross the network unencrypted. "
            "Use https (see README, behind a proxy)."
        )
    return url


def cache_url() -> str:
    """Where the cache server is; empty without one. It may hold a password: no message shows it."""
    text = str(env.str("CACHE_URL", "")).strip()
    # Valkey speaks the protocol of Redis, and the client knows it by that name
    url = text.replace("valkey", "redis", 1) if text.startswith("valkey") else text
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured("CACHE_URL must be like redis://cache:6379/0.")
    return url


def debug(*, allowed: bool) -> bool:
    """Django's debug mode. Its error pages show what is in memory, tokens too: never in public."""
    wanted = bool(env.bool("DEBUG", False))
    if wanted and not allowed:
        raise ImproperlyConfigured("DEBUG is for this machine only, but CONSOLE_URL is public.")
    return wanted


def is_loopback(host: str) -> bool:
    return host in ("127.0.0.1", "localhost", "::1")
