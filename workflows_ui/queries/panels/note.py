from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows_ui.watching import Board


def read(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The text as it was written."""
    return {"text": str(settings.get("text", ""))}
