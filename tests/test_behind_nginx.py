"""The console as operators serve it: docs/nginx.conf in a real nginx, gunicorn behind it."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.browser.served import served
from tests.factories import PASSWORD
from tests.free_port import free_port

SAMPLE = Path(__file__).resolve().parent.parent / "docs" / "nginx.conf"
NAME = "workflows.example.com"
CODE = "a-code-for-tests"
CLIENT = "127.0.0.9"
SPOOFED = {
    "X-Forwarded-For": "203.0.113.66",
    "X-Forwarded-Host": "evil.example",
    "X-Real-IP": "203.0.113.66",
    "Forwarded": "for=203.0.113.66;host=evil.example",
}
HEADED = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{ access_log off; {temporary} include {folder}/console.conf; }}
"""

pytestmark = pytest.mark.xdist_group("nginx")


@dataclass(frozen=True)
class Front:
    """nginx in front of gunicorn: its two ports, the port behind, and who vouches for it."""

    tls: int
    plain: int
    behind: int
    authority: Path
    settings: dict[str, str]


def certificate(folder: Path) -> Path:
    """A certificate of our own for NAME, with its key beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "console.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path = folder / "console.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path


def configured(folder: Path, tls: int, plain: int, behind: int) -> None:
    """The shipped sample with ports, certificate and waits of this test."""
    text = SAMPLE.read_text()
    for old, new in {
        "127.0.0.1:8000": f"127.0.0.1:{behind}",
        "listen 443": f"listen 127.0.0.1:{tls}",
        "listen 80": f"listen 127.0.0.1:{plain}",
        f"/etc/ssl/{NAME}.pem": f"{folder}/console.pem",
        f"/etc/ssl/{NAME}.key": f"{folder}/console.key",
        "client_header_timeout 10s": "client_header_timeout 3s",
        "client_body_timeout 10s": "client_body_timeout 3s",
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "console.conf").write_text(text)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(HEADED.format(folder=folder, temporary=temporary))


@pytest.fixture(scope="module")
def front(tmp_path_factory) -> Iterator[Front]:
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        if os.environ.get("CONSOLE_REQUIRE_NGINX"):
            pytest.fail("nginx is required here and not installed")
        pytest.skip("nginx is not installed (Debian: apt-get install nginx-light)")
    folder = tmp_path_factory.mktemp("nginx")
    authority = certificate(folder)
    settings = {
        "CONSOLE_URL": f"https://{NAME}",
        "CONSOLE_TRUSTED_PROXIES": "127.0.0.1",
        "CONSOLE_SETUP_CODE": CODE,
    }
    with served(tmp_path_factory.mktemp("console"), demo=False, **settings) as console:
        behind = int(console.url.rpartition(":")[2])
        tls, plain = free_port(), free_port()
        configured(folder, tls, plain, behind)
        nginx = subprocess.Popen([program, "-p", folder, "-c", folder / "nginx.conf"])
        try:
            wait_for_port(tls)
            yield Front(tls, plain, behind, authority, settings)
        finally:
            nginx.terminate()
            nginx.wait(timeout=20)


def wait_for_port(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"Nothing listens on {port}")


def connected(front: Front, *, name: str = NAME) -> ssl.SSLSocket:
    """A TLS connection from CLIENT, which is not the address of the proxy."""
    context = ssl.create_default_context(cafile=str(front.authority))
    plain = socket.create_connection(("127.0.0.1", front.tls), 20, (CLIENT, 0))
    return context.wrap_socket(plain, server_hostname=name)


@dataclass
class Visitor:
    """A browser of few habits: cookies, and forms with their mark."""

    front: Front
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: str = "") -> tuple[http.client.HTTPResponse, str]:
        connection = http.client.HTTPConnection(NAME)
        connection.sock = connected(self.front)
        headers = {**self.headers, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if method == "POST":
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"https://{NAME}",
            }
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            self.set_cookies.append(cookie)
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer, text

    def get(self, path: str) -> tuple[http.client.HTTPResponse, str]:
        return self.ask("GET", path)

    def send(self, path: str, **values: str) -> tuple[http.client.HTTPResponse, str]:
        _, page = self.get(path)
        mark = BeautifulSoup(page, "html.parser").find("input", {"name": "csrfmiddlewaretoken"})
        values["csrfmiddlewaretoken"] = mark["value"]
        return self.ask("POST", path, urlencode(values))


@pytest.fixture(scope="module")
def ann(front: Front) -> Visitor:
    """The first user, who came in through nginx and claimed to be elsewhere."""
    visitor = Visitor(front, headers=SPOOFED)
    start = {"username": "ann", "password1": PASSWORD, "password2": PASSWORD, "code": CODE}
    answer, page = visitor.send("/welcome/", **start)
    assert (answer.status, answer.headers["Location"]) == (302, "/connect/"), page
    visitor.send("/person/logout/")
    answer, page = visitor.send("/person/login/", login="ann", password=PASSWORD)
    assert (answer.status, answer.headers["Location"]) == (302, "/"), page
    return visitor


def test_log_in_works_and_cookies_are_for_this_host_over_tls_alone(ann):
    answer, _ = ann.get("/connect/")
    assert answer.status == 200
    assert {"__Host-session", "__Host-csrf"} <= set(ann.cookies)
    given = [cookie.lower() for cookie in ann.set_cookies if "Max-Age=0" not in cookie]
    for cookie in given:
        assert all(flag in cookie for flag in ("secure", "httponly", "path=/", "samesite=lax"))
        assert "domain=" not in cookie


def test_browsers_are_told_to_keep_to_tls(ann):
    answer, _ = ann.get("/connect/")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "nginx/" not in answer.headers["Server"]


def test_the_session_list_has_the_address_that_nginx_saw(ann):
    _, page = ann.get("/person/sessions/")
    assert CLIENT in page
    assert "203.0.113.66" not in page


def test_the_lock_on_log_in_is_for_the_address_that_nginx_saw(front, ann):
    for number in range(11):
        visitor = Visitor(front, headers={"X-Forwarded-For": f"203.0.113.{number}"})
        _, page = visitor.send("/person/login/", login=f"nobody-{number}", password="wrong")
    assert "Too many failed" in page


def test_redirects_stay_on_tls_and_on_this_host(front, ann):
    answer, _ = Visitor(front, headers=SPOOFED).get("/connect/")
    assert (answer.status, answer.headers["Location"]) == (302, "/person/login/?next=/connect/")
    connection = http.client.HTTPConnection("127.0.0.1", front.plain, timeout=20)
    connection.request("GET", "/a/x/?q=1", headers={"Host": NAME} | SPOOFED)
    moved = connection.getresponse()
    assert (moved.status, moved.headers["Location"]) == (308, f"https://{NAME}/a/x/?q=1")
    connection.close()


def test_another_host_is_not_answered(front):
    with pytest.raises(ssl.SSLError):
        connected(front, name="evil.example")
    with connected(front) as talk:
        talk.sendall(b"GET /person/login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert talk.recv(1024) == b""


def test_who_comes_past_nginx_gets_no_further(front):
    connection = http.client.HTTPConnection("127.0.0.1", front.behind, 20, (CLIENT, 0))
    connection.request("GET", "/person/login/", headers=SPOOFED | {"X-Forwarded-Proto": "https"})
    answer = connection.getresponse()
    assert answer.status == 301
    assert answer.headers["Location"].startswith("https://")
    connection.close()


def test_a_body_that_is_too_big_ends_at_nginx(front, ann):
    with connected(front) as talk:
        head = f"POST /person/login/ HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 99999999\r\n\r\n"
        talk.sendall(head.encode())
        assert b" 413 " in talk.recv(1024)


@pytest.mark.parametrize(
    "sent",
    [
        "GET /connect/ HTTP/1.1\r\nX-Slow: x",
        "POST /connect/ HTTP/1.1\r\nContent-Length: 9\r\n\r\na",
    ],
    ids=["head", "body"],
)
def test_slow_clients_wait_at_nginx_and_not_for_long(front, sent):
    text = sent.replace("HTTP/1.1\r\n", f"HTTP/1.1\r\nHost: {NAME}\r\n").encode()
    waiting = []
    for _ in range(40):  # more than gunicorn has threads
        talk = connected(front)
        # at once: with the last of them connected, nginx may not wait for the first any more
        talk.sendall(text)
        waiting.append(talk)
    answer, _ = Visitor(front).get("/healthz")
    assert answer.status == 200
    for talk in waiting:
        assert b" 200 " not in talk.recv(1024)
        talk.close()
