"""Chapters of the shop: orders, bills, webhooks and travel bookings."""

from __future__ import annotations

import random
from typing import Any

from workflows_ui.simulator.account import Account
from workflows_ui.simulator.clock import DAY, HOUR, MINUTE, SECOND
from workflows_ui.simulator.definitions import Context
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
    step,
    switch,
)
from workflows_ui.simulator.instance import Command, Instance
from workflows_ui.simulator.ops import Config, Do
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

SHOPS = (
    "Café Zürich",
    "東京書店",
    "Bücher & Söhne",
    "O’Neill’s",
    "<b>Bold</b> Brothers",
    "Ølbutikken",
)
NOTES = (
    "leave at the door",
    "<script>alert(1)</script>",
    'ring "twice" & wait',
    "🎁 gift wrap, s'il vous plaît",
    None,
    "‮do not bend",
)
MINUTES_OF_RETRY = Config(8, "30 seconds", "exponential", "20 seconds")


# --- order-fulfilment ---


class Orders(Usual):
    times = {"pack parcel": (20_000, 240_000), "print label": (800, 3_000)}

    def step(self, ctx: Context, op: Do) -> Do:
        op = super().step(ctx, op)
        rng = ctx.draw(f"{op.name}/facts")
        if op.name == "reserve stock":
            op.output = {"reservation": f"R-{rng.randint(10_000, 99_999)}", "lines": 3}
            op.undo = Do(op.name, ms=900, output={"released": True})
            if chance(ctx, "stock", 0.02):
                sku, house = rng.randint(100, 999), rng.randint(1, 4)
                fail(op, "StockError", f"Item SKU-{sku} is out of stock in warehouse {house}")
        elif op.name == "charge card":
            op.output = {
                "charge": f"ch_{rng.getrandbits(64):016x}",
                "cents": rng.randint(500, 90_000),
            }
            op.undo = Do(op.name, ms=1_500, output={"refunded": True})
            if chance(ctx, "slow bank", 0.05):
                fail(op, "Error", "bank answered 502 Bad Gateway", times=2)
        elif op.name == "print label" and chance(ctx, "label", 0.015):
            text = f'label for "{ctx.param("shop")}" refused: <img src=x onerror=alert(1)>'
            fail(op, "NonRetryableError", text)
        return op

    def rounds(self, ctx: Context, node: dict[str, Any]) -> int:
        return int(ctx.param("parcels", 1))

    def branch(self, ctx: Context, conditions: list[str | None], discriminant: str | None) -> int:
        if discriminant is not None:
            return {"express": 0, "standard": 1}.get(ctx.param("shipping", ""), 2)
        return super().branch(ctx, conditions, discriminant)

    def result(self, ctx: Context) -> Any:
        return {"order": ctx.param("order"), "status": "shipped", "parcels": ctx.param("parcels")}


def order(number: int, rng: random.Random) -> Any:
    return {
        "order": number,
        "shop": rng.choice(SHOPS),
        "shipping": rng.choice(["express", "standard", "standard", "pick-up"]),
        "parcels": rng.choice([1, 1, 1, 2, 3]),
        "note": rng.choice(NOTES),
        "email": f"customer-{number}@example.com",
    }


def order_commands(at: int, rng: random.Random) -> tuple[Command, ...]:
    return (Command(at + 40 * SECOND, Instance.terminate),) if rng.random() < 0.03 else ()


NOTIFY = [step("send e-mail", limit=3, delay="10 seconds"), if_(
    branch("customer.wantsSms", step("send text message", limit=1)),
)]  # fmt: skip


def orders_graph(number: int) -> dict[str, Any]:
    ship = switch(
        "order.shipping",
        branch("express", step("book express courier")),
        branch("standard", step("hand over to post"), sleep("wait for collection", "20 minutes")),
        branch(None, step("tell the shop")),
    )
    pack = loop(step("pack parcel", timeout="10 minutes"), step("print label", limit=2))
    nodes = [step("reserve stock", delay="5 seconds", limit=2), step("charge card", limit=3)]
    nodes += [pack] if number > 1 else [step("pack parcel"), step("print label")]
    guarded = attempt(
        block(ship),
        catch=block(step("open a ticket"), leave()),
        finally_=block(step("write the ledger")),
    )
    nodes += [guarded] if number > 2 else [ship]
    nodes += [call("notifyCustomer")] if number > 3 else [step("send e-mail")]
    functions = {"notifyCustomer": NOTIFY} if number > 3 else None
    payload = fields(order=None, shipping=None, customer=fields(email=None, wantsSms=None))
    return graph("OrderFulfilment", *nodes, functions=functions, payload=payload)


# --- billing-run ---


