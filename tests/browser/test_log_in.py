"""Second factors in a real browser: an app's codes, passkeys, sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.looking import look_at
from tests.browser.served import Served, served

PASSWORD = "a-long-enough-pass-phrase"
FACTOR = "/person/second-factor/"
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


@pytest.fixture(scope="module")
def console(tmp_path_factory) -> Iterator[Served]:
    # nothing is sent anywhere: no notice goes to somebody without an address
    mail = {"CONSOLE_EMAIL_URL": "smtp://127.0.0.1:1"}
    with served(tmp_path_factory.mktemp("log-in"), demo=False, **mail) as running:
        # keys are bound to a name: an address of digits has none
        yield replace(running, url=running.url.replace("127.0.0.1", "localhost"))


@pytest.fixture(scope="module")
def owner(browser: Browser, console: Served) -> Iterator[BrowserContext]:
    """The browser of the first user, just made, with a key that is left at a desk."""
    context = browser.new_context()
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"{console.url}/welcome/")
    page.get_by_label("Username").fill("founder")
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("button", name="Make the first user").click()
    page.wait_for_url("**/connect/")
    add_key(page, console, "Desk")
    page.wait_for_url(f"**{FACTOR}codes/")
    page.close()
    yield context
    context.close()


@pytest.fixture
def mine(owner: BrowserContext) -> Iterator[Page]:
    """A page of the first user. Whatever the browser complains about fails the test."""
    page = owner.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    assert not complaints


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def fill_log_in(page: Page, console: Served) -> None:
    page.goto(f"{console.url}/person/login/")
    page.get_by_label("Username").fill("founder")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def give_key(page: Page) -> None:
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})


def add_key(page: Page, console: Served, name: str) -> None:
    give_key(page)
    page.goto(f"{console.url}{FACTOR}keys/add/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add the key").click()


def code_now(page: Page, secret: str, ahead: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, page.evaluate("Date.now()") // 30_000 + ahead))


def test_a_passkey_logs_in_alone_and_confirms(mine: Page, console: Served):
    add_key(mine, console, "Laptop")
    mine.wait_for_url(re.compile(f"{FACTOR}(keys/|codes/)?$"))
    mine.goto(f"{console.url}{FACTOR}keys/")
    expect(mine.get_by_role("row", name="Laptop")).to_contain_text("logs in alone")

    mine.goto(f"{console.url}{FACTOR}keys/reauthenticate/?next=/connect/")
    mine.get_by_role("button", name="Use your key").click()
    mine.wait_for_url(f"{console.url}/connect/")

    mine.goto(f"{console.url}/person/logout/")
    mine.get_by_role("button", name="Log out").last.click()
    mine.wait_for_url("**/person/login/")
    mine.goto(f"{console.url}/person/sessions/")
    mine.get_by_role("button", name="Log in with a passkey").click()
    mine.wait_for_url(f"{console.url}/person/sessions/")
    expect(mine.get_by_role("row", name="this one")).to_contain_text("Chrome")


@pytest.mark.usefixtures("owner")
def test_a_password_needs_the_key_too(stranger: Page, console: Served):
    fill_log_in(stranger, console)
    stranger.wait_for_url("**/authenticate/")
    expect(stranger.get_by_role("button", name="Use your key instead")).to_be_visible()
    stranger.goto(f"{console.url}/connect/")
    expect(stranger).to_have_url(re.compile("/person/(login|second-factor/authenticate)/"))


def test_an_app_is_set_up_and_logs_in(mine: Page, stranger: Page, console: Served):
    mine.goto(f"{console.url}{FACTOR}app/")
    assert mine.locator("img.qr").evaluate("image => image.naturalWidth") > 50
    secret = mine.get_by_label("Secret", exact=True).input_value()
    mine.get_by_label("Code", exact=True).fill(code_now(mine, secret))
    mine.get_by_role("button", name="Switch it on").click()
    mine.wait_for_url(f"**{FACTOR}")
    fill_log_in(stranger, console)
    stranger.get_by_label("Code", exact=True).fill(code_now(stranger, secret, ahead=1))
    stranger.get_by_role("button", name="Log in", exact=True).click()
    stranger.wait_for_url("**/connect/")

    mine.goto(f"{console.url}/person/sessions/")
    mine.get_by_role("button", name="Log out the others").click()
    expect(mine.get_by_text("logged in nowhere else")).to_be_visible()
    stranger.goto(f"{console.url}/connect/")
    expect(stranger).to_have_url(re.compile("/person/login/"))


PAGES = {
    "profile": "/person/",
    "profile-email": "/person/email/",
    "second-factor": FACTOR,
    "second-factor-codes": f"{FACTOR}codes/",
    "second-factor-app-remove": f"{FACTOR}app/remove/",
    "second-factor-keys": f"{FACTOR}keys/",
    "second-factor-key-add": f"{FACTOR}keys/add/",
    "second-factor-confirm": f"{FACTOR}reauthenticate/",
    "second-factor-confirm-key": f"{FACTOR}keys/reauthenticate/",
    "sessions": "/person/sessions/",
    "password": "/person/password/change/",
    "confirm": "/person/reauthenticate/",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_ones_own_fits_and_is_accessible(
    owner: BrowserContext, console: Served, name: str
):
    page = owner.new_page()
    page.goto(console.url + PAGES[name])
    look_at(page, name)
    page.close()


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("name", ["log-in", "log-in-code", "password-reset"])
def test_the_door_fits_and_is_accessible(stranger: Page, console: Served, name: str):
    stranger.goto(f"{console.url}/person/login/")
    if name == "password-reset":
        stranger.get_by_role("link", name="Forgot your password?").click()
        stranger.wait_for_url("**/password/reset/")
    if name == "log-in-code":
        fill_log_in(stranger, console)
        stranger.wait_for_url("**/authenticate/")
    look_at(stranger, name)
