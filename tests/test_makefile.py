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
    for _ in range(200):
        if holds():
            return True
        time.sleep(0.05)
    return False


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