class Billing(Usual):
    times = {"collect usage": (4_000, 40_000), "charge card": (900, 6_000)}

    def step(self, ctx: Context, op: Do) -> Do:
        op = super().step(ctx, op)
        rng = ctx.draw(f"{op.name}/facts")
        invoice = f"INV-{rng.randint(20_000, 29_999)}"
        if op.name == "collect usage":
            op.output = {"invoice": invoice, "cents": rng.randint(900, 250_000)}
        if op.name != "charge card":
            return op
        op.output = {"charge": f"ch_{rng.getrandbits(64):016x}"}
        broken = self.number == 3 and rng.random() < 0.92
        if broken and rng.random() < 0.7:
            fail(op, "TypeError", "Cannot read properties of undefined (reading 'iban')", ms=40)
        elif broken or rng.random() < 0.02:
            card, reason = rng.randint(1000, 9999), rng.choice([51, 54, 61])
            text = f"Card ending {card} declined for invoice {invoice} (code {reason})"
            fail(op, "CardDeclinedError", text)
        return op

    def result(self, ctx: Context) -> Any:
        return ctx.results.get("collect usage")


def billing_graph(number: int) -> dict[str, Any]:
    charge = step("charge card", limit=2, delay="5 seconds", backoff="linear", timeout="1 minute")
    nodes = [step("collect usage", timeout="5 minutes"), step("render invoice")]
    nodes += [charge] if number < 2 else [
        if_(branch("usage.cents > 0", charge), branch(None, step("skip charge"), leave()))
    ]  # fmt: skip
    nodes += [step("send invoice")] + ([step("post to ledger")] if number > 2 else [])
    return graph("BillingRun", *nodes, payload=fields(tenant=None, period=None))


def billing(account: Account) -> Chapter:
    """Version 3 came the evening before the last nightly run, and most of that run failed."""
    midnight_run = account.created - (account.created - HOUR) % DAY
    hours = (account.created - midnight_run + 80 * MINUTE) / HOUR
    return Chapter(
        name="billing-run",
        script="billing",
        deployments=[
            Deployment(billing_graph(1), Always(1), 80 * 24),
            Deployment(billing_graph(2), Always(2), 19 * 24),
            Deployment(billing_graph(3), Always(3), hours),
        ],
        concurrency=5,
        arrivals=Regular(
            "bill",
            lambda index, rng: {"tenant": f"tenant-{index + 1:03d}", "period": "2026-11"},
            every=DAY,
            size=44,
            phase=HOUR,
            spread=350,
            source="binding",
        ),
    )


class Always(Billing):
    def branch(self, ctx: Context, conditions: list[str | None], discriminant: str | None) -> int:
        return 0


# --- webhook-delivery ---


class Webhooks(Usual):
    times = {"deliver": (120, 1_900)}

    def __init__(self, number: int, storm: tuple[int, int]) -> None:
        super().__init__(number)
        self.storm = storm

    def step(self, ctx: Context, op: Do) -> Do:
        op = super().step(ctx, op)
        if op.name != "deliver":
            return op
        rng = ctx.draw("fate")
        op.output = {"status": 200, "ms": op.ms}
        request = f"{rng.getrandbits(48):012x}"
        host = ctx.param("endpoint", "https://hooks.example.com/in")
        if self.storm[0] <= ctx.created < self.storm[1] and ctx.run_number == 1:
            answer = f"upstream {host} answered 503 Service Unavailable after 20000 ms"
            text = f"{answer} (request {request})"
            return fail(op, "UpstreamTimeoutError", text, ms=19_900)
        fate = rng.random()
        if fate < 0.05:
            fail(op, "Error", f"{host} answered 410 Gone (request {request})", ms=300)
        elif fate < 0.4 or host.endswith("/flaky"):
            times = 7 if host.endswith("/flaky") else rng.randint(1, 7)
            text = f"connect ECONNREFUSED 203.0.113.{rng.randint(1, 250)}:443"
            fail(op, "Error", text, times=times, ms=900)
        return op

    def result(self, ctx: Context) -> Any:
        return 200


def webhook(number: int, rng: random.Random) -> Any:
    return {
        "endpoint": f"https://hooks.example.com/{rng.choice(['a', 'b', 'c', 'd'])}",
        "event": rng.choice(["invoice.paid", "order.created", "user.deleted"]),
        "body": {"id": number, "signature": f"v1={rng.getrandbits(128):032x}"},
    }


def flaky_webhook(number: int, rng: random.Random) -> Any:
    return webhook(number, rng) | {"endpoint": "https://hooks.example.com/flaky"}


