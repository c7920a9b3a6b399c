"""Through a real issuer and back, in a real browser and under the real content security policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import issuer
from tests.browser.looking import look_at
from tests.browser.served import Served, served


@pytest.fixture(scope="module")
def at_issuer() -> Iterator[str]:
    with issuer.running() as url:
        issuer.set_claims(
            url, "ann", email="ann@example.com", email_verified=True, preferred_username="ann"
        )
        issuer.set_claims(url, "eve", email="eve@evil.example", email_verified=True)
        yield url


@pytest.fixture(scope="module")
def console(tmp_path_factory, at_issuer: str) -> Iterator[Served]:
    variables = {
        "CONSOLE_OIDC_ISSUER": at_issuer,
        "CONSOLE_OIDC_CLIENT_ID": "console",
        "CONSOLE_OIDC_CLIENT_SECRET": "only-for-tests",
        "CONSOLE_OIDC_NAME": "Example",
        "CONSOLE_OIDC_DOMAINS": "example.com",
        "CONSOLE_PASSWORD_LOGIN": "false",
    }
    with served(tmp_path_factory.mktemp("sign-on"), demo=False, **variables) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on(
        "console", lambda said: complaints.append(said.text) if said.type == "error" else None
    )
    yield opened
    context.close()
    assert not [text for text in complaints if "Failed to load resource" not in text]


def log_in_at_issuer(page: Page, sub: str) -> None:
    page.get_by_role("button", name="Log in with Example").click()
    page.wait_for_url("**/oauth2/authorize**")
    page.get_by_label("Subject").fill(sub)
    page.get_by_role("button", name="Authorize", exact=True).click()


def test_one_logs_in_at_the_issuer_and_comes_back(page: Page, console: Served):
    page.goto(f"{console.url}/person/sessions/")
    expect(page.get_by_label("Password")).to_have_count(0)
    log_in_at_issuer(page, "ann")
    page.wait_for_url("**/person/sessions/")
    page.goto(f"{console.url}/person/")
    expect(page.locator("main")).to_contain_text("ann@example.com")
    expect(page.locator("main")).to_contain_text("Connected: it opens the door for you.")
    expect(page.get_by_role("link", name="Password")).to_have_count(0)


def test_another_domain_is_told_why(page: Page, console: Served):
    page.goto(f"{console.url}/person/login/")
    log_in_at_issuer(page, "eve")
    page.wait_for_url(f"{console.url}/person/oidc/login/callback/**")
    expect(page.locator("main")).to_contain_text("Not from one of our domains")


@pytest.mark.parametrize("name", ["sign-on", "sign-on-refused", "sign-on-profile"])
def test_its_pages_fit_and_are_accessible(browser: Browser, console: Served, name: str):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{console.url}/person/login/")
    if name != "sign-on":
        log_in_at_issuer(page, "eve" if name == "sign-on-refused" else "ann")
    if name == "sign-on-refused":
        page.wait_for_url(f"{console.url}/person/oidc/login/callback/**")
    if name == "sign-on-profile":
        page.wait_for_url("**/connect/")
        page.goto(f"{console.url}/person/")
    look_at(page, name)
    context.close()
