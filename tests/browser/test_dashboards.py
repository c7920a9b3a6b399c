"""Dashboards as people use them: put together, shared, watched, on a wall, in bad weather."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.looking import OVERFLOW
from tests.browser.served import Served

LIST = "/a/demo/dashboards/"
COUNTS = "#board .board-numbers"


@pytest.fixture
def board(page: Page, console: Served) -> Page:
    """A fresh dashboard with big numbers and a note."""
    page.goto(f"{console.url}{LIST}new/?preset=empty")
    page.get_by_label("Title").fill("Night shift")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(re.compile(r"/dashboards/\d+/$"))
    address = page.url
    for kind in ("counts", "note"):
        page.goto(f"{address}panels/new/?kind={kind}")
        if kind == "counts":
            page.get_by_label("Style").select_option("numbers")
        else:
            page.get_by_label("Text").fill("# Runbook\n\nCall **nobody**.")
        page.get_by_role("button", name="Add the panel").click()
        page.wait_for_url("**/edit/")
    page.goto(address)
    return page


def add(board: Page, kind: str, **fields: str) -> None:
    address = board.url
    board.goto(f"{address}panels/new/?kind={kind}")
    for label, value in fields.items():
        field = board.get_by_label(label.capitalize())
        field.select_option(value) if label == "size" else field.fill(value)
    board.get_by_role("button", name="Add the panel").click()
    board.wait_for_url("**/edit/")
    board.goto(address)


MEASURE = """selectors => selectors.map(selector =>
  document.querySelector(selector).getBoundingClientRect().toJSON())"""
MEASURE_ALL = """selector => [...document.querySelectorAll(selector)].map(cell =>
  cell.getBoundingClientRect().toJSON())"""


def boxes(page: Page, *selectors: str) -> list[dict[str, float]]:
    """Of the first of each, all at one moment: a tick may move everything on the page."""
    for selector in selectors:
        expect(page.locator(selector).first).to_be_visible()
    return page.evaluate(MEASURE, list(selectors))


def test_a_small_panel_stacks_its_rows_and_scrolls_what_is_long(board: Page):
    add(board, "schedules", size="small")
    add(board, "note", size="small", text="line\n\n" * 200)
    board.set_viewport_size({"width": 1280, "height": 800})
    mark, what = boxes(board, ".board-list-mark", ".board-list-what")
    assert what["y"] >= mark["y"] + mark["height"]
    body = board.locator("#board .card-body").last
    assert boxes(board, ".board-panel:last-child")[0]["height"] < 700
    body.focus()
    board.keyboard.press("End")
    board.wait_for_function("body => body.scrollTop > 0", arg=body.element_handle())
    board.set_viewport_size({"width": 1024, "height": 800})
    small, medium = boxes(board, "[data-size=small]", "[data-size=medium]")
    assert small["width"] < medium["width"]


def test_a_wide_table_and_a_long_title_stay_within_their_panel(board: Page):
    text = f"{'|wide' * 40}|\n{'|---' * 40}|\n{'|' + 'x' * 30}"
    add(board, "note", title="N" * 80, text=text)
    board.set_viewport_size({"width": 360, "height": 800})
    assert board.evaluate(OVERFLOW) <= 0
    table = board.locator("#board table")
    assert table.evaluate("table => table.scrollWidth > table.closest('.prose').clientWidth")


def test_the_table_behind_a_chart_has_its_head_above_its_rows(board: Page):
    add(board, "throughput")
    board.get_by_text("As a table").click()
    head, first = boxes(board, ".chart-table th", ".chart-table td")
    assert abs(head["y"] + head["height"] - first["y"]) < 2


def faults(console: Served, *rules: dict) -> None:
    requests.put(f"{console.simulator}/__faults", json=list(rules), timeout=5)


def test_it_is_put_together_moved_and_shared(board: Page):
    expect(board.get_by_role("heading", name="Runbook")).to_be_visible()
    expect(board.locator("#board strong", has_text="nobody")).to_be_visible()
    board.get_by_role("link", name="Edit").click()
    rows = board.locator("tbody tr")
    expect(rows.first).to_contain_text("Status counts")
    rows.first.get_by_role("button", name=re.compile("down$")).click()
    expect(rows.first).to_contain_text("Note")
    board.get_by_role("button", name="Share with Demo").click()
    expect(board.locator(".flashes")).to_contain_text("Everybody of Demo sees it now.")
    board.get_by_role("link", name="Done").click()
    expect(board.get_by_text("shared", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [1280, 360])
def test_big_numbers_stand_in_columns_of_one_width(board: Page, width: int):
    board.set_viewport_size({"width": width, "height": 900})
    expect(board.locator(f"{COUNTS} > div").first).to_be_visible()
    cells = board.evaluate(MEASURE_ALL, f"{COUNTS} > div")
    columns = {round(cell["x"]) for cell in cells}
    assert 1 < len(columns) < len(cells)
    assert max(cell["width"] for cell in cells) - min(cell["width"] for cell in cells) < 1


def test_only_what_changed_moves_and_what_is_selected_stays(board: Page, console: Served):
    board.evaluate("document.querySelector('#board .prose').marked = true")
    before = board.locator(COUNTS).inner_text()
    params = {"params": {"simulate": {"steps": 40, "step_seconds": 20}}}
    account = "0123456789abcdef0123456789abcdef"
    for _ in range(3):
        requests.post(
            f"{console.simulator}/client/v4/accounts/{account}/workflows/order-fulfilment/instances",
            json=params,
            headers={"Authorization": "Bearer simulator-token"},
            timeout=5,
        ).raise_for_status()
    expect(board.locator(COUNTS)).not_to_have_text(before, use_inner_text=True, timeout=20_000)
    assert board.evaluate("document.querySelector('#board .prose').marked") is True


ALL_CHANGED = "Status counts changed, Note changed"
# whatever is said, for however short a time
HEAR = """() => {
  const announcer = document.querySelector("[data-announcer]");
  window.heard = [];
  const hear = new MutationObserver(() => heard.push(announcer.textContent));
  hear.observe(announcer, {childList: true});
}"""
# of one tick alone: what is under way was asked with the marks of the page
ASK_FOR_ALL = """() => document.addEventListener("htmx:configRequest", ({detail}) => {
  for (const name of Object.keys(detail.parameters))
    if (name !== "watch") detail.parameters[name] = "old";
}, {once: true})"""


def test_what_changed_is_said_once_and_again_when_it_changes_later(board: Page):
    board.clock.install()
    board.reload()
    board.evaluate(HEAR)
    for _ in range(2):
        # the page shows something else than the server has: all of it comes with the next tick
        board.evaluate(ASK_FOR_ALL)
        board.wait_for_function("said => heard.includes(said)", arg=ALL_CHANGED, timeout=10_000)
        board.wait_for_function("() => heard.at(-1) === ''")
        heard = board.evaluate("() => heard.splice(0)")
        assert heard.count(ALL_CHANGED) == 1
        assert heard[heard.index(ALL_CHANGED) + 1] == ""
        # what changes within half a minute is kept until then
        for _ in range(2):
            with board.expect_response(
                lambda answer: "/tick/" in answer.url and answer.status == 200
            ):
                board.evaluate(ASK_FOR_ALL)
        assert board.evaluate("heard") == []
        board.clock.fast_forward(30_000)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500, "code": 10001},
        {"kind": "status", "status": 429, "code": 971, "retry_after": 10},
        {"kind": "hang", "seconds": 30},
    ],
    ids=["errors", "too many calls", "hangs"],
)
def test_trouble_upstream_is_said_with_the_age_and_goes_away_by_itself(
    board: Page, console: Served, fault: dict
):
    expect(board.locator(COUNTS)).to_contain_text("complete")
    faults(console, {"path": "/workflows$", **fault})
    try:
        expect(board.get_by_text("as of")).to_be_visible(timeout=40_000)
        expect(board.locator(COUNTS)).to_contain_text("complete")
    finally:
        requests.delete(f"{console.simulator}/__faults", timeout=5)
    expect(board.get_by_text("as of")).to_be_hidden(timeout=60_000)


def test_a_wall_recovers_from_a_lost_network_without_a_reload(board: Page, context: BrowserContext):
    board.get_by_role("link", name="Wall").click()
    expect(board).to_have_url(re.compile("wall=1"))
    address = board.url
    board.close()
    wall = context.new_page()  # complains about the network, as it should
    wall.goto(address)
    expect(wall.locator("[data-clock]")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    expect(wall.locator(".rail")).to_have_count(0)
    wall.evaluate("window.marked = true")
    context.set_offline(True)
    expect(wall.locator("[data-connection]")).to_be_visible(timeout=20_000)
    context.set_offline(False)
    expect(wall.locator("[data-connection]")).to_be_hidden(timeout=30_000)
    assert wall.evaluate("window.marked") is True


def test_a_wall_whose_server_answers_errors_grows_old_and_recovers(
    board: Page, context: BrowserContext
):
    board.get_by_role("link", name="Wall").click()
    expect(board).to_have_url(re.compile("wall=1"))
    address = board.url
    board.close()
    wall = context.new_page()
    wall.goto(address)
    wall.route("**/tick/*", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    expect(wall.locator("[data-connection]")).to_be_visible(timeout=20_000)
    heard = wall.locator("[data-heard]").get_attribute("datetime")
    wall.wait_for_event("response", lambda answer: "/tick/" in answer.url, timeout=30_000)
    assert wall.locator("[data-heard]").get_attribute("datetime") == heard
    wall.unroute("**/tick/*")
    expect(wall.locator("[data-connection]")).to_be_hidden(timeout=60_000)


def test_escape_closes_what_is_open_and_then_leaves_the_wall(board: Page):
    address = board.url
    board.goto(f"{address}?wall=1")
    board.keyboard.press("?")
    expect(board.locator("#shortcuts")).to_be_visible()
    board.keyboard.press("Escape")
    expect(board.locator("#shortcuts")).to_be_hidden()
    assert board.url.endswith("?wall=1")
    board.keyboard.press("Escape")
    board.wait_for_url(address)


def test_a_panel_alone_has_one_heading(board: Page):
    board.get_by_role("link", name="Status counts alone").click()
    expect(board.locator("#tick")).to_be_attached()
    expect(board.get_by_role("heading", name="Status counts")).to_have_count(1)


def test_a_wall_is_dark_as_soon_as_its_dashboard_is_gone(board: Page, context: BrowserContext):
    wall = context.new_page()
    wall.goto(f"{board.url}?wall=1")
    expect(wall.locator(COUNTS)).to_contain_text("complete")
    board.goto(f"{board.url}delete/")
    board.get_by_role("button", name="Delete").click()
    expect(wall.get_by_role("heading", name="There is nothing here")).to_be_visible(timeout=20_000)
    expect(wall.locator("#board")).to_have_count(0)


def test_without_scripts_it_shows_and_is_edited(board: Page, browser, session_state):
    context = browser.new_context(java_script_enabled=False, storage_state=session_state)
    plain = context.new_page()
    plain.goto(board.url)
    expect(plain.locator(COUNTS)).to_contain_text("complete")
    plain.get_by_role("link", name="Edit").click()
    plain.locator("tbody tr").first.get_by_role("link", name="Remove").click()
    expect(plain.get_by_role("heading", name="Remove the panel Status counts?")).to_be_visible()
    plain.get_by_role("button", name="Remove").click()
    expect(plain.locator("tbody tr")).to_have_count(1)
    context.close()


def test_a_wall_fills_the_screen_and_its_title_a_narrow_one(board: Page):
    address = f"{board.url}?wall=1"
    board.goto(address)
    button = board.get_by_role("button", name="Full screen")
    button.click()
    board.wait_for_function("() => document.fullscreenElement !== null")
    expect(button).to_have_attribute("aria-pressed", "true")
    board.keyboard.press("Escape")
    board.wait_for_function("() => document.fullscreenElement === null")
    assert board.url == address
    board.set_viewport_size({"width": 320, "height": 700})
    lines = "title => title.offsetHeight / parseFloat(getComputedStyle(title).lineHeight)"
    assert board.locator(".wall-bar h1").evaluate(lines) < 1.5
    assert board.evaluate(OVERFLOW) <= 0
    board.add_init_script("Object.defineProperty(document, 'fullscreenEnabled', { value: false })")
    board.goto(address)
    expect(board.locator("[data-clock]")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    expect(button).to_be_hidden()
