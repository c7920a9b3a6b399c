"""`python -m tests.bench [name ...]`: every bench or those named, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent.parent
OWN_DATABASE = ("trail",)
"""These run on SQLite, and again on the PostgreSQL that DATABASE_URL names."""
SERVED = ("pages", "steps", "viewers", "transfer", "explorer", "wrangler")
"""These serve a console, whose database is made for it."""


@contextmanager
def empty_databases() -> Iterator[list[str]]:
    """SQLite in a temporary file, and a new database of the PostgreSQL that DATABASE_URL names."""
    server = os.environ.get("DATABASE_URL", "")
    with tempfile.TemporaryDirectory() as folder:
        urls = [f"sqlite:///{folder}/bench.sqlite3"]
        if not server.startswith("postgres"):
            yield urls
            return
        name = f"bench_{uuid4().hex}"
        ask(server, f"CREATE DATABASE {name}")
        try:
            yield [*urls, f"{server.rsplit('/', 1)[0]}/{name}"]
        finally:
            ask(server, f"DROP DATABASE {name} WITH (FORCE)")


def ask(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as server:
        server.execute(statement)


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in OWN_DATABASE + SERVED]
    if unknown:
        print(f"No bench {unknown[0]!r}. There are: {', '.join(SERVED + OWN_DATABASE)}")  # noqa: T201
        return 2
    return max(run(name) for name in names or SERVED + OWN_DATABASE)


def run(name: str) -> int:
    if name in SERVED:
        return measured(name)
    with empty_databases() as urls:
        settings = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
        return max(measured(name, DATABASE_URL=url, **settings) for url in urls)


def measured(name: str, **environment: str) -> int:
    command = [sys.executable, "-m", f"tests.bench.{name}"]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
