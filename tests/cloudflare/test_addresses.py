"""Which addresses may be entered, and which may be connected to."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from tests.cloudflare import fault_server as faults
from tests.cloudflare.conftest import make_client
from workflows_ui.cloudflare import AddressRefused, AddressRules, LocalClient, check_url
from workflows_ui.cloudflare.addresses import MAX_ADDRESSES, addresses_of, is_public

STRICT = AddressRules()
LOOPBACK = AddressRules(loopback=True)
LISTED = AddressRules(
    hosts=frozenset({"engine.lan:8787", "10.1.2.3", "[fd00::7]:8787", "Box.LAN."})
)


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://api.cloudflare.com/client/v4", "https://api.cloudflare.com/client/v4"),
        ("https://API.Cloudflare.COM:443/client/v4/", "https://api.cloudflare.com/client/v4"),
        ("https://api.example.com.", "https://api.example.com"),
        ("https://api.example.com:8443//", "https://api.example.com:8443"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
        ("https://1.1.1.1/v4", "https://1.1.1.1/v4"),
        ("https://[2606:4700:0:0::1111]/v4", "https://[2606:4700::1111]/v4"),
    ],
)
def test_a_public_address_gets_its_normal_spelling(url, normal):
    assert check_url(url, kind="cloudflare", rules=STRICT) == normal


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.com",
        "//api.example.com",
        "https://",
        "https:///v4",
        "ftp://api.example.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://api.example.com",
        "https://user@api.example.com",
        "https://user:word@api.example.com",
        "https://@api.example.com",
        "https://api.example.com?x=1",
        "https://api.example.com/?",
        "https://api.example.com/#top",
        "https://api.example.com:0",
        "https://api.example.com:",
        "https://api.example.com:65536",
        "https://api.example.com:-1",
        "https://api.example.com:８０",
        "https://api.exam ple.com",
        " https://api.example.com",
        "https://api.example.com\n",
        "https://api.example.com\t.evil.example",
        "https://api\\.example.com",
        "https://api.example.com\\@evil.example",
        "https://api%2eexample.com",
        "https://api..example.com",
        "https://.example.com",
        "https://api.example.com..",
        "https://-api.example.com",
        "https://" + "a" * 64 + ".example.com",
        "https://api.example.com/a/../b",
        "https://api.example.com/./b",
        "https://api.example.com/a//b",
        "https://api.example.com/a%2fb",
        "https://api.example.com/a;b",
        "https://[::1",
        "https://[fe80::1%25eth0]",
        "https://[v1.x]",
        "https://" + "a." * 300 + "com",
    ],
)
def test_an_address_that_is_odd_is_refused_with_a_sentence(url):
    with pytest.raises(AddressRefused) as caught:
        check_url(url, kind="cloudflare", rules=LOOPBACK)
    assert caught.value.message.endswith(".")


INSIDE = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "[::]",
    "[::ffff:10.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:1.1.1.1]",
    "[::127.0.0.1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b::101:101]",
    "[2002:a00:1::]",
    "[2001:0:a00:1::]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[fc00::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[5f00::1]",
]


@pytest.mark.parametrize("host", INSIDE)
@pytest.mark.parametrize("kind", ["cloudflare", "local"])
def test_an_address_inside_a_network_is_refused(host, kind):
    for scheme in ("https", "http"):
        with pytest.raises(AddressRefused):
            check_url(f"{scheme}://{host}:8787", kind=kind, rules=LOOPBACK)


@pytest.mark.parametrize("host", INSIDE)
def test_what_is_refused_when_written_is_not_public(host):
    assert not is_public(ip_address(host.strip("[]")))


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0x",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "127.0.0.01",
        "127.0.0.1.1",
        "256.1.1.1",
        "１２７.1",
        "1.2.3.4.5",
        "example.0x7f",
    ],
)
@pytest.mark.parametrize("kind", ["cloudflare", "local"])
def test_an_odd_spelling_of_an_ipv4_address_is_refused(host, kind):
    with pytest.raises(AddressRefused):
        check_url(f"https://{host}", kind=kind, rules=LOOPBACK)


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
        ("http://LOCALHOST.:8787/", "http://localhost:8787"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[0:0:0:0:0:0:0:1]:8787", "http://[::1]:8787"),
        ("http://①②⑦.⓪.⓪.①:8787", "http://127.0.0.1:8787"),
    ],
)
@pytest.mark.parametrize("kind", ["cloudflare", "local"])
def test_this_machine_is_spelled_plainly_and_must_be_allowed(url, normal, kind):
    assert check_url(url, kind=kind, rules=LOOPBACK) == normal
    with pytest.raises(AddressRefused):
        check_url(url, kind=kind, rules=STRICT)


@pytest.mark.parametrize(
    "url", ["https://api.example.com", "https://1.1.1.1", "http://workflows.localhost:8787"]
)
def test_a_local_engine_must_be_local(url):
    with pytest.raises(AddressRefused):
        check_url(url, kind="local", rules=LOOPBACK)


def test_a_name_under_localhost_is_refused():
    with pytest.raises(AddressRefused):
        check_url("https://api.localhost", kind="cloudflare", rules=LOOPBACK)


def test_a_local_engine_has_no_path():
    with pytest.raises(AddressRefused):
        check_url("http://127.0.0.1:8787/cdn-cgi", kind="local", rules=LOOPBACK)


@pytest.mark.parametrize("kind", ["cloudflare", "local"])
def test_a_host_the_operator_lists_is_allowed(kind):
    for url in (
        "http://engine.lan:8787",
        "http://10.1.2.3:99",
        "http://[fd00::7]:8787",
        "https://box.lan",
    ):
        assert check_url(url, kind=kind, rules=LISTED) == url


@pytest.mark.parametrize(
    "url", ["http://engine.lan:8788", "http://10.1.2.4", "http://[fd00::7]", "http://a.box.lan"]
)
def test_a_listed_host_lists_no_other(url):
    with pytest.raises(AddressRefused):
        check_url(url, kind="cloudflare", rules=LISTED)


@given(st.text(max_size=60))
def test_an_accepted_address_means_the_same_to_both_parsers(text):
    for prefix in ("https://", "http://localhost", ""):
        try:
            url = check_url(prefix + text, kind="cloudflare", rules=LOOPBACK)
        except AddressRefused:
            continue
        ours, theirs = urlsplit(url), parse_url(url)
        assert ours.hostname == (theirs.host or "").strip("[]")
        assert ours.port == theirs.port
        assert ours.path == (theirs.path or "")
        assert url.isascii()
        assert check_url(url, kind="cloudflare", rules=LOOPBACK) == url


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """A name server of our own: every name leads to these addresses."""

    def getaddrinfo(host, port, *args, **kwargs):
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port),
            )
            for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize("host", [*INSIDE, "127.0.0.1", "[::1]"])
def test_a_name_that_leads_inside_is_refused_at_connect_time(monkeypatch, host):
    resolving(monkeypatch, host.strip("[]"))
    with pytest.raises(AddressRefused):
        addresses_of("api.example.com", 443, LOOPBACK)


def test_of_many_addresses_only_the_public_ones_are_tried(monkeypatch):
    resolving(monkeypatch, "10.0.0.1", "1.1.1.1", "::1", "2606:4700::1111", "fe80::1%eth0")
    assert addresses_of("api.example.com", 443, STRICT) == ["1.1.1.1", "2606:4700::1111"]


def test_a_name_with_very_many_addresses_is_not_tried_forever(monkeypatch):
    resolving(monkeypatch, *(f"1.1.1.{n}" for n in range(50)))
    assert len(addresses_of("api.example.com", 443, STRICT)) == MAX_ADDRESSES


def test_localhost_must_lead_to_loopback(monkeypatch):
    resolving(monkeypatch, "10.0.0.1", "127.0.0.1")
    assert addresses_of("localhost", 80, LOOPBACK) == ["127.0.0.1"]
    resolving(monkeypatch, "10.0.0.1", "1.1.1.1")
    with pytest.raises(AddressRefused):
        addresses_of("localhost", 80, LOOPBACK)


def test_a_listed_name_may_lead_anywhere(monkeypatch):
    resolving(monkeypatch, "10.0.0.1", "127.0.0.1")
    assert addresses_of("engine.lan", 8787, LISTED) == ["10.0.0.1", "127.0.0.1"]
    with pytest.raises(AddressRefused):
        addresses_of("engine.lan", 22, LISTED)


def test_a_name_that_is_rebound_inside_is_refused_and_nothing_is_sent(server, monkeypatch):
    server.answer(faults.result([]))
    client = make_client(
        server,
        base_url=f"http://api.lan:{server.port}",
        rules=AddressRules(hosts=frozenset({"api.lan"})),
    )
    resolving(monkeypatch, "127.0.0.1")
    client.list_instances("flow")
    stranger = make_client(
        server, base_url=f"https://api.example.com:{server.port}", rules=LOOPBACK
    )
    with pytest.raises(AddressRefused):
        stranger.list_instances("flow")
    assert len(server.seen) == 1


def test_the_next_address_is_tried_when_one_does_not_answer(server, monkeypatch):
    server.answer(faults.result([]))
    resolving(monkeypatch, "::1", "127.0.0.1")
    client = make_client(server, base_url=f"http://localhost:{server.port}")
    assert client.list_instances("flow").items == ()


def test_a_client_refuses_a_bad_address_when_it_is_made(server):
    with pytest.raises(AddressRefused):
        make_client(server, base_url="http://169.254.169.254")
    with pytest.raises(AddressRefused):
        LocalClient(base_url="http://127.0.0.1:8787", rules=STRICT)
