"""An instance as JSON, for downloads: as the API sent it."""

from __future__ import annotations

from typing import Any

from workflows_ui.cloudflare import InstanceDetail
from workflows_ui.presenters.steps import parsed


def instance_part(detail: InstanceDetail, what: str) -> Any:
    """The params, output or error of an instance; anything else is all of it."""
    if what == "output":
        return parsed(detail.output)
    if what in ("params", "error"):
        return detail.raw.get(what)
    return detail.raw
