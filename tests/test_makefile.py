from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def eventually(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 30
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_make_run_started_ends_with_it(tmp_path):
    pid = tmp_path / "pid"
    script(tmp_path / "python", "exit 0")
    script(tmp_path / "honcho", f"echo $$ > {pid}; exec sleep 60")
    # what is there already counts as old: nothing is installed or written
    command = ["make", "-o", ".venv/.run", "-o", ".env", "run", f"BIN={tmp_path}"]
    make = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    assert eventually(lambda: pid.exists() and pid.read_text().strip() != "")
    started = int(pid.read_text())
    make.terminate()
    make.wait(timeout=20)
    try:
        assert eventually(lambda: not is_alive(started))
    finally:
        if is_alive(started):
            os.kill(started, signal.SIGKILL)


def test_a_worker_that_ends_is_started_again_and_ends_with_the_console(tmp_path):
    """honcho ends everything when one of its processes ends: the console would go with it."""
    pid, lines = (
        tmp_path / "pid",
        dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines()),
    )
    script(tmp_path / "worker", f"echo $$ > {pid}; exec sleep 60")
    command = lines["worker"].replace(".venv/bin/python manage.py worker", str(tmp_path / "worker"))
    command = command.replace("sleep 5", "sleep 0.1")
    honcho = subprocess.Popen(
        ["sh", "-c", command], start_new_session=True, stdout=subprocess.DEVNULL
    )
    try:
        assert eventually(lambda: pid.exists() and bool(pid.read_text()))
        first = int(pid.read_text())
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: pid.read_text().strip() not in ("", str(first)))
        second = int(pid.read_text())
        assert honcho.poll() is None
    finally:
        os.killpg(honcho.pid, signal.SIGTERM)
    assert honcho.wait(10) == 0
    assert eventually(lambda: not is_alive(second))
