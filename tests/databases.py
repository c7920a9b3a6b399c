"""Databases of their own for the processes that tests start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4


@contextmanager
def own_database_url(folder: Path, file_name: str = "own.db") -> Iterator[str]:
    """The address of a new database: on the server that DATABASE_URL names, or in the folder."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield f"sqlite:///{folder}/{file_name}"
        return
    name = f"own_{uuid4().hex}"
    ask(server, f"CREATE DATABASE {name}")
    try:
        yield f"{server.rsplit('/', 1)[0]}/{name}"
    finally:
        ask(server, f"DROP DATABASE {name} WITH (FORCE)")


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
