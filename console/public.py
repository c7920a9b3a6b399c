"""Where the console is for people: addresses that outlive the request they are made in."""

from __future__ import annotations

from django.conf import settings


def public_address(path: str = "/") -> str:
    """A path at CONSOLE_URL. What is written into mails and links never takes the request's host:
    whoever sends a request chooses it."""
    return f"{settings.PUBLIC_URL.scheme}://{settings.PUBLIC_URL.netloc}{path}"
