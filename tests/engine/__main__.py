"""`python -m tests.engine`: the engine in the foreground, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys

from tests.engine.engine import CURRENT, OLD, Engine, EngineError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.engine", description=__doc__)
    parser.add_argument("--port", type=int, default=8787)
    parser.add_argument("--old", action="store_true", help="wrangler 4.86, the older local API")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        with Engine(tools=OLD if options.old else CURRENT, port=options.port) as engine:
            print(f"A Workflows engine with ten sample workflows runs at {engine.url}")  # noqa: T201
            print(f"Its log: {engine.log}")  # noqa: T201
            print(  # noqa: T201
                "To see it in the console, connect an account and give this address "
                "under Local development. Ctrl-C ends the engine.",
                flush=True,
            )
            return engine.wait()
    except EngineError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 0


def _leave(*_: object) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
