"""Every page in a real browser, which complains of whatever the content security policy refuses."""

from __future__ import annotations

from collections import defaultdict

import pytest
from playwright.sync_api import Page

from tests.browser.served import Served
from tests.test_matrix import NEEDS, address

# whatever else is in an address is a number
VALUES = {
    "account": "demo",
    "workflow": "billing-run",
    "secret": "no-such-secret",
    "key": "00000000-0000-4000-8000-000000000000",
}
# a tick is no page: mostly it answers with nothing
PAGES = [
    name for name, need in NEEDS.items() if "GET" in need.methods and not name.endswith("-tick")
]
WATCH = """
document.addEventListener("securitypolicyviolation",
  event => console.error(`Refused by the policy: ${event.violatedDirective} ${event.sourceFile}`))
"""


@pytest.fixture(scope="module")
def values(browser, console, session_state) -> dict[str, object]:
    """With an instance and a version that exist."""
    context = browser.new_context(storage_state=session_state)
    page = context.new_page()
    found = {}
    for name, path, rows in (("instance", "", "#instances"), ("version", "versions/", "#versions")):
        page.goto(f"{console.url}/a/demo/workflows/billing-run/{path}")
        found[name] = page.locator(f"{rows} .row-link").first.get_attribute("href").split("/")[-2]
    context.close()
    return defaultdict(lambda: 1, VALUES | found)


def test_no_page_asks_for_what_the_policy_refuses(page: Page, console: Served, values):
    page.add_init_script(WATCH)
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{page.url} {message.type}: {message.text}"))
    for name in PAGES:
        page.goto(console.url + address(name, values))
    assert not [text for text in said if "policy" in text.lower()]
