"""The call budget as an answer's headers tell it (1.7)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from workflows_ui.cloudflare.types import CallRate


def rate_of(headers: Mapping[str, str]) -> CallRate | None:
    """From `Ratelimit: "default";r=50;t=30` and `Ratelimit-Policy: "burst";q=100;w=60`."""
    now = headers.get("ratelimit", "")
    remaining, reset = _number("r", now), _number("t", now)
    if remaining is None or reset is None:
        return None
    policy = headers.get("ratelimit-policy", "")
    return CallRate(
        remaining=remaining,
        reset=reset,
        quota=_number("q", policy),
        window=_number("w", policy),
    )


def _number(name: str, header: str) -> int | None:
    found = re.search(rf";\s*{name}=(\d{{1,9}})(?!\d)", header, re.ASCII)
    return int(found[1]) if found else None
