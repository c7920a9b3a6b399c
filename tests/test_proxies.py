from __future__ import annotations

from ipaddress import ip_network
from urllib.parse import urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from console.audit.models import Entry
from console.audit.origin import origin_of
from console.env import UNIX_SOCKET
from console.proxies import TrustedProxyMiddleware, client_address, parsed
from tests.factories import make_user

PROXY, OUTSIDE, CLIENT = "10.0.0.1", "198.51.100.7", "203.0.113.9"


@pytest.fixture(autouse=True)
def trusted(settings):
    networks = [ip_network("10.0.0.0/24"), ip_network("2001:db8:1::/48")]
    settings.TRUSTED_PROXIES = (*networks, UNIX_SOCKET)


def seen(peer: str, **headers: str):
    """The request as views get it."""
    request = RequestFactory().get("/", REMOTE_ADDR=peer, **headers)
    TrustedProxyMiddleware(lambda request: HttpResponse())(request)
    return request


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (CLIENT, CLIENT),
        (f"made-up, 127.0.0.1, {CLIENT}", CLIENT),
        (f"1.1.1.1, {CLIENT}, 10.0.0.3, 10.0.0.2", CLIENT),
        ("", PROXY),
        ("10.0.0.4, 10.0.0.2", "10.0.0.4"),
        (f"{CLIENT}, made-up, 10.0.0.2", "10.0.0.2"),
        (f"{CLIENT}, ", PROXY),
        (f"{CLIENT}:4711", CLIENT),
        ("[2001:db8::5]:4711", "2001:db8::5"),
        ("2001:db8::5", "2001:db8::5"),
        (f"{CLIENT}, 2001:db8:1::1", CLIENT),
        (f"::ffff:{CLIENT}", CLIENT),
        ("fe80::1%<script>", "fe80::1"),
        (",,,", PROXY),
    ],
)
def test_the_client_is_the_rightmost_that_is_no_proxy_of_ours(forwarded, address):
    assert client_address(PROXY, forwarded) == address
    assert origin_of(seen(PROXY, HTTP_X_FORWARDED_FOR=forwarded)).address == address


@pytest.mark.parametrize("peer", [PROXY, f"::ffff:{PROXY}", "2001:db8:1::1", ""])
def test_a_trusted_peer_says_the_scheme(peer):
    assert seen(peer, HTTP_X_FORWARDED_PROTO="https").is_secure()
    assert not seen(peer, HTTP_X_FORWARDED_PROTO="http").is_secure()
    assert not seen(peer).is_secure()


def test_a_stranger_says_nothing():
    request = seen(
        OUTSIDE,
        HTTP_X_FORWARDED_FOR=CLIENT,
        HTTP_X_FORWARDED_PROTO="https",
        HTTP_X_FORWARDED_HOST="evil.example",
        HTTP_X_REAL_IP=CLIENT,
        HTTP_FORWARDED=f"for={CLIENT};proto=https",
    )
    assert request.META["REMOTE_ADDR"] == OUTSIDE
    assert not request.is_secure()
    assert request.get_host() == "testserver"
    assert not [name for name in request.META if "FORWARDED" in name or "REAL_IP" in name]


def test_without_trusted_proxies_nobody_is_believed(settings):
    settings.TRUSTED_PROXIES = ()
    for peer in (PROXY, "", "127.0.0.1"):
        request = seen(peer, HTTP_X_FORWARDED_FOR=CLIENT, HTTP_X_FORWARDED_PROTO="https")
        assert (request.META["REMOTE_ADDR"], request.is_secure()) == (peer, False)


def test_no_proxy_changes_the_host(settings):
    settings.IS_LOCAL, settings.PUBLIC_URL = False, urlsplit("https://workflows.example.com")
    settings.ALLOWED_HOSTS = ["workflows.example.com", "localhost"]
    through = Client(REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_HOST="localhost")
    assert through.get("/healthz", headers={"Host": "workflows.example.com"}).status_code == 200
    assert through.get("/healthz", headers={"Host": "localhost"}).status_code == 400
    for past in (Client(), Client(REMOTE_ADDR=PROXY)):
        assert past.get("/healthz", headers={"Host": "localhost"}).status_code == 200


def test_what_is_no_address_is_none():
    assert [parsed(text) for text in ("", "unix:", "unknown", "_hidden", "1.2.3", "[::1")] == [
        None, None, None, None, None, parsed("::1"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_the_trail_and_the_lock_on_log_in_take_the_same_address():
    make_user("ann")
    wrong = {"login": "ann", "password": "wrong horse 1"}
    for number in range(12):
        through = Client(REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=f"192.0.2.{number}, {CLIENT}")
        page = through.post("/person/login/", wrong | {"login": f"user-{number}"})
    assert "Too many failed" in page.content.decode()
    assert {row.address for row in Entry.objects.all()} == {CLIENT}
    other = Client(REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR="203.0.113.10")
    assert "Too many failed" not in other.post("/person/login/", wrong).content.decode()
