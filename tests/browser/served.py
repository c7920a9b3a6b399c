"""The console as people run it: gunicorn, its own database, the simulator beside it."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import requests
from cryptography.fernet import Fernet

from tests.databases import own_database_url, text_of
from tests.free_port import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "browser-tests-only"
DATABASE, LOG = "console.sqlite3", "console.log"
START_LIMIT = 120
"""Seconds: on a machine where several consoles, engines and browsers start at once."""


@dataclass(frozen=True)
class Served:
    url: str
    simulator: str
    environment: dict[str, str]
    password: str = PASSWORD


@contextmanager
def served(
    data: Path, *, demo: bool = True, application: str = "console.wsgi", **changes: str
) -> Iterator[Served]:
    """Runs a console until the end of the block; then nothing it wrote may hold a token."""
    with own_database_url(data, DATABASE) as database:
        changes["DATABASE_URL"] = database
        with _running(data, changes, demo=demo, application=application) as console:
            yield console
            # while it runs: the last pages are still in the write-ahead log
            found = leaks_in(data, database)
        found += leaks_in(data, database)
    assert not found, found


@cache
def static_root() -> str:
    """Collected by the first console that a test run serves, for all."""
    folder = tempfile.mkdtemp(prefix="workflows-console-static-")
    atexit.register(shutil.rmtree, folder)
    return folder


def leaks_in(data: Path, database: str) -> list[str]:
    from tests import watch  # needs Django, which a bench sets up for this very console

    found = watch.leaks_in_files(path for path in (*data.glob(f"{DATABASE}*"), data / LOG))
    if database.startswith("postgres") and (token := watch.first_in(text_of(database))):
        found.append(f"the database holds {token!r}")
    return found


@contextmanager
def _running(
    data: Path, changes: dict[str, str], *, demo: bool, application: str
) -> Iterator[Served]:
    port, simulator_port = free_port(), free_port()
    url, simulator = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{simulator_port}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "CONSOLE_SECRET_KEY": "k" * 50,
        "CONSOLE_TOKEN_KEYS": Fernet.generate_key().decode(),
        "CONSOLE_DATA_DIR": str(data),
        "CONSOLE_STATIC_ROOT": static_root(),
        "CONSOLE_URL": url,
        "CONSOLE_SIMULATOR_URL": f"{simulator}/client/v4",
        "CONSOLE_DEMO_PASSWORD": PASSWORD if demo else "",
        "CONSOLE_UPSTREAM_TIMEOUT": "8",
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        **changes,
    }
    manage = [sys.executable, "manage.py"]
    prepare = [*manage, "prepare", *(["--demo"] if demo else [])]
    subprocess.run(prepare, cwd=ROOT, env=environment, check=True, capture_output=True)
    simulate = ["simulator", "--port", str(simulator_port), "--seed", "7", "--no-rate-limit"]
    # apart from the console's: the simulator publishes its token
    commands = {
        "simulator.log": [*manage, *simulate],
        LOG: [sys.executable, "-m", "gunicorn", application],
    }
    started = []
    for log, command in commands.items():
        with (data / log).open("wb") as file:
            started.append(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
            )
    try:
        wait_for(f"{url}/healthz")
        wait_for(f"{simulator}/client/v4/accounts")
        yield Served(url, simulator, environment)
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=20)


def wait_for(url: str) -> None:
    until = time.monotonic() + START_LIMIT
    while time.monotonic() < until:
        try:
            requests.get(url, timeout=10)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} does not answer")
