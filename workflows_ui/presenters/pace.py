"""How often a living region of a page asks again."""

from __future__ import annotations

from workflows_ui.presenters.trouble import Trouble

STALE_SECONDS = 10


def paced(seconds: int, stretch: int, stale: Trouble | None) -> int:
    """Slower as the call budget falls and while the API fails, but never not at all, so that the
    page recovers by itself."""
    if stale is None:
        return seconds * stretch
    return max(seconds * stretch, STALE_SECONDS, (stale.retry_after or 0) + 1)
