"""The console as people run it: gunicorn, its own database, the simulator beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from cryptography.fernet import Fernet

from tests.free_port import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "browser-tests-only"


@dataclass(frozen=True)
class Served:
    url: str
    simulator: str
    password: str = PASSWORD


@contextmanager
def served(data: Path, *, demo: bool = True, **changes: str) -> Iterator[Served]:
    port, simulator_port = free_port(), free_port()
    url, simulator = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{simulator_port}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "CONSOLE_SECRET_KEY": "k" * 50,
        "CONSOLE_TOKEN_KEYS": Fernet.generate_key().decode(),
        "CONSOLE_DATA_DIR": str(data),
        "CONSOLE_STATIC_ROOT": str(data / "static"),
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
    commands = (
        [*manage, "simulator", "--port", str(simulator_port), "--seed", "7", "--no-rate-limit"],
        [sys.executable, "-m", "gunicorn", "console.wsgi"],
    )
    log = (data / "log").open("wb")
    started = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        for command in commands
    ]
    try:
        wait_for(f"{url}/healthz")
        wait_for(f"{simulator}/client/v4/accounts")
        yield Served(url, simulator)
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=20)
        log.close()


def wait_for(url: str) -> None:
    for _ in range(400):
        try:
            requests.get(url, timeout=2)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} does not answer")
