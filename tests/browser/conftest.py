from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.served import Served, served

# the browser without its window, where it is installed: pages are the same, and a quarter faster
PROGRAM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# by itself an expectation waits for five seconds, less than anything else here
expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items):
    for item in items:
        if "/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if PROGRAM is None:
        if os.environ.get("CONSOLE_REQUIRE_BROWSER"):
            pytest.fail("Chromium is required here and not installed")
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    # Playwright's loop stays in this thread beside the tests that come later, and Django takes
    # their queries for asynchronous ones
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def console(tmp_path_factory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("console")
    with served(data, application="tests.browser.roomy") as running:
        yield running


@pytest.fixture(scope="session")
def session_state(browser: Browser, console: Served):
    """The cookies of the demo user, logged in once."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{console.url}/a/demo/workflows/")
    page.get_by_label("Username").fill("demo")
    page.get_by_label("Password", exact=True).fill(console.password)
    page.get_by_role("button", name="Log in", exact=True).click()
    # of the address with the form, the end is the same
    page.wait_for_url(f"{console.url}/a/demo/workflows/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def context(browser: Browser, session_state) -> Iterator[BrowserContext]:
    opened = browser.new_context(storage_state=session_state, timezone_id="Europe/Berlin")
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, console: Served) -> Iterator[Page]:
    """A page of the demo user. Whatever the browser complains about fails the test."""
    opened = context.new_page()
    complaints: list[str] = []
    opened.on(
        "console", lambda said: complaints.append(said.text) if said.type == "error" else None
    )
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    # the second is htmx about a form that is not valid: it is swapped in, and says why itself
    expected = ("Failed to load resource", "Response Status Error Code 422")
    assert not [text for text in complaints if not text.startswith(expected)]
