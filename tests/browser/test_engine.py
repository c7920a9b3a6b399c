"""The same pages over a real Workflows engine: connect, list, trigger, follow."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.served import Served
from tests.engine.conftest import engine  # noqa: F401 - a fixture
from tests.engine.engine import Engine

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("browser")]


@pytest.fixture
def local(page: Page, console: Served, engine: Engine) -> str:  # noqa: F811
    """The workflows page of the engine's account, connected by its address."""
    page.goto(f"{console.url}/connect/")
    page.get_by_label("Address of wrangler dev").fill(engine.url)
    page.get_by_role("button", name="Connect it").click()
    page.wait_for_url("**/workflows/")
    return page.url


def trigger(page: Page, local: str, workflow: str, params: str) -> None:
    page.goto(f"{local}{workflow}/")
    page.get_by_role("link", name="Trigger").first.click()
    page.get_by_label("Params").fill(params)
    page.get_by_role("button", name="Trigger").click()
    page.wait_for_url("**/instances/**")


def test_its_workflows_are_listed_and_what_it_cannot_do_is_hidden(page: Page, local: str):
    page.goto(local)
    expect(page.get_by_role("link", name="order-fulfilment")).to_be_visible()
    assert page.locator("#workflows tbody tr").count() >= 8
    page.get_by_role("link", name="order-fulfilment").click()
    expect(page.get_by_role("link", name="Versions")).to_have_count(0)


def test_an_instance_is_triggered_and_followed_to_its_end(page: Page, local: str):
    trigger(page, local, "order-fulfilment", '{"orderId": "A-17", "napMs": 1500}')
    page.evaluate("window.marked = true")
    expect(page.locator("#instance .facts-strip")).to_contain_text("complete", timeout=30_000)
    assert page.evaluate("window.marked") is True
    expect(page.get_by_role("region", name="Params")).to_contain_text("A-17")
    expect(page.get_by_role("region", name="Output")).to_be_visible()
    page.get_by_role("link", name="order-fulfilment").first.click()
    expect(page.locator("#instances tbody tr").first).to_contain_text("complete")


def test_a_retrying_step_and_its_attempts_are_seen(page: Page, local: str):
    # each wait for the next try outlasts the three seconds from one refresh to the next
    trigger(page, local, "flaky-import", '{"failures": 2, "delayMs": 4000}')
    note = page.locator(".step-note").first
    expect(note).to_contain_text(re.compile(r"Attempt \d of \d"), timeout=15_000)
    expect(page.locator("#instance .facts-strip")).to_contain_text("complete", timeout=30_000)
    expect(page.locator(".step-tries").first).to_have_text("3 attempts")


def test_one_that_waits_for_an_event_says_so(page: Page, local: str):
    trigger(page, local, "approval-gate", '{"timeout": "1 hour"}')
    expect(page.locator("#instance .facts-strip")).to_contain_text("waiting", timeout=15_000)
    expect(page.locator('.step[data-status="waiting"]')).to_contain_text("Waits for")


def test_an_errored_one_says_why(page: Page, local: str):
    trigger(page, local, "doomed-charge", '{"how": "non-retryable"}')
    expect(page.get_by_role("region", name="Error")).to_be_visible(timeout=15_000)


def test_a_missing_id_leaves_no_trace_on_the_engine(page: Page, local: str):
    page.goto(f"{local}fan-out/")
    before = page.locator("#instances tbody tr").count()
    page.get_by_label("Instance id").fill("no-such-one")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("no such instance")).to_be_visible()
    page.goto(f"{local}fan-out/instances/no-such-other/")
    expect(page.get_by_role("alert")).to_be_visible()
    page.goto(f"{local}fan-out/")
    assert page.locator("#instances tbody tr").count() == before


def test_acts_on_a_real_engine(page: Page, local: str):
    trigger(page, local, "approval-gate", '{"timeout": "1 hour"}')
    facts = page.locator("#instance .facts-strip")
    # what an act answers stands on the new page alone: the old one may be refreshed once more
    expect(facts).to_contain_text("waiting", timeout=15_000)
    page.get_by_label("More acts").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text(re.compile("^Paused "))).to_be_visible()
    expect(facts).to_contain_text("paused", timeout=15_000)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile("^Resumed "))).to_be_visible()
    expect(facts).to_contain_text("waiting", timeout=15_000)
    page.get_by_role("link", name="Send event").first.click()
    # this engine doesn't tell which type a step waits for
    page.get_by_label("Event type").fill("approval")
    page.get_by_label("Payload").fill('{"approved": true}')
    page.locator("#ask").get_by_role("button", name="Send event").click()
    expect(page.get_by_text(re.compile("^Sent an event to "))).to_be_visible()
    expect(facts).to_contain_text("complete", timeout=15_000)
    page.get_by_label("More acts").click()
    page.locator("#more-acts").get_by_role("link", name="Restart").click()
    page.locator("#ask").get_by_role("button", name="Restart").click()
    expect(page.get_by_text(re.compile("^Restarted "))).to_be_visible()
    expect(facts).to_contain_text("waiting", timeout=15_000)
    page.get_by_label("More acts").click()
    page.locator("#more-acts").get_by_role("link", name="Terminate").click()
    page.locator("#ask").get_by_role("button", name="Terminate").click()
    expect(page.get_by_text(re.compile("^Terminated "))).to_be_visible()
    expect(facts).to_contain_text("terminated", timeout=15_000)
    page.get_by_label("More acts").click()
    page.locator("#more-acts").get_by_role("link", name="Delete").click()
    page.locator("#ask").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/workflows/approval-gate/")
    expect(page.locator(".flashes")).to_contain_text("Deleted")


def test_a_real_restart_from_a_step_keeps_what_came_before(page: Page, local: str):
    trigger(page, local, "order-fulfilment", '{"orderId": "A-18", "napMs": 500}')
    facts = page.locator("#instance .facts-strip")
    expect(facts).to_contain_text("complete", timeout=30_000)
    step = page.locator(".step").last
    step.locator("summary").click()
    step.get_by_role("link", name="Restart from here").click()
    page.locator("#ask").get_by_role("button", name="Restart").click()
    expect(page.locator(".flashes")).to_contain_text("Restarted")
    expect(facts).to_contain_text("complete", timeout=30_000)


def test_a_batch_and_ticked_deletes_on_a_real_engine(page: Page, local: str):
    page.goto(f"{local}approval-gate/batch/")
    page.locator("#id_text").fill('[{"timeout": "1 hour"}, {"timeout": "1 hour"}, {"n": 3}]')
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_text("one by one")).to_be_visible()
    page.get_by_role("button", name="Trigger 3 instances").click()
    page.wait_for_url("**/batches/**")
    expect(page.get_by_role("heading", name="3 of 3 instances created")).to_be_visible()
    ids = [link.get_attribute("title") for link in page.locator("#batch .row-link").all()]
    page.goto(f"{local}approval-gate/")
    for one in ids[:2]:
        page.locator(f'[id="tick-{one}"]').check()
    page.get_by_role("button", name="Delete…").click()
    page.locator("#ask").get_by_role("button", name="Delete 2").click()
    page.wait_for_url("**/batches/**")
    expect(page.get_by_role("heading", name="2 of 2 instances deleted")).to_be_visible()
    page.goto(f"{local}approval-gate/")
    expect(page.locator(f'[id="tick-{ids[2]}"]')).to_be_visible()
    expect(page.locator(f'[id="tick-{ids[0]}"]')).to_have_count(0, timeout=15_000)
