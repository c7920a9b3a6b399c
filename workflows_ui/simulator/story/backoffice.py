"""Chapters of the back office: reports, stock, expenses, catalogues and an old CRM."""

from __future__ import annotations

import random
from typing import Any

from workflows_ui.simulator.account import Account
from workflows_ui.simulator.clock import DAY, HOUR, MINUTE
from workflows_ui.simulator.definitions import Context, Retention
from workflows_ui.simulator.graph import (
    attempt,
    block,
    branch,
    call,
    fields,
    graph,
    if_,
    leave,
    loop,
    parallel,
    sleep,
    sleep_until,
    start,
    step,
    switch,
    wait,
)
from workflows_ui.simulator.instance import Command, Instance
from workflows_ui.simulator.ops import Do
from workflows_ui.simulator.story.telling import (
    Burst,
    Chapter,
    Deployment,
    Regular,
    Steady,
    Usual,
    chance,
    fail,
    together,
)

REGIONS = ("emea", "apac", "amer")


# --- nightly-report ---


class Report(Usual):
    times = {"query warehouse ${region}": (20_000, 300_000)}

    def step(self, ctx: Context, op: Do) -> Do:
        op = super().step(ctx, op)
        if op.name.startswith("query"):
            rng = ctx.draw(op.name)
            op.ms = rng.randint(20_000, 300_000)
            op.output = [{"sku": f"SKU-{n}", "sold": rng.randint(0, 900)} for n in range(120)]
        elif op.name == "send report" and chance(ctx, "mail", 0.06):
            fail(op, "Error", "SMTP 451 4.7.1 greylisted, try again later", times=2)
        return op

    def sleep_until(self, ctx: Context, node: dict[str, Any]) -> int:
        return ctx.created + 30 * MINUTE

    def result(self, ctx: Context) -> Any:
        return {"regions": REGIONS, "rows": 360}


def report_graph(number: int) -> dict[str, Any]:
    query = loop(step("query warehouse ${region}", timeout="10 minutes"))
    settle = sleep_until("wait for the market close", "${marketClose.toISOString()}")
    nodes = [query, settle] if number > 1 else [query]
    return graph("NightlyReport", *nodes, step("render pdf"), step("send report", delay="1 minute"))


# --- inventory-sync ---


class Inventory(Usual):
    def step(self, ctx: Context, op: Do) -> Do:
        op = super().step(ctx, op)
        if op.name == "fetch changes" and chance(ctx, "erp", 0.04):
            return fail(op, "Error", "ERP is in its maintenance window (HTTP 503)", ms=2_000)
        return op

    def rounds(self, ctx: Context, node: dict[str, Any]) -> int:
        return ctx.draw("pages").randint(1, 6)

    def branch(self, ctx: Context, conditions: list[str | None], discriminant: str | None) -> int:
        if "page.isLast" in conditions:
            return 1
        return super().branch(ctx, conditions, discriminant)

    def result(self, ctx: Context) -> Any:
        return ctx.draw("changed").randint(0, 4_000)


def inventory_graph(number: int) -> dict[str, Any]:
    apply = switch(
        "change.kind",
        branch("stock", step("apply stock")),
        branch("price", step("apply price"), step("purge cache")),
        branch(None, step("skip unknown")),
    )
    page = [step("read page ${page}"), if_(branch("page.isLast", leave("break")), branch(None))]
    nodes = [step("fetch changes", limit=3, delay="20 seconds"), loop(*page, apply)]
    if number > 1:
        nodes.append(loop(loop(step("verify shelf ${warehouse}.${shelf}"))))
    return graph("InventorySync", *nodes)


# --- expense-approval ---


class Expenses(Usual):
    def branch(self, ctx: Context, conditions: list[str | None], discriminant: str | None) -> int:
        if "amount > 1000" in conditions:
            return 0 if ctx.param("amount", 0) > 1000 else 1
        decision = ctx.results.get("manager decision")
        approved = isinstance(decision, dict) and decision.get("approved") is True
        return 0 if approved else 1

    def step(self, ctx: Context, op: Do) -> Do:
        op = super().step(ctx, op)
        if op.name == "check policy":
            op.output = {"note": "<i>ok</i> & within budget", "limit": 5_000}
        return op

    def result(self, ctx: Context) -> Any:
        return {"expense": ctx.param("expense"), "decision": ctx.results.get("manager decision")}


def expense(number: int, rng: random.Random) -> Any:
    return {
        "expense": number,
        "amount": rng.choice([42, 180, 990, 1_450, 7_300]),
        "currency": rng.choice(["EUR", "JPY", "CHF"]),
        "purpose": rng.choice(
            ["train to Zürich", "客户晚餐", "laptop & dock", "'; DROP TABLE x; --"]
        ),
    }


def decisions(at: int, rng: random.Random) -> tuple[Command, ...]:
    approved = rng.random() < 0.7
    payload = {"approved": approved, "comment": "fine" if approved else "no receipt <unreadable>"}
    when = at + rng.randint(2, 30) * HOUR
    fate = rng.random()
    if fate < 0.12:
        return ()  # nobody answers: the wait times out
    if fate < 0.2:
        return Command(at + 3 * HOUR, Instance.pause), Command(at + 30 * HOUR, Instance.resume)
    return (Command(when, lambda instance: instance.send_event("decision", payload)),)


