"""gunicorn reads this by itself. Every number can be set by the environment or a flag."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
# one process, unless CACHE_URL is set: without it each keeps answers, attempts and the call budget
# for itself, and a page would jump between two of them
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
threads = int(os.environ.get("WEB_THREADS", "16"))
# above the longest wait for the upstream (three tries of a GET)
timeout = 90
graceful_timeout = 10
keepalive = 75
loglevel = "warning"
# what a proxy says is judged in one place, console/proxies.py; gunicorn believes nobody
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""


def post_worker_init(worker: Any) -> None:
    # what is loaded by now lives on: the collector need not look at it in the middle of every page
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)
    # a thread that draws gives way to the small requests beside it ten times sooner than by
    # default: each of their queries waits for its turn
    sys.setswitchinterval(0.0005)


def when_ready(server: Any) -> None:
    url = os.environ.get("CONSOLE_URL", "")
    password = os.environ.get("CONSOLE_DEMO_PASSWORD", "")
    # plain http is served to this machine only, so only its owner reads this
    if url.startswith("http://") and password:
        print(
            f"Workflows Console is at {url}\nLog in as demo with the password {password}",
            flush=True,
        )
