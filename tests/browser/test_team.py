"""Two people in two browsers: one invites and lends, the other joins and acts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.served import Served

PASSWORD = "a-long-enough-pass-phrase"
DEMO = "/a/demo/"


@pytest.fixture
def other(browser: Browser) -> Iterator[Page]:
    """A browser that nobody has logged in with."""
    context = browser.new_context()
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def invite(page: Page, console: Served, workflows: str) -> str:
    """The link that an admin gets."""
    page.goto(f"{console.url}{DEMO}team/")
    page.get_by_role("link", name="Invite…").click()
    page.get_by_role("radio", name=re.compile("^Operator")).check()
    page.get_by_label("Workflows that an operator may act on").fill(workflows)
    page.get_by_label("For whom").fill("Bob")
    page.get_by_role("button", name="Make the link").click()
    return page.locator(".code-body").inner_text().strip()


def join(page: Page, link: str, name: str) -> None:
    page.goto(link)
    expect(page).to_have_url(re.compile(r"/join/$"))
    page.get_by_label("Username").fill(name)
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("button", name="Make a user and join").click()


def lend(page: Page, console: Served) -> None:
    page.goto(f"{console.url}{DEMO}connection/")
    page.get_by_label("More for API token").click()
    page.get_by_role("link", name="Lend…").click()
    page.get_by_role("radio", name=re.compile("^The team")).check()
    page.get_by_label("I know that to Cloudflare").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("lent to the team", exact=True)).to_be_visible()


def test_a_token_is_lent_acted_with_and_taken_back(page: Page, other: Page, console: Served):
    link = invite(page, console, "order-*")
    join(other, link, "bob")
    expect(other.get_by_role("heading", name="You have no token here")).to_be_visible()

    lend(page, console)
    other.goto(f"{console.url}{DEMO}workflows/order-fulfilment/trigger/")
    other.get_by_role("button", name="Trigger").click()
    expect(other).to_have_url(re.compile(r"/instances/[0-9a-f-]{36}/"))
    instance = other.url.rstrip("/").rsplit("/", 1)[1]
    other.get_by_label("You: bob").click()
    expect(other.get_by_text("of demo, lent to the team")).to_be_visible()
    assert other.goto(f"{console.url}{DEMO}workflows/billing-run/trigger/").status == 403
    other.goto(f"{console.url}{DEMO}workflows/order-fulfilment/instances/{instance}/")

    page.goto(f"{console.url}{DEMO}connection/")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("is lent to nobody now")).to_be_visible()
    other.reload()
    expect(other.get_by_role("heading", name="You have no token here")).to_be_visible()

    page.goto(f"{console.url}{DEMO}trail/")
    told = page.locator("tr").filter(has_text="bob").filter(has_text="with the token of demo")
    expect(told.first).to_be_visible()


def test_a_removed_member_is_out_at_the_next_click_and_the_link_is_spent(
    page: Page, other: Page, console: Served
):
    link = invite(page, console, "")
    join(other, link, "carla")
    other.goto(f"{console.url}{DEMO}team/")
    expect(other.get_by_role("cell", name="carla you")).to_be_visible()

    page.goto(f"{console.url}{DEMO}team/")
    page.get_by_role("link", name="carla").click()
    page.get_by_role("link", name="Remove…").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("carla is removed from Demo.")).to_be_visible()

    assert other.reload().status == 404
    other.goto(link)
    expect(other.get_by_role("heading", name="This link leads nowhere")).to_be_visible()
    other.goto(f"{console.url}/connect/")
    other.get_by_role("button", name="Open the demo").click()
    expect(other.get_by_text("You were removed from Demo.")).to_be_visible()
