"""Cold pages over one bare call upstream, warm fragments over a view that does nothing."""

from __future__ import annotations

import re
from functools import partial
from itertools import chain

import requests

from tests.bench.consoles import (
    API,
    api,
    browser,
    console,
    fetch,
    forget_answers,
    log_in,
    make_dashboard,
    medians,
    tell,
)
from tests.browser.served import Served

LATENCY = 0.1
RUNS = 15
WORKFLOW = "/workflows/billing-run"


def main() -> None:
    with console() as served:
        person, upstream = browser(log_in()), api()
        root = f"{served.simulator}{API}"
        rows = fetch(upstream, f"{root}{WORKFLOW}/instances?status=complete").json()["result"]
        instance = f"{WORKFLOW}/instances/{rows[0]['id']}"
        board = f"/a/demo/dashboards/{make_dashboard()}/"
        pages = {
            "workflows": ("/a/demo/workflows/", "/workflows?per_page=50"),
            "workflow": (f"/a/demo{WORKFLOW}/", f"{WORKFLOW}/instances?per_page=50"),
            "instance": (f"/a/demo{instance}/", instance),
        }
        cold(served, person, upstream, pages, board)
        warm(served, person, [path for path, _ in pages.values()], board)


def cold(
    served: Served,
    person: requests.Session,
    upstream: requests.Session,
    pages: dict[str, tuple[str, str]],
    board: str,
) -> None:
    late = {"kind": "latency", "seconds": LATENCY}
    requests.put(f"{served.simulator}/__faults", json=late, timeout=10).raise_for_status()
    pages = pages | {"dashboard": (board, "/workflows?per_page=100")}
    asks = [
        (
            partial(fetch, person, served.url + page),
            partial(fetch, upstream, f"{served.simulator}{API}{call}"),
        )
        for page, call in pages.values()
    ]
    times = medians(RUNS, forget_answers, *chain.from_iterable(asks))
    ratios = {
        name: shown / bare for name, shown, bare in zip(pages, times[::2], times[1::2], strict=True)
    }
    requests.delete(f"{served.simulator}/__faults", timeout=10).raise_for_status()
    dashboard = ratios.pop("dashboard")
    tell("page_over_call", max(ratios.values()))
    for name, ratio in ratios.items():
        tell(f"page_over_call_{name}", ratio)
    tell("dashboard_over_call", dashboard)


def warm(served: Served, person: requests.Session, pages: list[str], board: str) -> None:
    """Fragments whose answers are at hand; an empty view has the same middleware and log-in."""
    marks = re.findall(r'name="(p\d+)" value="\w', fetch(person, served.url + board).text)
    paths = [*pages, f"{board}tick/?" + "&".join(f"{mark}=other" for mark in marks)]
    asks = [partial(fetch, person, served.url + path, **{"HX-Request": "true"}) for path in paths]
    nothing, *shown = medians(
        RUNS * 2, lambda: None, partial(fetch, person, f"{served.url}/empty/"), *asks
    )
    tell("warm_ms_ratio", max(shown) / nothing)
    names = ("workflows", "workflow", "instance", "dashboard")
    for name, time in zip(names, shown, strict=True):
        tell(f"warm_ms_ratio_{name}", time / nothing)
        tell(f"warm_ms_{name}", time, 1)
    tell("warm_ms_empty", nothing, 1)


if __name__ == "__main__":
    main()
