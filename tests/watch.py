"""Nothing that looks like a token is anywhere: what tests leave behind is searched for it.

Searched are all tables after each test that used the database, every log record of the run, and
the error report of every view that failed unexpectedly. See `conftest.py` for where this is set up.
"""

from __future__ import annotations

import gzip
import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import SynchronousOnlyOperation
from django.core.signals import got_request_exception
from django.db import DatabaseError, connection
from django.views.debug import ExceptionReporter

from console.audit.redaction import token_in
from console.vault.models import ApiToken
from console.vault.sealing import CannotOpen, unseal
from tests.factories import TOKEN

KNOWN = frozenset({TOKEN, "simulator-read-token"})
"""Tokens that have no shape; those of a test are found in its sealed rows besides."""
SHORTEST = 8
SEALED_COLUMN = ("vault_apitoken", "sealed")
# what Fernet sealed is random letters, which now and then look like anything
SEALED = re.compile(r"gAAAAA[\w=-]+")
GZIP = b"\x1f\x8b"

leaks: list[str] = []
"""What was found in logs and reports since the last look."""


def first_in(text: str, known: Iterable[str] = KNOWN) -> str | None:
    """The first thing in the text that is a token or looks like one."""
    found = next((token for token in known if token in text), None)
    return found or token_in(SEALED.sub("", text), marked=True) or None


def note(place: str, text: str, known: Iterable[str] = KNOWN) -> None:
    if found := first_in(text, known):
        leaks.append(f"{place} holds {found!r}")


def seen() -> list[str]:
    """What was found since the last look."""
    found, leaks[:] = leaks[:], []
    return found


# --- Logs and error reports ------------------------------------------------------------------


class WatchingHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        text = logging.Formatter().format(record)
        note(f"A log line of {record.name}", text)


def watch_logs() -> None:
    """Also those that the settings keep out of the log."""
    logging.getLogger().addHandler(WatchingHandler(level=logging.NOTSET))
    for name in ("console", "workflows_ui", "urllib3", "requests"):
        logging.getLogger(name).setLevel(logging.DEBUG)


def watch_reports() -> None:
    got_request_exception.connect(check_report, dispatch_uid="watch_reports")


def check_report(sender: Any, request: Any = None, **kwargs: Any) -> None:
    """The report that Django would send of this exception, with the locals of every frame."""
    reporter = ExceptionReporter(request, *sys.exc_info())
    where = f"The error report of {request.path if request else sender}"
    known = KNOWN | tokens_kept()
    note(where, reporter.get_traceback_text(), known)
    note(where, reporter.get_traceback_html(), known)


# --- The database ----------------------------------------------------------------------------


def tokens_kept() -> set[str]:
    """What the sealed rows of the test open to; nothing where the database can't be asked."""
    if connection.needs_rollback:
        return set()
    try:
        return set(_opened(ApiToken.objects.all()))
    except (DatabaseError, RuntimeError, SynchronousOnlyOperation):
        # the latter two in a test that may not use it, and beside a browser
        return set()


def _opened(rows: Iterable[ApiToken]) -> Iterator[str]:
    for row in rows:
        try:
            token = unseal(bytes(row.sealed), owner_id=row.owner_id, account_id=row.account_id)
        except CannotOpen:
            continue
        if len(token) >= SHORTEST:
            yield token


def leaks_in_tables() -> list[str]:
    """The columns that hold a token or what looks like one. Empty tables cost nothing."""
    if connection.needs_rollback:
        return []
    with connection.cursor() as cursor:
        tables = filled(cursor, connection.introspection.table_names(cursor))
        known = KNOWN | (tokens_kept() if "vault_apitoken" in tables else set())
        return [leak for table in tables for leak in leaks_in(cursor, table, known)]


def filled(cursor: Any, tables: list[str]) -> list[str]:
    asked = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in tables)  # noqa: S608
    cursor.execute(" UNION ALL ".join(asked))
    return [name for (name,) in cursor.fetchall()]


def leaks_in(cursor: Any, table: str, known: Iterable[str]) -> Iterator[str]:
    cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
    columns = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        for column, value in zip(columns, row, strict=True):
            if (table, column) == SEALED_COLUMN:
                continue
            if found := first_in(as_text(column, value), known):
                yield f"{table}.{column} holds {found!r}"


def as_text(column: str, value: Any) -> str:
    """A column's value, unpacked where it is packed."""
    if column == "session_data":
        return json.dumps(SessionStore().decode(value), default=str)
    if isinstance(value, (bytes, memoryview)):
        content = bytes(value)
        content = gzip.decompress(content) if content.startswith(GZIP) else content
        return content.decode("utf-8", "replace")
    return value if isinstance(value, str) else json.dumps(value, default=str)


# --- Files -----------------------------------------------------------------------------------


def leaks_in_files(paths: Iterable[Path]) -> list[str]:
    """The files whose raw bytes hold a token or what looks like one."""
    found = ((path, first_in(path.read_bytes().decode("latin-1"))) for path in paths)
    return [f"{path.name} holds {token!r}" for path, token in found if token]
