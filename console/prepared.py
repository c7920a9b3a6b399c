"""Queries that are built once.

Django takes ten times longer to build a query than the database to answer it: too long for what
every request asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL


@dataclass(frozen=True, slots=True)
class Gap:
    """A value that is not known when the query is built."""

    place: int


class Prepared[M: Model]:
    """What `build` makes of so many `gaps`. Calling it with a value for each asks the database, and
    gives the objects.

    No value may be None, and what `build` looks up by itself, the time for one, it does only once.
    """

    def __init__(self, gaps: int, build: Callable[..., QuerySet[M]]) -> None:
        self._gaps = gaps
        self._build = build

    def __call__(self, *values: Any) -> list[M]:
        model, sql, params = self._built
        known = [fit(value) for value in values]
        filled = [known[one.place] if isinstance(one, Gap) else one for one in params]
        return list(model._base_manager.raw(sql, filled))

    @cached_property
    def _built(self) -> tuple[type[M], str, tuple[Any, ...]]:
        gaps = [RawSQL("%s", [Gap(place)]) for place in range(self._gaps)]
        rows = self._build(*gaps)
        return rows.model, *rows.query.sql_with_params()


def fit(value: Any) -> Any:
    """The value as the database compares it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value
