"""Databases of their own for the processes that tests start."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def own_database_url(
    folder: Path, file_name: str = "own.db", *, migrated: bool = True
) -> Iterator[str]:
    """The address of a new database: on the server that DATABASE_URL names, or in the folder.

    With all tables and no rows, unless it should be empty. The tables are made once for a test
    run and copied: migrating takes longer than most of what is tested.
    """
    server = server_url()
    if server is None:
        if migrated:
            shutil.copyfile(migrated_file(), folder / file_name)
        yield f"sqlite:///{folder}/{file_name}"
        return
    template = f" TEMPLATE {migrated_name(server)}" if migrated else ""
    with database_on(server, template) as name:
        yield url_of(server, name)


def server_url() -> str | None:
    url = os.environ.get("DATABASE_URL", "")
    return url if url.startswith("postgres") else None


@contextmanager
def database_on(server: str, options: str = "") -> Iterator[str]:
    name = f"own_{uuid4().hex}"
    ask(server, f"CREATE DATABASE {name}{options}")
    try:
        yield name
    finally:
        ask(server, f"DROP DATABASE {name} WITH (FORCE)")


def url_of(server: str, name: str) -> str:
    return f"{server.rsplit('/', 1)[0]}/{name}"


@cache
def migrated_file() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="workflows-console-migrated-"))
    atexit.register(shutil.rmtree, folder)
    migrate(f"sqlite:///{folder}/migrated.db", folder)
    return folder / "migrated.db"


@cache
def migrated_name(server: str) -> str:
    # closed, and so dropped, when this process ends
    database = database_on(server)
    name = database.__enter__()
    atexit.register(database.__exit__, None, None, None)
    with tempfile.TemporaryDirectory() as folder:
        migrate(url_of(server, name), Path(folder))
    return name


def migrate(url: str, folder: Path) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "CONSOLE_DATA_DIR": str(folder),
        "DATABASE_URL": url,
    }
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


def ask(url: str, statement: str) -> list[Any]:
    """Runs one statement on a PostgreSQL server and returns its rows."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as server:
        answer = server.execute(statement)
        return answer.fetchall() if answer.description else []


def text_of(url: str) -> str:
    """Everything in the tables of a PostgreSQL database, as text."""
    tables = ask(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = (ask(url, f'SELECT t::text FROM "{name}" t') for (name,) in tables)  # noqa: S608
    return "\n".join(text for table in rows for (text,) in table)
