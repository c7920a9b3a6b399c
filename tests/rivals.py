"""Processes that act at the same moment on a database of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.databases import own_database_url

ROOT = Path(__file__).resolve().parent.parent
READY = """
print("ready", flush=True)
sys.stdin.readline()
"""


@contextmanager
def environment_of(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a console with a database of its own."""
    with own_database_url(tmp_path) as url:
        yield {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "CONSOLE_DATA_DIR": str(tmp_path),
            "DATABASE_URL": url,
            "PYTHONPATH": str(ROOT),
        }


def race(tmp_path: Path, prepare: str, rival: tuple[str, str], names: Iterable[str]) -> list[str]:
    """What each of them printed, sorted. `rival` is what one does before and after the signal to
    start; its name is `sys.argv[1]`."""
    with environment_of(tmp_path) as environment:
        return raced(environment, prepare, rival, names)


def raced(
    environment: dict[str, str], prepare: str, rival: tuple[str, str], names: Iterable[str]
) -> list[str]:
    start = "import sys, django\ndjango.setup()\n"
    if prepare:
        command = [sys.executable, "-c", start + prepare]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120)
    program = start + READY.join(rival)
    rivals = [
        subprocess.Popen(
            [sys.executable, "-c", program, name],
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in names
    ]
    for one in rivals:
        assert one.stdout.readline() == "ready\n"
    for one in rivals:
        one.stdin.write("go\n")
        one.stdin.flush()
    return sorted(one.communicate(timeout=60)[0].strip() for one in rivals)