def expenses_graph(number: int) -> dict[str, Any]:
    shape = fields(approved=None, comment=None)
    decide = wait("manager decision", "decision", "3 days" if number > 1 else "1 day", shape)
    second = if_(
        branch("amount > 1000", step("ask finance")),
        branch(None, step("note small amount")),
    )
    outcome = if_(
        branch("decision.approved", step("pay out", limit=3), step("tell employee")),
        branch(None, step("reject")),
    )
    nodes = [step("check policy"), second, decide, outcome]
    if number > 2:
        late = block(step("escalate"), leave())
        nodes = [step("check policy"), second, attempt(block(decide), catch=late), outcome]
    return graph("ExpenseApproval", *nodes, payload=fields(expense=None, amount=None))


# --- catalog-import ---


class Catalog(Usual):
    def step(self, ctx: Context, op: Do) -> Do:
        op.ms = 80 if op.name.startswith("import") else 4_000
        op.output = {"rows": 250}
        if op.name.endswith("1777") and chance(ctx, "page", 0.5):
            fail(op, "Error", "row 193: price “12,90” is not a number", times=2)
        return op

    def rounds(self, ctx: Context, node: dict[str, Any]) -> int:
        return 2_998

    def result(self, ctx: Context) -> Any:
        return {"rows": 749_500}


def catalog_graph(number: int) -> dict[str, Any]:
    page = step("import page ${page}", limit=3, delay=5_000, backoff="constant", timeout=60_000)
    nodes = [step("fetch feed"), loop(page)] + ([step("rebuild index")] if number > 1 else [])
    return graph("CatalogImport", *nodes)


# --- legacy-crm-sync, its Worker is gone ---


class Crm(Usual):
    def step(self, ctx: Context, op: Do) -> Do:
        op = super().step(ctx, op)
        if op.name == "push contacts" and chance(ctx, "crm", 0.3):
            fail(op, "Error", "CRM said: <error code='AUTH'>session expired</error>")
        return op


def crm_graph(number: int) -> dict[str, Any]:
    child = start("CrmContactSync", step("push contacts", limit=2, delay="2 seconds"))
    wake = wait("crm is awake", None)
    nodes = [step("log in"), child] + ([call("auditTrail")] if number > 1 else [])
    audit = [step("write audit"), leave("return")]
    asleep = if_(branch("crm.sleeping", wake))
    return graph("CrmSync", *nodes, asleep, functions={"auditTrail": audit})


class AwakeCrm(Crm):
    def branch(self, ctx: Context, conditions: list[str | None], discriminant: str | None) -> int:
        return len(conditions)  # never asleep


# --- never used ---


def revenue_graph() -> dict[str, Any]:
    posts = parallel(step("post deferral"), step("post revenue"), kind="all_settled")
    return graph("RevenueRecognition", step("load contracts"), posts, sleep("settle", "1 day"))


def chapters(account: Account) -> list[Chapter]:
    now = account.created
    return [
        Chapter(
            name="nightly-report",
            script="reporting",
            deployments=[
                Deployment(report_graph(1), Report(1), 60 * 24),
                Deployment(report_graph(2), Report(2), 15 * 24),
            ],
            crons=["0 2 * * *"],
        ),
        Chapter(
            name="inventory-sync",
            script="inventory",
            deployments=[
                Deployment(inventory_graph(1), Inventory(1), 50 * 24),
                Deployment(inventory_graph(2), Inventory(2), 4 * 24),
            ],
            crons=["*/30 * * * *"],
            retention=Retention(7 * DAY, 14 * DAY),
            history_days=15,
        ),
        Chapter(
            name="expense-approval",
            script="expenses",
            deployments=[
                Deployment(expenses_graph(number), Expenses(number), hours)
                for number, hours in ((1, 80 * 24), (2, 25 * 24), (3, 6 * 24))
            ],
            arrivals=Steady("exp", expense, 8, 110, commands=decisions),
        ),
        Chapter(
            name="catalog-import",
            script="catalog",
            deployments=[
                Deployment(catalog_graph(1), Catalog(1), 30 * 24),
                Deployment(catalog_graph(2), Catalog(2), 2 * 24),
            ],
            arrivals=together(
                Regular("feed", supplier_feed, every=8 * HOUR, from_days=3, phase=4 * HOUR),
                Burst("delta", supplier_feed, (now - 3 * MINUTE, now - 2 * MINUTE), 1),
            ),
        ),
        Chapter(
            name="legacy-crm-sync",
            script="crm-bridge-2023",
            deployments=[
                Deployment(crm_graph(1), AwakeCrm(1), 88 * 24),
                Deployment(crm_graph(2), AwakeCrm(2), 70 * 24),
            ],
            script_deleted=True,
            arrivals=Steady(
                "crm", lambda number, rng: {"batch": number}, 9, 3_600, source="binding", to_days=6
            ),
        ),
        Chapter(
            name="quarterly-subscription-revenue-recognition-and-deferral-posting",
            script="ledger",
            deployments=[
                Deployment(revenue_graph(), Usual(1), 9 * 24),
                Deployment(revenue_graph(), Usual(2), 2 * 24),
            ],
            days=9,
        ),
    ]


def supplier_feed(number: int, rng: random.Random) -> Any:
    return {"feed": rng.choice(["nordic.xml", "全商品.csv", "outlet.json"]), "full": True}
