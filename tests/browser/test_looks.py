"""Every page, light and dark, wide and narrow: nothing sticks out, nobody is left out."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.looking import look_at
from tests.browser.served import Served

PAGES = {
    "workflows": "/a/demo/workflows/",
    "workflow": "/a/demo/workflows/billing-run/",
    "no-instances": "/a/demo/workflows/billing-run/?since=1h&status=paused",
    "versions": "/a/demo/workflows/billing-run/versions/",
    "trigger": "/a/demo/workflows/billing-run/trigger/",
    "batch": "/a/demo/workflows/billing-run/batch/",
    "terminate-all": "/a/demo/workflows/user-onboarding/terminate-all/?status=waiting",
    "budget": "/a/demo/budget/",
    "new-workflow": "/a/demo/new-workflow/",
    "workflow-settings": "/a/demo/workflows/nightly-report/settings/",
    "workflow-delete": "/a/demo/workflows/billing-run/delete/",
    "account-settings": "/a/demo/settings/",
    "redaction": "/a/demo/settings/redaction/",
    "retention": "/a/demo/settings/retention/",
    "connection": "/a/demo/connection/",
    "dashboards": "/a/demo/dashboards/",
    "dashboard-new": "/a/demo/dashboards/new/",
    "dashboard-edit": "/a/demo/dashboards/1/edit/",
    "lend": "/a/demo/connection/1/lend/",
    "team": "/a/demo/team/",
    "invite": "/a/demo/team/invite/",
    "leave": "/a/demo/team/leave/",
    "trail": "/a/demo/trail/",
    "log-ins": "/a/demo/trail/log-ins/",
    "connect": "/connect/",
    "missing": "/a/demo/workflows/no-such-workflow/",
}
# pages reached through the first row of a list
BEHIND = {
    "instance-errored": ("/a/demo/workflows/billing-run/?status=errored", "#instances .row-link"),
    "instance-3000": ("/a/demo/workflows/catalog-import/?status=complete", "#instances .row-link"),
    "dashboard": ("/a/demo/dashboards/", "main .row-link:has-text('On call')"),
    "version": ("/a/demo/workflows/video-pipeline/versions/", "#versions .row-link"),
}


def visit(page: Page, console: Served, name: str) -> None:
    if name in PAGES:
        page.goto(console.url + PAGES[name])
        return
    start, link = BEHIND[name]
    page.goto(console.url + start)
    with page.expect_navigation():
        page.locator(link).first.click()


# as long as the console lives: a module is left and come back to where workers steal tests
@pytest.fixture(scope="session")
def _acted(browser: Browser, session_state, console: Served) -> None:
    """Somebody triggered an instance with a long name, so the trail and the dashboard tell it."""
    context = browser.new_context(storage_state=session_state)
    page = context.new_page()
    page.goto(f"{console.url}/a/demo/workflows/order-fulfilment/trigger/")
    page.get_by_label("Instance id").fill("an-id-as-long-as-ids-may-be-" + "x" * 72)
    page.get_by_role("button", name="Trigger").click()
    page.wait_for_url("**/instances/**")
    context.close()


@pytest.mark.usefixtures("_acted")
@pytest.mark.parametrize("name", [*PAGES, *BEHIND])
def test_a_page_fits_and_is_accessible(context: BrowserContext, console: Served, name: str):
    # a page of its own: axe and screenshots style the page, which its policy rightly refuses
    page = context.new_page()
    visit(page, console, name)
    look_at(page, name)


ONE_MORE = "rail => rail.prepend(rail.querySelector('.rail-link').cloneNode(true))"


@pytest.mark.parametrize("count", [6, 7])
def test_every_entry_of_the_rail_is_seen_and_reached_by_keyboard(
    page: Page, console: Served, count: int
):
    page.goto(console.url + PAGES["dashboards"])
    rail = page.locator(".rail")
    if count == 7:
        rail.evaluate(ONE_MORE)
    links = rail.get_by_role("link").all()
    assert len(links) == count
    for width in (320, 360, 700, 899, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert rail.evaluate("rail => rail.scrollWidth <= rail.clientWidth"), width
        boxes = [link.bounding_box() for link in links]
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes), width
        links[0].focus()
        for link in links[1:]:
            page.keyboard.press("Tab")
            assert link.evaluate("link => link === document.activeElement")


@pytest.mark.parametrize("name", ["workflow", "instance-errored", "trail"])
def test_a_menu_of_the_head_fits(page: Page, console: Served, name: str):
    visit(page, console, name)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        for opener in page.locator(".page-head .menu > summary").all():
            opener.click()
            box = page.locator(".page-head .menu[open] > .menu-items").bounding_box()
            assert box["x"] >= 0, width
            assert box["x"] + box["width"] <= width
            opener.click()
