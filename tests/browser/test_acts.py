"""Every act on an instance, as people do it, on the simulator."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.served import Served
from tests.browser.test_journey import DEMO, trigger

SLOW = '{"simulate": {"steps": 40, "step_seconds": 20}}'
FACTS = "#instance .facts-strip"


@pytest.fixture
def running(page: Page, console: Served) -> Page:
    """The page of an instance that runs for minutes."""
    trigger(page, console, "order-fulfilment", SLOW)
    page.wait_for_url("**/instances/**")
    expect(page.locator(FACTS)).to_contain_text("running", timeout=30_000)
    return page


def choose(page: Page, label: str) -> None:
    """An act of the menu, up to its dialog."""
    page.get_by_label("More acts").click()
    page.locator("#more-acts").get_by_role("link", name=label).click()
    expect(page.locator("#ask")).to_be_visible()


def test_pause_and_resume_take_one_click_each(running: Page):
    running.get_by_role("button", name="Pause").click()
    expect(running.get_by_text(re.compile("^Paused "))).to_be_visible()
    expect(running.locator(FACTS)).to_contain_text(re.compile("paused|waitingForPause"))
    running.get_by_role("button", name="Resume").click()
    expect(running.get_by_text(re.compile("^Resumed "))).to_be_visible()
    expect(running.locator(FACTS)).to_contain_text(re.compile("queued|running|waiting"))


def test_a_double_click_acts_once(running: Page):
    running.get_by_role("button", name="Pause").dblclick()
    expect(running.locator(FACTS)).to_contain_text(re.compile("paused|waitingForPause"))
    expect(running.get_by_role("alert")).to_have_count(0)


def test_terminate_asks_in_a_dialog_that_can_be_left(running: Page):
    choose(running, "Terminate")
    expect(running.locator("#ask textarea")).to_be_focused()
    running.keyboard.press("Escape")
    expect(running.locator("#ask")).to_be_hidden()
    expect(running.locator(FACTS)).to_contain_text("running")
    choose(running, "Terminate")
    running.get_by_label("Reason").fill("it hangs")
    running.locator("#ask").get_by_role("button", name="Terminate").click()
    expect(running.locator(".flashes")).to_contain_text("Terminated")
    expect(running.locator(FACTS)).to_contain_text("terminated")


def test_restart_keeps_the_earlier_run(running: Page):
    name = running.locator("h1").inner_text()
    choose(running, "Restart")
    running.locator("#ask").get_by_role("button", name="Restart").click()
    expect(running.get_by_text(f"Restarted {name}.")).to_be_visible()
    choose(running, "Delete")
    running.locator("#ask").get_by_role("button", name="Delete").click()
    running.wait_for_url("**/workflows/order-fulfilment/")
    running.go_back()
    running.reload()
    expect(running.get_by_text("doesn't know this instance any more")).to_be_visible()
    expect(running.locator("#instance tbody tr")).to_have_count(2)
    running.locator("#instance .row-link").first.click()
    expect(running.get_by_role("heading", name=f"Earlier run of {name}")).to_be_visible()


def test_restart_from_a_step_is_asked_on_the_step(page: Page, console: Served):
    page.goto(f"{console.url}{DEMO}billing-run/?status=errored")
    page.locator("#instances .row-link").first.click()
    failed = page.locator('.step[data-status="errored"]').first
    name = failed.locator("code").first.inner_text()
    failed.get_by_role("link", name="Restart from here").click()
    expect(page.locator("#ask h2")).to_contain_text(f"from {name}?")
    page.locator("#ask").get_by_role("button", name="Restart").click()
    expect(page.get_by_text(re.compile("^Restarted "))).to_be_visible()
    expect(page.locator(FACTS)).not_to_contain_text("errored")


def test_an_event_is_sent_to_one_that_waits(page: Page, console: Served):
    page.goto(f"{console.url}{DEMO}expense-approval/?status=waiting")
    page.locator("#instances .row-link").first.click()
    page.get_by_role("link", name="Send event").first.click()
    expect(page.get_by_label("Event type")).to_have_value("decision")
    page.get_by_label("Payload").fill('{"approved": true}')
    page.get_by_role("button", name="Send event").click()
    expect(page.get_by_text(re.compile("^Sent an event to "))).to_be_visible()
    expect(page.get_by_role("link", name="Send event")).to_have_count(0)


def test_without_scripts_every_act_has_a_page(running: Page, browser, session_state):
    context = browser.new_context(java_script_enabled=False, storage_state=session_state)
    plain = context.new_page()
    plain.goto(running.url)
    plain.get_by_role("button", name="Pause").click()
    expect(plain.get_by_text(re.compile("^Paused "))).to_be_visible()
    plain.get_by_label("More acts").click()
    plain.get_by_role("link", name="Terminate").click()
    plain.get_by_role("button", name="Terminate").click()
    expect(plain.locator(FACTS)).to_contain_text("terminated")
    context.close()
