"""The cold list of a workflow's instances over `wrangler workflows instances list`."""

from __future__ import annotations

import os
import subprocess
import tempfile
from functools import partial

from tests.bench.consoles import (
    TOKEN,
    browser,
    console,
    fetch,
    forget_answers,
    log_in,
    medians,
    tell,
)
from tests.browser.served import Served
from tests.engine.engine import CURRENT

RUNS = 5
WORKFLOW = "billing-run"


def main() -> None:
    if CURRENT.missing:
        print(f"wrangler_time_ratio: skipped. {CURRENT.missing}")  # noqa: T201
        return
    with console() as served, tempfile.TemporaryDirectory(prefix="workflows-bench-") as home:
        page = f"{served.url}/a/demo/workflows/{WORKFLOW}/"
        person = browser(log_in())
        first = listed(served, home).split()
        assert any(word in fetch(person, page).text for word in first if word.count("-") == 4)
        ours, theirs = medians(
            RUNS, forget_answers, partial(fetch, person, page), partial(listed, served, home)
        )
        tell("wrangler_time_ratio", ours / theirs, 3)
        tell("wrangler_ms", theirs, 0)


def listed(served: Served, home: str) -> str:
    command = [CURRENT.node, CURRENT.wrangler, "workflows", "instances", "list", WORKFLOW]
    environment = {
        "PATH": f"{CURRENT.node.parent}:{os.environ.get('PATH', os.defpath)}",
        "HOME": home,
        "CI": "1",
        "NO_COLOR": "1",
        "CLOUDFLARE_API_BASE_URL": f"{served.simulator}/client/v4",
        "CLOUDFLARE_API_TOKEN": TOKEN,
        "CLOUDFLARE_ACCOUNT_ID": "0123456789abcdef0123456789abcdef",
        "WRANGLER_SEND_METRICS": "false",
        "WRANGLER_HIDE_BANNER": "true",
        # a closed port: newer versions are not asked for
        "npm_config_registry": "http://127.0.0.1:9/",
    }
    done = subprocess.run(
        command, env=environment, cwd=home, capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


if __name__ == "__main__":
    main()
