"""Many instances at once: a batch by upload, ticks that outlive refreshes, all of a status."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.looking import look_at
from tests.browser.served import Served

DEMO = "/a/demo/workflows/order-fulfilment/"
SLOW = '{"simulate": {"step_seconds": 600}}'


def batch(page: Page, console: Served, rows: str, *, upload: bool = False) -> None:
    page.goto(f"{console.url}{DEMO}batch/")
    if upload:
        file = {"name": "rows.csv", "mimeType": "text/csv", "buffer": rows.encode()}
        page.get_by_label("File").set_input_files(file)
    else:
        page.locator("#id_text").fill(rows)
    page.get_by_role("button", name="Look at it first").click()
    page.get_by_role("button", name=re.compile("Trigger .* instance")).click()
    page.wait_for_url("**/batches/**")


def terminate_all(page: Page, console: Served) -> None:
    page.goto(f"{console.url}{DEMO}?status=running")
    all_running = page.get_by_role("link", name="Terminate all running…")
    for _ in range(20):
        if all_running.is_visible():
            break
        # they are queued; without scripts, or while none runs, a page is read anew by hand
        page.wait_for_timeout(500)
        page.reload()
    all_running.click()


def test_a_batch_is_uploaded_looked_at_and_told_row_by_row(page: Page, console: Served):
    page.goto(f"{console.url}{DEMO}")
    page.get_by_label("More acts").click()
    page.get_by_role("link", name="Trigger a batch").click()
    rows = "order;note\n" + "".join(f'{n};"a; ""{n}"""\n' for n in range(120))
    file = {"name": "rows.csv", "mimeType": "text/csv", "buffer": rows.encode("utf-8-sig")}
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_role("heading", name="Trigger 120 instances")).to_be_visible()
    expect(page.locator("tbody tr").first).to_contain_text('{"order": 0, "note": "a; \\"0\\""}')
    page.get_by_role("button", name="Change").click()
    assert page.locator("#id_text").input_value() == rows
    page.get_by_role("button", name="Look at it first").click()
    page.get_by_role("button", name="Trigger 120 instances").click()
    page.wait_for_url("**/batches/**")
    expect(page.get_by_role("heading", name="120 of 120 instances created")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile("page=2"))
    page.locator("#batch .row-link").nth(19).click()
    expect(page.get_by_role("region", name="Params")).to_contain_text("119")


def test_ticks_outlive_refreshes_and_are_acted_on(page: Page, console: Served):
    batch(page, console, f"[{', '.join([SLOW] * 4)}]")
    page.goto(f"{console.url}{DEMO}")
    ticks = page.locator("[data-tick]")
    # in one look: between two of them the list may move on
    ids = ticks.evaluate_all("ticks => ticks.slice(0, 2).map(tick => tick.value)")
    for one in ids:
        page.locator(f'[id="tick-{one}"]').check()
    batch_in_another_tab = page.context.new_page()
    batch(batch_in_another_tab, console, "n\n1\n2\n")
    batch_in_another_tab.close()
    page.bring_to_front()
    expect(page.locator("[data-tick]:checked")).to_have_count(2)
    # the list has been swapped when what the other tab made is in it
    expect(ticks.first).not_to_have_value(ids[0])
    for one in ids:
        expect(page.locator(f'[id="tick-{one}"]')).to_be_checked()
    expect(page.locator("[data-tick-count]")).to_have_text("2 ticked")
    page.get_by_role("button", name="Delete…").click()
    dialog = page.locator("#ask")
    expect(dialog).to_contain_text("Delete 2 instances of order-fulfilment?")
    expect(dialog.locator(".named li")).to_have_text(ids)
    dialog.get_by_label("Reason").fill("left over")
    dialog.get_by_role("button", name="Delete 2").click()
    page.wait_for_url("**/batches/**")
    expect(page.get_by_role("heading", name="2 of 2 instances deleted")).to_be_visible()


def test_all_of_a_page_are_ticked_at_once(page: Page, console: Served):
    page.goto(f"{console.url}{DEMO}?status=complete")
    page.locator("#tick-all").check()
    expect(page.locator("[data-tick-count]")).to_have_text("50 ticked")
    page.get_by_label("All on this page").last.uncheck()
    expect(page.locator(".tick-bar")).to_be_hidden()


def test_all_of_a_status_are_terminated_to_the_last(page: Page, console: Served):
    batch(page, console, f"[{', '.join([SLOW] * 110)}]")
    terminate_all(page, console)
    dialog = page.locator("#ask")
    dialog.get_by_label("Reason").fill("a test")
    dialog.get_by_role("button", name="Terminate all running").click()
    page.wait_for_url("**/terminate-all/**")
    page.evaluate("window.marked = true")
    state = page.locator("#sweep .facts-strip")
    expect(state).to_contain_text(re.compile("ended"), timeout=90_000)
    assert page.evaluate("window.marked") is True
    expect(page.locator("#sweep")).not_to_have_attribute("hx-post", re.compile("round"))


def test_it_works_without_scripts(browser: Browser, session_state, console: Served):
    context = browser.new_context(storage_state=session_state, java_script_enabled=False)
    page = context.new_page()
    batch(page, console, f"[{SLOW}]", upload=False)
    page.goto(f"{console.url}{DEMO}")
    page.locator("[data-tick]").first.check()
    page.get_by_role("button", name="Restart…").click()
    expect(page.get_by_role("heading", name="Restart 1 instance of")).to_be_visible()
    page.get_by_role("button", name="Restart 1").click()
    page.wait_for_url("**/batches/**")
    terminate_all(page, console)
    page.get_by_role("button", name="Terminate all running").click()
    page.wait_for_url("**/terminate-all/**")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#sweep")).to_contain_text("ended")
    context.close()


def test_its_pages_fit_and_are_accessible(context, console: Served):
    page = context.new_page()
    page.goto(f"{console.url}{DEMO}batch/")
    page.locator("#id_text").fill("instance_id,n\n" + "x" * 120 + ",1\n-y,2\n")
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_text("2 problems")).to_be_visible()
    look_at(page, "batch-problems")
