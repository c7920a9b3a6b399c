"""An instance as JSON again, for downloads."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from workflows_ui.cloudflare import InstanceDetail
from workflows_ui.presenters.steps import parsed


def instance_part(detail: InstanceDetail, what: str) -> Any:
    """The params, output, error or everything of an instance."""
    match what:
        case "params":
            return detail.params
        case "output":
            return parsed(detail.output)
        case "error":
            return plain(detail.error)
        case _:
            return plain(detail)


def plain(value: Any) -> Any:
    """Only what JSON knows."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value
