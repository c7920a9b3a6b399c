"""`python -m tests.bench`: every bench, each in a process and a database of its own."""

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
BENCHES = ("tests.bench.trail",)


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


def main() -> int:
    for bench in BENCHES:
        with empty_databases() as urls:
            for url in urls:
                environment = {
                    **os.environ,
                    "DATABASE_URL": url,
                    "DJANGO_SETTINGS_MODULE": "tests.settings",
                }
                subprocess.run([sys.executable, "-m", bench], cwd=ROOT, env=environment, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
