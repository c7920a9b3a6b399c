"""What an admin does to workflows and to the account, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.served import Served

DEMO = "/a/demo/"


def created(page: Page, console: Served, name: str) -> None:
    page.goto(f"{console.url}{DEMO}workflows/")
    page.get_by_role("link", name="New workflow").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Class").fill("BillingRun")
    page.get_by_label("Script").fill("billing")
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_role("heading", name=f"Create {name}?")).to_be_visible()
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text(f"Created {name}.")).to_be_visible()


def test_a_workflow_is_made_with_schedules_that_tell_their_runs(page, console):
    page.goto(f"{console.url}{DEMO}new-workflow/")
    page.locator("#id_schedules").press_sequentially("0 2 * * *")
    expect(page.locator("#runs time")).to_have_count(3)
    expect(page.locator("#runs")).to_contain_text(re.compile(r"0[34]:00:00"))
    created(page, console, "made-here")
    expect(page.get_by_role("heading", name="made-here")).to_be_visible()
    expect(page.locator("#instances")).to_contain_text("no instances")


def test_a_workflow_is_taken_over_with_a_tick_alone(page, console):
    created(page, console, "to-be-moved")
    page.get_by_label("More acts").click()
    page.get_by_role("link", name="Settings…").click()
    page.get_by_label("Script").fill("inventory")
    page.get_by_label("Step limit").fill("2000")
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_text("takes the workflow over")).to_contain_text("billing")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_text("Tick this if you mean it.")).to_be_visible()
    page.get_by_role("button", name="Back to the form").click()
    assert page.get_by_label("Step limit").input_value() == "2000"
    page.get_by_role("button", name="Show what changes").click()
    page.get_by_label("Take to-be-moved over from billing").check()
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_text("Changed to-be-moved.")).to_be_visible()
    expect(page.locator("#instances .facts-strip")).to_contain_text("inventory")


def test_a_workflow_is_deleted_once_its_name_is_typed(page, console):
    created(page, console, "to-be-deleted")
    page.get_by_label("More acts").click()
    page.get_by_role("link", name="Delete…").click()
    dialog = page.locator("#ask")
    expect(dialog).to_contain_text("0 instances go")
    dialog.get_by_label("Reason").fill("left over")
    dialog.get_by_label("Type its name").fill("to-be-delete")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog).to_contain_text("This is not the workflow's name.")
    assert dialog.get_by_label("Reason").input_value() == "left over"
    dialog.get_by_label("Type its name").fill("to-be-deleted")
    dialog.get_by_role("button", name="Delete").click()
    page.wait_for_url(f"**{DEMO}workflows/")
    expect(page.get_by_text("Deleted to-be-deleted.")).to_be_visible()
    expect(page.locator("#w-to-be-deleted")).to_have_count(0)


def test_a_protected_workflow_wants_its_name_before_an_instance_goes(page, console):
    created(page, console, "to-be-kept")
    page.get_by_label("More acts").click()
    page.get_by_role("link", name="Protect…").click()
    page.locator("#ask").get_by_role("button", name="Protect").click()
    expect(page.locator(".page-title .badge")).to_contain_text("protected")
    page.goto(f"{console.url}{DEMO}workflows/to-be-kept/trigger/")
    page.get_by_role("button", name="Trigger").click()
    page.wait_for_url("**/instances/**")
    page.get_by_label("More acts").click()
    page.get_by_role("link", name="Delete…").click()
    dialog = page.locator("#ask")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.locator(".errors").first).to_be_visible()
    dialog.get_by_label("Reason").fill("a test")
    dialog.get_by_label("This workflow is protected").fill("to-be-kept")
    dialog.get_by_role("button", name="Delete").click()
    page.wait_for_url("**/workflows/to-be-kept/")
    page.get_by_label("More acts").click()
    page.get_by_role("link", name="Lift the protection…").click()
    dialog.get_by_label("Reason").fill("over")
    dialog.get_by_label("This workflow is protected").fill("to-be-kept")
    dialog.get_by_role("button", name="Lift the protection").click()
    expect(page.get_by_text("not protected any more")).to_be_visible()
    expect(page.locator(".page-title .badge")).to_have_count(0)


def test_redaction_is_tried_while_it_is_typed(page, console):
    page.goto(f"{console.url}{DEMO}settings/")
    page.get_by_role("link", name="Redaction").click()
    page.locator("#id_example").fill('{"Phone": "555", "n": 1}')
    page.get_by_role("button", name="Show what the trail would keep").click()
    kept = page.get_by_role("group", name="In the trail")
    expect(kept).to_contain_text('"555"')
    page.locator("#id_words").press_sequentially("phone")
    expect(kept).to_contain_text('"Phone": "[redacted]"')
    page.locator("#id_example").fill('{"Phone": ')
    expect(page.locator("#example")).to_contain_text("Line 1")
    assert page.locator("#id_words").input_value() == "phone"
