"""What a panel is set to, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows_ui.presenters.charts import PERIODS

SAID = {
    "status": "status {}",
    "trigger": "triggered by {}",
    "version": "version {}…",
    "begins": "id {}…",
}


def narrowing(settings: Mapping[str, Any]) -> str:
    """What keeps a panel from showing everything of its kind; empty when nothing does.

    >>> narrowing({"workflows": ["bill*", "orders"], "status": "errored", "created": "24h"})
    'status errored · created in the last 24 hours · bill*, orders'

    The names come last: of a long line they are what is cut.
    """
    told = [text.format(settings[name]) for name, text in SAID.items() if settings.get(name)]
    if period := PERIODS.get(str(settings.get("created"))):
        told.append(f"created in the {period.label.lower()}")
    told.append(", ".join(settings.get("workflows") or ()))
    return " · ".join(filter(None, told))
