"""A real OpenID Connect issuer on this machine, and the way of a browser through it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, urlsplit

import requests
from django.test import Client
from oidc_provider_mock import run_server_in_thread

from console.issuer import Issuer

LOG_IN = "/person/oidc/login/"


@contextmanager
def running() -> Iterator[str]:
    """Its address while it runs."""
    insecure = patch.dict("os.environ", {"AUTHLIB_INSECURE_TRANSPORT": "1"})
    with insecure, run_server_in_thread(require_nonce=True) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def issuer_at(url: str, **values: Any) -> Issuer:
    given = {"name": "Example", "client_id": "console", "client_secret": "only-for-tests"}
    return Issuer(url=url, **(given | values))


def set_claims(url: str, sub: str, **claims: Any) -> None:
    """Makes the person known to the issuer, or changes what it says of them."""
    requests.put(f"{url}/users/{quote(sub)}", json=claims, timeout=5).raise_for_status()


def sent_to(client: Client, *, query: str = "", **values: str) -> str:
    """Where at the issuer the browser is sent."""
    page = client.post(f"{LOG_IN}?{query}", values).content.decode()
    return unescape(re.search(r'content="0; url=([^"]+)"', page)[1])


def sent_back(url: str, sub: str, **values: str) -> str:
    """Logs in at the issuer; the path with which it sends the browser back."""
    answer = requests.post(url, data={"sub": sub} | values, allow_redirects=False, timeout=5)
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def log_in(client: Client, sub: str, **values: str):
    """The whole way; the console's last answer."""
    return client.get(sent_back(sent_to(client, **values), sub))
