"""Pages and cursors (API reference, section 6)."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Sequence
from typing import Any

from workflows_ui.simulator.errors import bad_body
from workflows_ui.simulator.instance import Instance

Position = tuple[int, str]


def page_info(shown: Sequence[Any], page: int, per_page: int, total: int) -> dict[str, Any]:
    """`result_info` of the page style (6.1)."""
    return {
        "count": len(shown),
        "page": page,
        "per_page": per_page,
        "total_count": total,
        "total_pages": math.ceil(total / per_page),
    }


def cursor_of(instance: Instance) -> str:
    """An opaque text that names the place right after this row."""
    text = json.dumps([instance.created, instance.id])
    return base64.urlsafe_b64encode(text.encode()).decode()


def position(cursor: str) -> Position:
    try:
        created, instance_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, TypeError, binascii.Error) as error:
        raise bad_body() from error
    if not isinstance(created, int) or not isinstance(instance_id, str):
        raise bad_body()
    return created, instance_id


def place(instance: Instance) -> Position:
    return instance.created, instance.id
