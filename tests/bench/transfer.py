"""What goes over the wire for the instance page: at first sight, and when nothing changed."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.bench.browsers import PROGRAM, chromium, first_load
from tests.bench.consoles import API, api, browser, console, fetch, log_in, tell

INSTANCES = "/workflows/billing-run/instances"


def main() -> None:
    with console() as served:
        rows = fetch(api(), f"{served.simulator}{API}{INSTANCES}?status=complete").json()["result"]
        url = f"{served.url}/a/demo{INSTANCES}/{rows[0]['id']}/"
        cookies = log_in()
        tell("unchanged_refresh_bytes", unchanged(url, cookies), 0)
        if PROGRAM is None:
            print("first_load_kb: skipped, Chromium is not installed")  # noqa: T201
            return
        with chromium() as started:
            load = first_load(started, url, steps_are_there, cookies)
        tell("first_load_kb", load.bytes / 1024, 1)


def steps_are_there(page: Page) -> None:
    page.locator(".step").first.wait_for()


def unchanged(url: str, cookies: dict[str, str]) -> int:
    """Bytes of the answer, its head included, to a page that shows the same already."""
    person = browser(cookies)
    mark = fetch(person, url, **{"HX-Request": "true"}).headers["ETag"]
    place = urlsplit(url)
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    lines = [
        f"GET {place.path} HTTP/1.1",
        f"Host: {place.netloc}",
        f"Cookie: {cookie}",
        f"If-None-Match: {mark}",
        *("HX-Request: true", "Accept-Encoding: gzip, br", "Connection: close", "", ""),
    ]
    with socket.create_connection((place.hostname or "", place.port or 80), timeout=20) as line:
        line.sendall("\r\n".join(lines).encode())
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 204"), answer[:200]
    return len(answer)


if __name__ == "__main__":
    main()
