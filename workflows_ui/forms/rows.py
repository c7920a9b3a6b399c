"""Reads the rows of a batch out of pasted or uploaded text, and says where each is broken."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError

from workflows_ui.forms.json_field import (
    MOST_BYTES,
    parse,
    refuse_constant,
    refuse_depth,
    unique_keys,
)
from workflows_ui.forms.trigger import check_new_id

MOST_ROWS = 1000
MOST_ID = 100
EXACT = 2**53 - 1
"""The largest whole number that a Worker holds exactly."""
SPACE = re.compile(r"[ \t\n\r]*")
WORDS = {"true": True, "false": False, "null": None}
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)

# a cell may hold as much as a row; the module's own limit is 128 KB
csv.field_size_limit(4 * MOST_BYTES)


@dataclass(frozen=True, slots=True)
class Row:
    """One instance to create. Without an id the console chooses one."""

    number: int
    place: str
    params: Any
    id: Any = ""


@dataclass(frozen=True, slots=True)
class Problem:
    place: str
    text: str
    row: int | None = None


class Broken(Exception):
    """The text can't be read on from here."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(text)
        self.problem = Problem(place, text)


def read_rows(text: str, kind: str, id_column: str) -> tuple[list[Row], list[Problem]]:
    """The rows as far as they can be read, and every problem with them."""
    rows: list[Row] = []
    problems: list[Problem] = []
    try:
        if not text.strip():
            raise Broken("", "There are no rows.")
        refuse_nul(text)
        found = READERS[kind or guessed(text)](text, id_column)
        for item in islice(found, MOST_ROWS + 1):
            if isinstance(item, Problem):
                problems.append(item)
            else:
                rows.append(item)
    except Broken as broken:
        problems.append(broken.problem)
    if len(rows) > MOST_ROWS:
        rows.pop()
        many = f"There are more than {MOST_ROWS:,} rows. Send them in several batches."
        return rows, [Problem("", many), *problems]
    problems += checked(rows)
    if not rows and not problems:
        problems.append(Problem("", "There are no rows."))
    return rows, sorted(problems, key=lambda problem: problem.row or 0)


def guessed(text: str) -> str:
    """By the first character: [ is JSON, { is JSON lines, anything else CSV."""
    first = text.lstrip()[:1]
    return {"[": "json", "{": "lines"}.get(first, "csv")


def refuse_nul(text: str) -> None:
    at = text.find("\0")
    if at >= 0:
        raise Broken(place_of(*Places(text).of(at)), "There is a NUL character here.")


def checked(rows: list[Row]) -> Iterator[Problem]:
    """What the API would refuse of each row."""
    seen: dict[str, int] = {}
    for row in rows:
        for text in id_problems(row, seen):
            yield Problem(row.place, text, row.number)
        try:
            size = len(json.dumps(row.params, ensure_ascii=False).encode())
        except ValueError:
            yield Problem(row.place, "The params hold half a character.", row.number)
        else:
            if size > MOST_BYTES:
                yield Problem(row.place, "The API takes at most 1 MiB of params.", row.number)


def id_problems(row: Row, seen: dict[str, int]) -> Iterator[str]:
    if row.id == "":
        return
    if not isinstance(row.id, str):
        yield "An instance_id is a text."
        return
    try:
        check_new_id(row.id)
    except ValidationError as error:
        yield error.messages[0]
    if len(row.id) > MOST_ID:
        yield f"An id has at most {MOST_ID} characters."
    if row.id in seen:
        yield f"The id is that of row {seen[row.id]} too."
    seen.setdefault(row.id, row.number)


# --- JSON ------------------------------------------------------------------------------------


def json_rows(text: str, id_column: str) -> Iterator[Row]:
    decoder = json.JSONDecoder(parse_constant=refuse_constant, object_pairs_hook=unique_keys)
    places = Places(text)
    at = after_space(text, 0)
    if text[at : at + 1] != "[":
        raise Broken(place_of(*places.of(at)), "An array of rows begins with [.")
    at = after_space(text, at + 1)
    number = 0
    while text[at : at + 1] != "]" or number:
        number += 1
        line, column = places.of(at)
        value, at = one_value(decoder, text, at, place_of(line, column))
        yield json_row(number, place_of(line, column), value)
        at = after_space(text, at)
        if text[at : at + 1] == "]":
            break
        if text[at : at + 1] != ",":
            raise Broken(place_of(*places.of(at)), "A comma or ] is missing here.")
        at = after_space(text, at + 1)
    at = after_space(text, at + 1)
    if at < len(text):
        raise Broken(place_of(*places.of(at)), "There is something after the array.")


