"""An instance as JSON again, for downloads."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from workflows_ui.cloudflare import InstanceDetail
from workflows_ui.presenters.steps import parsed


def instance_parts(detail: InstanceDetail) -> dict[str, Any]:
    """What can be downloaded of an instance, by name."""
    return {
        "params": detail.params,
        "output": parsed(detail.output),
        "error": plain(detail.error),
        "detail": plain(detail),
    }


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
