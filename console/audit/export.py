"""Entries as CSV and as JSON lines, one at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from console.audit.models import Entry

TEXTS = {"params_text": "params", "detail_text": "detail"}
COLUMNS = [TEXTS.get(f.attname, f.attname) for f in Entry._meta.fields]
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """A head line, then a line per entry; JSON columns hold JSON text."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in _rows(entries):
        writer.writerow(row)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def json_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """A JSON object per line, with params and detail as values."""
    for entry in entries:
        facts = _facts(entry) | {"params": entry.params, "detail": entry.detail or None}
        yield json.dumps(facts, ensure_ascii=False, default=str) + "\n"


def _rows(entries: Iterable[Entry]) -> Iterator[list[Any]]:
    yield [*COLUMNS, "sentence"]
    for entry in entries:
        yield [_harmless(value) for value in _facts(entry).values()]


def _facts(entry: Entry) -> dict[str, Any]:
    values = [getattr(entry, f.attname) for f in Entry._meta.fields]
    facts = dict(zip(COLUMNS, values, strict=True))
    return facts | {"at": entry.at.isoformat(), "sentence": entry.sentence}


def _harmless(value: Any) -> Any:
    """A spreadsheet must not take a text of somebody's for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
