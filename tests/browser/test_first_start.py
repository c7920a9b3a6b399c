"""From an empty database to the first workflow, and tokens of every kind."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.served import Served, served

FIRST = ("founder", "a-long-enough-pass-phrase")


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("empty"), demo=False) as running:
        yield running


@pytest.fixture(scope="module")
def first_user(browser: Browser, empty: Served) -> Iterator[Page]:
    """The first user, just made, on the page that connects an account."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{empty.url}/a/demo/workflows/")
    assert page.url.endswith("/welcome/")
    page.get_by_label("Username").fill(FIRST[0])
    for field in page.locator("input[type=password]").all():
        field.fill(FIRST[1])
    page.get_by_role("button", name="Make the first user").click()
    page.wait_for_url("**/connect/")
    yield page
    context.close()


def paste(page: Page, empty: Served, token: str) -> None:
    page.goto(f"{empty.url}/connect/")
    page.get_by_label("API token").fill(token)
    page.get_by_text("Advanced").click()
    page.get_by_label("API address").fill(f"{empty.simulator}/client/v4")
    page.get_by_role("button", name="Find its accounts").click()


def test_the_door_closes_behind_the_first_user(first_user: Page, empty: Served):
    answer = first_user.request.get(f"{empty.url}/welcome/")
    assert answer.status == 404


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("simulator-expired-token", "has expired"),
        ("simulator-forbidden-token", "lacks a permission"),
        ("no-such-token", "wrong or has ended"),
    ],
)
def test_a_token_that_is_no_good_is_named_at_its_field(first_user, empty, token, words):
    paste(first_user, empty, token)
    expect(first_user.locator("main")).to_contain_text(re.compile(words))
    assert token not in first_user.content()


def test_an_address_inside_is_refused_at_its_field(first_user: Page, empty: Served):
    first_user.goto(f"{empty.url}/connect/")
    first_user.get_by_label("API token").fill("simulator-token")
    first_user.get_by_text("Advanced").click()
    first_user.get_by_label("API address").fill("https://169.254.169.254/client/v4")
    first_user.get_by_role("button", name="Find its accounts").click()
    expect(first_user.get_by_label("API address")).to_have_attribute("aria-invalid", "true")


def test_a_good_token_leads_to_the_workflows(first_user: Page, empty: Served):
    paste(first_user, empty, "simulator-token")
    first_user.wait_for_url("**/workflows/")
    expect(first_user.get_by_role("link", name="billing-run")).to_be_visible()
    first_user.get_by_role("link", name="Connection").click()
    expect(first_user.locator("main")).to_contain_text("active")
    assert "simulator-token" not in first_user.content()
