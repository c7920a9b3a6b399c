"""Our instance page over that of wrangler's Local Explorer: same engine, same instance."""

from __future__ import annotations

import statistics
from functools import partial

from playwright.sync_api import Page

from tests.bench.browsers import PROGRAM, chromium, first_load
from tests.bench.consoles import console, log_in, tell
from tests.engine.engine import CURRENT, Engine
from tests.engine.raw_api import RawApi, is_finished

RUNS = 5
WORKFLOW, LAST_STEP = "order-fulfilment", "notify"


def main() -> None:
    if CURRENT.missing or PROGRAM is None:
        why = CURRENT.missing or "Chromium is not installed"
        print(f"explorer: skipped. {why}")  # noqa: T201
        return
    with console() as served, Engine() as engine:
        with RawApi(engine) as raw:
            instance = raw.create(WORKFLOW, orderId="A-17", napMs=100)
            raw.follow(WORKFLOW, instance, is_finished)
        connect(engine)
        cookies = log_in()
        path = f"workflows/{WORKFLOW}"
        theirs = f"{engine.url}/cdn-cgi/local/explorer/{path}/{instance}"
        ours = f"{served.url}/a/engine/{path}/instances/{instance}/"
        # the browser last: in its thread Django refuses to ask the database
        with chromium() as browser:
            loads = [
                (
                    first_load(browser, ours, partial(names, LAST_STEP), cookies),
                    first_load(browser, theirs, partial(names, LAST_STEP), {}),
                )
                for _ in range(RUNS + 1)
            ][1:]
    mine, other = zip(*loads, strict=True)
    for what in ("bytes", "milliseconds"):
        medians = [
            statistics.median(getattr(load, what) for load in side) for side in (mine, other)
        ]
        name = "time" if what == "milliseconds" else what
        tell(f"explorer_{name}_ratio", medians[0] / medians[1])
        tell(f"explorer_{name}_ours", medians[0], 0)
        tell(f"explorer_{name}_theirs", medians[1], 0)


def names(step: str, page: Page) -> None:
    page.get_by_text(step, exact=True).first.wait_for(timeout=60_000)


def connect(engine: Engine) -> None:
    """The engine as an account of the demo's user."""
    from console.team.models import Account, User
    from tests.factories import make_account, make_membership

    account = make_account(
        slug="engine", kind=Account.Kind.LOCAL, base_url=engine.url, account_id=""
    )
    make_membership(account, User.objects.get(username="demo"))


if __name__ == "__main__":
    main()
