"""Every page, light and dark, wide and narrow: nothing sticks out, nobody is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from tests.browser.served import Served

SHOTS = Path(__file__).resolve().parent.parent.parent / "test-results"
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
    "dashboard": ("/a/demo/dashboards/", "main .row-link"),
    "version": ("/a/demo/workflows/video-pipeline/versions/", "#versions .row-link"),
}
WIDTHS = (1280, 360)


def visit(page: Page, console: Served, name: str) -> None:
    if name in PAGES:
        page.goto(console.url + PAGES[name])
        return
    start, link = BEHIND[name]
    page.goto(console.url + start)
    page.locator(link).first.click()
    page.wait_for_load_state()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", [*PAGES, *BEHIND])
def test_a_page_fits_and_is_accessible(
    context: BrowserContext, console: Served, name: str, theme: str
):
    # a page of its own: axe and screenshots style the page, which its policy rightly refuses
    page = context.new_page()
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    visit(page, console, name)
    SHOTS.mkdir(exist_ok=True)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=SHOTS / f"{name}-{theme}-{width}.png")
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{name} is {overflow} px too wide at {width}"
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
