"""The simulator as a program: arguments, the line that says it is ready, a clean stop."""

from __future__ import annotations

import argparse
import gc
import signal
import sys
import threading

from workflows_ui.simulator.access import TOKEN
from workflows_ui.simulator.account import ACCOUNT_ID
from workflows_ui.simulator.server import LOOPBACK, SimulatorServer
from workflows_ui.simulator.simulator import STORIES, Simulator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", choices=sorted(LOOPBACK))
    parser.add_argument("--port", type=int, default=8788)
    parser.add_argument("--latency-ms", type=int, default=0, help="added to every answer")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another story")
    parser.add_argument("--story", default="demo", choices=sorted(STORIES))
    parser.add_argument("--no-rate-limit", action="store_true", help="never answer 429")


def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    simulator = Simulator(
        seed=options.seed,
        story=options.story,
        rate_limit=not options.no_rate_limit,
        latency_ms=options.latency_ms,
    )
    gc.freeze()  # the story's many objects live on; looking at them again only costs time
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with SimulatorServer(simulator, host=options.host, port=options.port) as server:
        ready = f"Simulator ready at {server.base_url}, account {ACCOUNT_ID}, token {TOKEN}\n"
        sys.stdout.write(ready)
        sys.stdout.flush()
        stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A Workflows API simulator on loopback.")
    add_arguments(parser)
    serve(parser.parse_args())
