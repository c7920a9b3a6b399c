"""Chromium for benches: pages loaded with an empty cache, their bytes counted."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import FLAGS
from tests.browser.conftest import PROGRAM as SHELL

# what people have: the headless shell, which the tests take, flatters us
PROGRAM = shutil.which("chromium") or SHELL


@dataclass(frozen=True)
class Load:
    """What a page took until it showed what was waited for."""

    bytes: int
    milliseconds: float


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        yield browser
        browser.close()


def first_load(
    browser: Browser, url: str, shown: Callable[[Page], object], cookies: dict[str, str]
) -> Load:
    """The page in a browser that never saw it: all that is transferred, compressed and with
    headers, and the time until `shown` has seen what it waits for."""
    context = browser.new_context()
    context.add_cookies([{"name": n, "value": v, "url": url} for n, v in cookies.items()])
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    sizes: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    shown(page)
    milliseconds = (time.perf_counter() - began) * 1000
    page.wait_for_load_state("load")
    page.wait_for_timeout(500)
    context.close()
    return Load(int(sum(sizes)), milliseconds)