def one_value(decoder: json.JSONDecoder, text: str, at: int, place: str) -> tuple[Any, int]:
    try:
        value, end = decoder.raw_decode(text, at)
        refuse_depth(value)
    except json.JSONDecodeError as error:
        raise Broken(place_of(error.lineno, error.colno), f"{error.msg}.") from None
    except RecursionError:
        raise Broken(place, "This is nested too deeply.") from None
    except ValueError as error:
        raise Broken(place, str(error)) from None
    return value, end


def json_lines(text: str, id_column: str) -> Iterator[Row | Problem]:
    number = 0
    for count, line in enumerate(io.StringIO(text), start=1):
        if not line.strip():
            continue
        number += 1
        try:
            value = parse(line.rstrip())
        except ValidationError as error:
            said = error.messages[0].removeprefix("Line 1, ").removeprefix("column ")
            column, _, rest = said.partition(": ")
            known = column.isdigit()
            place = place_of(count, int(column)) if known else f"line {count}"
            yield Problem(place, rest if known else error.messages[0], number)
        else:
            yield json_row(number, f"line {count}", value)


def json_row(number: int, place: str, value: Any) -> Row:
    """An object of `params` or `instance_id` and nothing else, as the API's batch has it (4.7);
    or the params."""
    if isinstance(value, dict) and value and value.keys() <= {"params", "instance_id"}:
        return Row(number, place, value.get("params", {}), value.get("instance_id", ""))
    return Row(number, place, value)


def after_space(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at


# --- CSV -------------------------------------------------------------------------------------


def csv_rows(text: str, id_column: str) -> Iterator[Row | Problem]:
    """The first line names the columns; commas, semicolons or tabs stand between them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text), strict=True)
    records = csv_records(reader)
    _, header = next(records, (1, []))
    header = [name.strip() for name in header]
    refuse_header(header, id_column)
    chosen = id_column or ("instance_id" if "instance_id" in header else "")
    for number, (line, cells) in enumerate(records, start=1):
        place = f"line {line}"
        if len(cells) != len(header):
            text = f"This has {len(cells)} columns, the first line {len(header)}."
            yield Problem(place, text, number)
            continue
        params = dict(zip(header, cells, strict=True))
        own = params.pop(chosen, "").strip()
        yield Row(number, place, {name: cell(value) for name, value in params.items()}, own)


def csv_records(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it begins on. Empty ones are passed over: spreadsheets leave lines
    of commas alone below the last row."""
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Broken(f"line {begins}", f"The quotes are not right: {error}.") from None
        if any(text.strip() for text in cells):
            yield begins, cells


def refuse_header(header: list[str], id_column: str) -> None:
    named = ", ".join(f"“{name}”" for name in header)[:300]
    if not header:
        raise Broken("", "There are no rows.")
    if not all(header):
        raise Broken("line 1", "A column has no name.")
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise Broken("line 1", f"The column “{twice[:80]}” is there twice.")
    if id_column and id_column not in header:
        raise Broken("line 1", f"There is no column “{id_column}” for the id. There are {named}.")


def delimiter(text: str) -> str:
    first = re.sub(r'"[^"]*"', "", text[:100_000].lstrip("\n").partition("\n")[0])
    return max(",;\t", key=first.count)


def cell(text: str) -> Any:
    """true, false, null and numbers as JSON has them; anything else is text, and so is a number
    that a Worker could not hold exactly."""
    if text in WORDS:
        return WORDS[text]
    if len(text) > 40 or not NUMBER.fullmatch(text):
        return text
    value = json.loads(text)
    exact = abs(value) <= EXACT if isinstance(value, int) else math.isfinite(value)
    return value if exact else text


# --- Places ----------------------------------------------------------------------------------


class Places:
    """Line and column of positions that are asked for in rising order."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.line, self.begins = text, 0, 1, 0

    def of(self, at: int) -> tuple[int, int]:
        breaks = self.text.count("\n", self.at, at)
        if breaks:
            self.line += breaks
            self.begins = self.text.rindex("\n", self.at, at) + 1
        self.at = at
        return self.line, at - self.begins + 1


def place_of(line: int, column: int) -> str:
    return f"line {line}, column {column}"


READERS = {"json": json_rows, "lines": json_lines, "csv": csv_rows}
