"""Single sign-on as the environment sets it. README.md, Log-in, explains every variable."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from console.env import env, is_loopback, names

ROLES = ("viewer", "operator", "admin")
PROVIDER_ID = "oidc"
DOMAIN = re.compile(r"[^\s@*/:]+")
HINT = "See README.md, Log-in."


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """The OpenID Connect issuer that people may log in through.

    `roles` holds for each group the (account slug, role) pairs that its members get.
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str = "single sign-on"
    domains: frozenset[str] = frozenset()
    trusts_email: bool = False
    groups_claim: str = "groups"
    roles: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    second_factor: bool = False

    def as_provider(self) -> dict[str, Any]:
        """The same as allauth's setting wants it; no row in the database is needed."""
        return {
            "provider_id": PROVIDER_ID,
            "name": self.name,
            "client_id": self.client_id,
            "secret": self.client_secret,
            "settings": {
                "server_url": self.url,
                "oauth_pkce_enabled": True,
                "verified_email": self.trusts_email,
            },
        }


def the_issuer() -> Issuer:
    """The issuer, for code that runs only when there is one. Raises LookupError otherwise."""
    found: Issuer | None = settings.ISSUER
    if found is None:
        raise LookupError("There is no issuer.")
    return found


def issuer_from_env() -> Issuer | None:
    """The issuer, or None when none is named. Raises ImproperlyConfigured for half of one."""
    url = str(env.str("CONSOLE_OIDC_ISSUER", "")).rstrip("/")
    client_id = str(env.str("CONSOLE_OIDC_CLIENT_ID", ""))
    client_secret = str(env.str("CONSOLE_OIDC_CLIENT_SECRET", ""))
    if not url:
        if client_id or client_secret:
            raise ImproperlyConfigured(f"CONSOLE_OIDC_ISSUER is not set. {HINT}")
        return None
    parts = urlsplit(url)
    if not parts.hostname or not (parts.scheme == "https" or is_loopback(parts.hostname)):
        raise ImproperlyConfigured(f"CONSOLE_OIDC_ISSUER must be https, not {url!r}. {HINT}")
    if not client_id or not client_secret:
        raise ImproperlyConfigured(
            f"CONSOLE_OIDC_CLIENT_ID and CONSOLE_OIDC_CLIENT_SECRET are needed. {HINT}"
        )
    return Issuer(
        url=url,
        client_id=client_id,
        client_secret=client_secret,
        name=str(env.str("CONSOLE_OIDC_NAME", "single sign-on")),
        domains=domains_of(),
        trusts_email=bool(env.bool("CONSOLE_OIDC_TRUST_EMAIL", False)),
        groups_claim=str(env.str("CONSOLE_OIDC_GROUPS_CLAIM", "groups")),
        roles=roles_of(str(env.str("CONSOLE_OIDC_ROLES", ""))),
        second_factor=bool(env.bool("CONSOLE_OIDC_SECOND_FACTOR", False)),
    )


def domains_of() -> frozenset[str]:
    """The domains whose people get in; none means that all do."""
    found = names("CONSOLE_OIDC_DOMAINS")
    if odd := sorted(domain for domain in found if not DOMAIN.fullmatch(domain)):
        raise ImproperlyConfigured(
            f"CONSOLE_OIDC_DOMAINS holds {odd[0]!r}; each one is like example.com. {HINT}"
        )
    return found


def roles_of(text: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """Reads `group=slug:role; group=slug:role`. Group names may hold commas and `=`."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        group, equals, place = entry.rpartition("=")
        slug, colon, role = (part.strip() for part in place.partition(":"))
        if not (equals and colon and group.strip() and slug) or role not in ROLES:
            raise ImproperlyConfigured(
                f"CONSOLE_OIDC_ROLES holds {entry!r}; each entry is group=account-slug:role, "
                f"with a role of {', '.join(ROLES)}. {HINT}"
            )
        found[group.strip()] = (*found.get(group.strip(), ()), (slug, role))
    return found


def password_login(issuer: Issuer | None) -> bool:
    """Whether names and passwords (and passkeys alone) open the door; off only with an issuer."""
    wanted = bool(env.bool("CONSOLE_PASSWORD_LOGIN", True))
    if not wanted and issuer is None:
        raise ImproperlyConfigured(
            "CONSOLE_PASSWORD_LOGIN is false and there is no CONSOLE_OIDC_ISSUER: nobody could "
            f"log in. {HINT}"
        )
    return wanted
