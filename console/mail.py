"""Where mail goes out, as the environment sets it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from console.env import env

SECONDS = 10
TO_THE_LOG = {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}


def mailers() -> dict[str, dict[str, Any]] | None:
    """Django's MAILERS for CONSOLE_EMAIL_URL; None when none is set.

    Raises ImproperlyConfigured for an address that names no server.
    """
    if not env.str("CONSOLE_EMAIL_URL", ""):
        return None
    found = env.dj_email_url("CONSOLE_EMAIL_URL")
    if "EMAIL_BACKEND" not in found or not found["EMAIL_HOST"] or not found["EMAIL_PORT"]:
        raise ImproperlyConfigured(
            "CONSOLE_EMAIL_URL must be like submission://user:password@mail.example.com:587 "
            "(TLS), or smtp://user:password@mail.example.com:465/?ssl=true."
        )
    options = {
        "host": found["EMAIL_HOST"],
        "port": found["EMAIL_PORT"],
        "username": found["EMAIL_HOST_USER"] or "",
        "password": found["EMAIL_HOST_PASSWORD"] or "",
        "use_tls": found["EMAIL_USE_TLS"],
        "use_ssl": found["EMAIL_USE_SSL"],
        "timeout": SECONDS,
    }
    return {"default": {"BACKEND": found["EMAIL_BACKEND"], "OPTIONS": options}}
