"""What a workflow is made of: versions, their code (flows) and their drawn graph."""

from __future__ import annotations

import random
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from workflows_ui.simulator.clock import DAY
from workflows_ui.simulator.durations import as_duration
from workflows_ui.simulator.ops import Flow

NAMESPACE = uuid.UUID("6f1d5a0c-9d0e-4a53-9a51-0d3c1a3b7e10")
OLD_RETENTION = 30 * DAY
NEW_RETENTION = 7 * DAY
RETENTION_CHANGE = 1_788_998_400_000  # 2026-09-10, when the default became seven days


def stable_uuid(*parts: object) -> str:
    return str(uuid.uuid5(NAMESPACE, "/".join(map(str, parts))))


@dataclass
class Context:
    """What a flow may look at: the params and a random source of the instance's own."""

    params: Any
    instance_id: str
    created: int
    seed: str
    run_number: int = 1
    results: dict[str, Any] = field(default_factory=dict)

    def draw(self, key: str = "") -> random.Random:
        """A random source of its own for each key, so that a replay draws the same."""
        text = f"{self.seed}/{self.instance_id}/{self.created}/{key}"
        return random.Random(zlib.crc32(text.encode()))

    def param(self, name: str, default: Any = None) -> Any:
        return self.params.get(name, default) if isinstance(self.params, dict) else default


Code = Callable[[Context], Flow]


@dataclass(frozen=True)
class Retention:
    """How long finished instances stay, in milliseconds; None: as the next level says."""

    success: int | None = None
    error: int | None = None

    def over(self, other: Retention) -> Retention:
        """These values, filled up with the other's."""
        return Retention(
            other.success if self.success is None else self.success,
            other.error if self.error is None else self.error,
        )

    @classmethod
    def parse(cls, value: dict[str, Any] | None) -> Retention:
        value = value or {}
        found = (value.get("success_retention"), value.get("error_retention"))
        return cls(*(None if each is None else as_duration(each) for each in found))

    def as_json(self) -> dict[str, int]:
        pairs = {"error_retention": self.error, "success_retention": self.success}
        return {key: value for key, value in pairs.items() if value is not None}


@dataclass
class Version:
    id: str
    class_name: str
    created: int
    code: Code
    graph: dict[str, Any] | None = None
    language: Literal["javascript", "python"] = "javascript"
    step_limit: int | None = None
    concurrency: int | None = None
    retention: Retention = Retention()
