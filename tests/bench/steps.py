"""The page of an instance with ten thousand steps over that of one with ten."""

from __future__ import annotations

import time
from functools import partial

import requests

from tests.bench.consoles import (
    API,
    api,
    browser,
    console,
    fetch,
    forget_answers,
    log_in,
    medians,
    tell,
)
from tests.browser.served import Served

FEW, MANY, RUNS = 10, 10_000, 9
INSTANCES = "/workflows/billing-run/instances"


def main() -> None:
    with console() as served:
        for steps in (FEW, MANY):
            start(served, steps)
        time.sleep(2)
        person = browser(log_in())
        pages = [f"{served.url}/a/demo{INSTANCES}/{name(steps)}/" for steps in (FEW, MANY)]
        assert "of 10,000" in fetch(person, pages[1]).text
        show = [partial(fetch, person, page) for page in pages]
        warm = medians(RUNS, lambda: [call() for call in show], *show)
        cold = medians(RUNS, forget_answers, *show)
        tell("steps_10000_ms_ratio", warm[1] / warm[0])
        tell("steps_10000_cold_ms_ratio", cold[1] / cold[0])
        tell("steps_10000_ms", warm[1], 1)
        tell("steps_10000_cold_ms", cold[1], 1)
        tell("steps_10000_kb", compressed(person, pages[1]) / 1024, 1)


def name(steps: int) -> str:
    return f"bench-{steps}"


def start(served: Served, steps: int) -> None:
    """An instance whose steps are all done a second from now."""
    params = {"simulate": {"steps": steps, "step_seconds": 0}}
    answer = api().post(
        f"{served.simulator}{API}{INSTANCES}",
        json={"instance_id": name(steps), "params": params},
        timeout=60,
    )
    answer.raise_for_status()


def compressed(person: requests.Session, page: str) -> int:
    """Bytes of the body as they came over the wire."""
    with person.get(page, headers={"Accept-Encoding": "gzip"}, stream=True, timeout=60) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        return len(answer.raw.read(decode_content=False))


if __name__ == "__main__":
    main()
