"""Names and slugs of any text from outside."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from secrets import token_hex

from django.utils.text import slugify

NAME_LENGTH = 100
SLUG_LENGTH = 40  # room for a suffix within the column


def slugs(title: str) -> Iterator[str]:
    """Slugs for a title, the plainest first. They never end."""
    stem = slugify(title)[:SLUG_LENGTH].strip("-_") or "account"
    yield stem
    yield from (f"{stem}-{number}" for number in range(2, 10))
    while True:
        yield f"{stem}-{token_hex(3)}"


def one_line(text: str) -> str:
    """Text from outside as a name: no control, invisible or direction-turning characters."""
    visible = (" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    return " ".join("".join(visible).split())[:NAME_LENGTH].strip()
