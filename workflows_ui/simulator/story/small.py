"""A small account with fixed ids, one instance in each status.

| workflow | instances (created up to two hours before the start) |
|---|---|
| `checkout` (2 versions) | `order-complete`, `order-errored`, `order-terminated`, `order-paused`, `order-waiting`, `order-running`, `order-pausing`, `order-rolling-back` |
| `batch-import` (one at a time) | `batch-1` running, `batch-2` queued |
| `nightly-report` (cron `0 2 * * *`) | those that the schedule made in the last two days |
"""  # noqa: E501

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workflows_ui.simulator.account import Account
from workflows_ui.simulator.clock import DAY, HOUR, MINUTE
from workflows_ui.simulator.definitions import Context, Version, stable_uuid
from workflows_ui.simulator.graph import fields, graph, sleep, step, wait
from workflows_ui.simulator.instance import Command, Instance
from workflows_ui.simulator.interpreter import Behaviour, code_of
from workflows_ui.simulator.ops import Do
from workflows_ui.simulator.workflow import Workflow

STUCK = {"step_seconds": 30 * 24 * 3600 - 1}


class Checkout(Behaviour):
    def step(self, ctx: Context, op: Do) -> Do:
        undo = None
        if op.name == "reserve stock":
            hours = ctx.param("rollback_hours", 0)
            undo = Do(op.name, ms=hours * HOUR or 500, output={"released": True}, config=op.config)
        return replace(op, ms=500, output={op.name: True, "order": ctx.param("order")}, undo=undo)

    def result(self, ctx: Context) -> Any:
        return {"order": ctx.param("order"), "shipped": True}


def tell(account: Account) -> None:
    now = account.created
    checkout = _workflow(account, "checkout", "Checkout", "shop-worker", 60 * DAY)
    first = graph("Checkout", step("reserve stock"), step("charge card"), step("ship"))
    second = graph(
        "Checkout",
        step("reserve stock", timeout="31 days"),
        step("charge card", limit=2, delay="1 second", timeout="31 days"),
        sleep("cool off", "1 minute"),
        wait("approval", "approve", "24 hours"),
        step("ship"),
        payload=fields(order=None),
    )
    _deploy(account, checkout, first, now - 60 * DAY)
    _deploy(account, checkout, second, now - 20 * DAY)
    _orders(checkout, now)

    batch = _workflow(account, "batch-import", "BatchImport", "import-worker", 10 * DAY)
    plain = graph("BatchImport", step("read file", timeout="31 days"), step("store rows"))
    _deploy(account, batch, plain, now - 10 * DAY, concurrency=1)
    for number in (1, 2):
        stuck = {"file": f"{number}.csv", "simulate": STUCK}
        batch.add(f"batch-{number}", at=now - (3 - number) * MINUTE, params=stuck)

    report = _workflow(account, "nightly-report", "NightlyReport", "report-worker", 2 * DAY)
    drawn = graph("NightlyReport", step("collect"), step("send"))
    _deploy(account, report, drawn, now - 2 * DAY)
    report.schedule(["0 2 * * *"], now - 2 * DAY)


def _orders(checkout: Workflow, now: int) -> None:
    def order(name: str, minutes: int, *commands: Command, **params: Any) -> None:
        at = now - minutes * MINUTE
        given = {"order": name} | params
        checkout.add(f"order-{name}", at=at, params=given, commands=commands, human_scale=False)

    def after(minutes: int, act: Any) -> Command:
        return Command(now - minutes * MINUTE, act)

    failing = {"fail_step": "charge card", "error": {"name": "CardError", "message": "declined"}}
    order(
        "complete",
        120,
        after(110, lambda instance: instance.send_event("approve", {"by": "finance"})),
    )
    order("errored", 100, simulate=failing)
    order("terminated", 90, after(80, Instance.terminate))
    order("paused", 80, after(70, Instance.pause))
    order("waiting", 60)
    order("running", 40, simulate=STUCK | {"fail_step": "none"})
    order("pausing", 30, after(25, Instance.pause), simulate=STUCK)
    order("rolling-back", 20, rollback_hours=1, simulate=failing)


def _workflow(account: Account, name: str, class_name: str, script: str, age: int) -> Workflow:
    created = account.created - age
    workflow = Workflow(name, script, created, account.seed, id=stable_uuid("small", name))
    return account.add(workflow)


def _deploy(
    account: Account,
    workflow: Workflow,
    drawn: dict[str, Any],
    at: int,
    *,
    concurrency: int | None = None,
) -> None:
    number = len(workflow.versions) + 1
    class_name = drawn["workflow"]["class_name"]
    version = Version(
        id=stable_uuid("small", workflow.name, number),
        class_name=class_name,
        created=at,
        code=code_of(drawn, Checkout()),
        graph=drawn,
        concurrency=concurrency,
    )
    workflow.deploy(version, at)
    account.codes[class_name] = (version.code, drawn)
