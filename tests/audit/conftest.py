from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from console.audit.actions import AuditAction
from console.audit.models import Entry
from console.audit.recording import record_event
from tests.databases import own_database_url

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def trail(db: None) -> Callable[[int], list[Entry]]:
    """Writes so many entries and returns them, oldest first."""

    def write(count: int) -> list[Entry]:
        return [
            record_event(actor=None, actor_name=f"person-{n}", action=AuditAction.USER_CREATE)
            for n in range(count)
        ]

    return write


@pytest.fixture
def own_database(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a console with a migrated database of its own, for child processes."""
    with own_database_url(tmp_path) as url:
        yield {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "CONSOLE_DATA_DIR": str(tmp_path),
            "DATABASE_URL": url,
        }


def child(environment: dict[str, str], code: str) -> subprocess.Popen[bytes]:
    program = f"import django; django.setup()\n{code}"
    return subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, stdout=subprocess.PIPE
    )


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def raw(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
