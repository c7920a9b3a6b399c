"""What people do in the console, in a real browser, against the simulator."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser.served import PASSWORD, Served

DEMO = "/a/demo/workflows/"
# steps of no story: one order in thirty ends in an error, as it would in life
QUICK = '{"simulate": {"steps": 8, "step_seconds": 0.5}}'


def trigger(page: Page, console: Served, workflow: str, params: str) -> None:
    page.goto(f"{console.url}{DEMO}{workflow}/trigger/")
    page.get_by_label("Params").fill(params)
    page.get_by_role("button", name="Trigger").click()


def test_on_call_one_finds_why_instances_failed(page: Page, console: Served):
    page.goto(console.url + DEMO)
    row = page.locator("#w-billing-run")
    row.get_by_title(re.compile("^errored")).click()
    expect(page).to_have_url(re.compile(r"/billing-run/\?status=errored"))
    rows = page.locator("#instances tbody tr")
    expect(rows.first).to_contain_text("errored")
    assert all("errored" in text for text in rows.all_inner_texts())
    rows.first.get_by_role("link").first.click()
    expect(page.get_by_role("region", name="Error")).to_be_visible()
    failed = page.locator('.step[data-status="errored"]').first
    expect(failed.locator(".timeline li").first).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile(r"status=errored"))
    expect(rows.first).to_contain_text("errored")


def test_a_triggered_instance_is_followed_to_its_end_without_a_reload(page, console):
    trigger(page, console, "order-fulfilment", QUICK)
    expect(page).to_have_url(re.compile(r"/instances/[0-9a-f-]{36}/"))
    page.evaluate("window.marked = true")
    expect(page.locator("#instance .facts-strip")).to_contain_text("complete", timeout=90_000)
    assert page.evaluate("window.marked") is True
    expect(page.locator("#instance")).not_to_have_attribute("hx-trigger", re.compile("every"))


def test_a_page_recovers_by_itself_when_the_api_does(page, console):
    page.goto(console.url + DEMO)
    page.evaluate("window.marked = true")
    told = page.get_by_text("Shown as it was")
    faults = f"{console.simulator}/__faults"
    try:
        requests.put(faults, json=[{"kind": "internal", "method": "GET"}], timeout=5)
        expect(told).to_be_visible(timeout=20_000)
    finally:
        requests.delete(faults, timeout=5)
    expect(told).to_be_hidden(timeout=30_000)
    assert page.evaluate("window.marked") is True
    expect(page.locator("#workflows")).to_have_attribute("hx-trigger", "every 5s")


def test_broken_params_are_named_and_nothing_typed_is_lost(page, console):
    trigger(page, console, "order-fulfilment", '{\n  "order": 1,\n  "rush" true\n}')
    expect(page.get_by_text(re.compile("line 3, column 10", re.IGNORECASE)).first).to_be_visible()
    assert page.get_by_label("Params").input_value() == '{\n  "order": 1,\n  "rush" true\n}'
    page.get_by_label("Params").fill('{"order": 1, "rush": true}')
    page.get_by_role("button", name="Trigger").click()
    expect(page).to_have_url(re.compile(r"/instances/"))
    expect(page.get_by_role("region", name="Params")).to_contain_text("rush")


def test_the_params_of_an_instance_can_be_sent_again_changed(page, console):
    trigger(page, console, "order-fulfilment", '{"order": 77}')
    page.wait_for_url("**/instances/**")
    page.get_by_role("link", name="Run again").click()
    field = page.get_by_label("Params")
    assert '"order": 77' in field.input_value()
    first = page.url
    field.fill(field.input_value().replace("77", "78"))
    page.get_by_role("button", name="Trigger").click()
    page.wait_for_url("**/instances/**")
    assert page.url != first
    expect(page.get_by_role("region", name="Params")).to_contain_text("78")


def test_going_back_and_sending_the_form_again_makes_no_second_instance(page, console):
    page.goto(f"{console.url}{DEMO}order-fulfilment/trigger/")
    page.get_by_label("Params").fill('{"order": 5}')
    drawn = page.locator("input[name=own_id]").input_value()
    page.get_by_role("button", name="Trigger").dblclick()
    page.wait_for_url(f"**/instances/{drawn}/")
    page.go_back()
    page.locator("input[name=own_id]").evaluate("(field, id) => field.value = id", drawn)
    page.get_by_role("button", name="Trigger").click()
    page.wait_for_url(f"**/instances/{drawn}/")


def test_an_id_is_looked_up_and_a_wrong_one_is_named_where_it_was_typed(page, console):
    page.goto(f"{console.url}{DEMO}order-fulfilment/")
    known = page.locator("#instances .row-link").first.get_attribute("title")
    page.get_by_label("Instance id").fill("no-such-instance")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("no such instance")).to_be_visible()
    assert page.get_by_label("Instance id").input_value() == "no-such-instance"
    page.get_by_label("Instance id").fill(known)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name=known)).to_be_visible()


def test_pages_of_instances_can_be_walked_reloaded_and_left_backwards(page, console):
    page.goto(f"{console.url}{DEMO}order-fulfilment/?status=complete")
    ids = page.locator("#instances .row-link")
    newest = ids.first.get_attribute("title")
    page.get_by_role("link", name="Older").click()
    expect(page).to_have_url(re.compile("cursor="))
    second = ids.first.get_attribute("title")
    assert second != newest
    page.reload()
    assert ids.first.get_attribute("title") == second
    page.get_by_role("link", name="Newer").click()
    expect(page).not_to_have_url(re.compile("cursor="))
    expect(page.locator("#instances tbody")).to_contain_text("complete")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "status", "status": 401, "code": 10000}, "no longer accepts this token"),
        ({"kind": "status", "status": 403, "code": 10000}, "lacks a permission"),
        ({"kind": "html", "status": 200}, "not an answer of the Workflows API"),
        ({"kind": "hang", "seconds": 12}, "did not answer in time"),
    ],
)
def test_each_trouble_has_a_panel_of_its_own(page, console, fault, words):
    path = "/workflows/gdpr-export/versions$"
    requests.put(f"{console.simulator}/__faults", json=[{"path": path, **fault}], timeout=5)
    try:
        page.goto(f"{console.url}{DEMO}gdpr-export/versions/")
        expect(page.get_by_role("alert")).to_contain_text(words)
    finally:
        requests.delete(f"{console.simulator}/__faults", timeout=5)


def test_an_unknown_workflow_says_so(page, console):
    page.goto(f"{console.url}{DEMO}no-such-workflow/")
    expect(page.get_by_role("alert")).to_contain_text("doesn't know this")


def test_the_pages_work_without_scripts(browser: Browser, console: Served):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(console.url + DEMO)
    page.get_by_label("Username").fill("demo")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("link", name="order-fulfilment").click()
    page.get_by_label("Status").select_option("complete")
    page.get_by_role("button", name="Filter").click()
    page.locator("#instances .row-link").first.click()
    expect(page.get_by_role("heading", name="Steps")).to_be_visible()
    page.locator(".step summary").first.click()
    page.get_by_role("link", name="Run again").click()
    page.get_by_role("button", name="Trigger").click()
    expect(page).to_have_url(re.compile("/instances/"))
    context.close()