def webhooks_graph(number: int) -> dict[str, Any]:
    deliver = step(
        "deliver",
        limit=8 if number > 1 else 5,
        delay="30 seconds",
        backoff="exponential" if number > 1 else "linear",
        timeout="20 seconds",
    )
    return graph("WebhookDelivery", step("sign body"), deliver, step("note receipt", limit=0))


def webhooks(account: Account) -> Chapter:
    storm = (account.created - 31 * HOUR, account.created - 28 * HOUR)
    return Chapter(
        name="webhook-delivery",
        script="webhooks",
        deployments=[
            Deployment(webhooks_graph(1), Webhooks(1, storm), 70 * 24),
            Deployment(webhooks_graph(2), Webhooks(2, storm), 12 * 24),
        ],
        arrivals=together(
            Steady("wh", webhook, per_day=28, live_seconds=34, source="event"),
            Burst("wh-storm", webhook, storm, 26),
            Regular("wh-flaky", flaky_webhook, every=25 * MINUTE, from_days=1, source="event"),
        ),
    )


# --- travel-booking ---

UNDONE = {"book flight": "cancel flight", "book hotel": "cancel hotel", "rent car": "return car"}


class Travel(Usual):
    times = {"book flight": (2_000, 9_000), "book hotel": (1_500, 7_000), "rent car": (900, 4_000)}

    def step(self, ctx: Context, op: Do) -> Do:
        op = super().step(ctx, op)
        rng = ctx.draw(f"{op.name}/facts")
        stuck = ctx.param("supplier") == "slow-refunds"
        if op.name in UNDONE:
            op.output = {"booking": f"{op.name[5:8].upper()}-{rng.randint(100_000, 999_999)}"}
            op.undo = self._undo(ctx, op.name, stuck=stuck)
        if op.name == "take payment" and (stuck or chance(ctx, "payment", 0.2)):
            amount, reference = rng.randint(200, 4_000), rng.getrandbits(32)
            text = f"Issuer refused payment of {amount}.00 EUR, reference {reference:08x}"
            fail(op, "NonRetryableError", text)
        return op

    def _undo(self, ctx: Context, name: str, *, stuck: bool) -> Do:
        undo = Do(name, ms=1_800, output={UNDONE[name]: True})
        if stuck and name == "book hotel":
            undo.config = Config(10, "8 minutes", "constant", "2 hours")
            undo.ms = 10 * MINUTE
            return fail(undo, "Error", "refund desk is closed", times=5, ms=20_000)
        if name == "book flight" and chance(ctx, "undo", 0.3):
            undo.config = Config(2, "20 seconds", "constant", "1 minute")
            return fail(undo, "RefundError", "fare is not refundable", ms=700)
        return undo

    def branch(self, ctx: Context, conditions: list[str | None], discriminant: str | None) -> int:
        return 0 if ctx.param("car") else 1


def trip(number: int, rng: random.Random) -> Any:
    return {
        "trip": f"{rng.choice(['LIS', 'KIX', 'YUL', 'GRU'])}-{rng.randint(1, 28):02d}",
        "travellers": rng.randint(1, 5),
        "car": rng.random() < 0.5,
    }


def travel_graph(number: int) -> dict[str, Any]:
    book = [step("book flight", limit=2), step("book hotel", limit=2)]
    nodes = [parallel(*book)] if number == 2 else book
    nodes += (
        [if_(branch("trip.car", step("rent car", limit=1)), branch(None))] if number > 1 else []
    )
    nodes += [step("take payment", limit=1, delay="15 seconds"), step("send itinerary")]
    if number > 2:
        nodes.insert(0, step("quote"))
    return graph("TravelBooking", *nodes, payload=fields(trip=None, travellers=None, car=None))


def travel(account: Account) -> Chapter:
    slow = Regular(
        "trip-refund",
        lambda index, rng: trip(index, rng) | {"supplier": "slow-refunds"},
        every=45 * MINUTE,
        from_days=2,
    )
    return Chapter(
        name="travel-booking",
        script="travel-saga",
        deployments=[
            Deployment(travel_graph(number), Travel(number), hours)
            for number, hours in ((1, 60 * 24), (2, 21 * 24), (3, 5 * 24))
        ],
        arrivals=together(Steady("trip", trip, per_day=9, live_seconds=150), slow),
    )


def chapters(account: Account) -> list[Chapter]:
    return [
        Chapter(
            name="order-fulfilment",
            script="shop-orders",
            deployments=[
                Deployment(orders_graph(number), Orders(number), hours)
                for number, hours in ((1, 85 * 24), (2, 40 * 24), (3, 16 * 24), (4, 3 * 24))
            ],
            arrivals=Steady("order", order, per_day=34, live_seconds=24, commands=order_commands),
        ),
        billing(account),
        webhooks(account),
        travel(account),
    ]
