"""What a change would change, side by side with what is now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflows_ui.presenters.schedules import CronRuns

NOT_TOLD = "not told"
LEFT_OUT = "left out of the call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that changes. Lists have a line for each entry."""

    field: str
    now: tuple[str, ...]
    then: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A change before it is confirmed. `before` is what is now, None for nothing; `tick` is what
    has to be ticked first, if anything; `runs` are those of new schedules."""

    title: str
    label: str
    back: str
    before: Mapping[str, Any] | None
    changes: tuple[Change, ...]
    workflow: str = ""
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tick: str = ""
    wants_reason: bool = False
    runs: tuple[CronRuns, ...] = ()

    @property
    def seen(self) -> str:
        """Marks the state of now, so that it is noticed when it is another one later."""
        text = json.dumps(self.before, sort_keys=True, default=str)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
