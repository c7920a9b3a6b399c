"""Where a workflow, an instance or a version has its page."""

from __future__ import annotations

from functools import lru_cache

from django.urls import NoReverseMatch, reverse


@lru_cache(maxsize=4096)
def address_of(page: str, *parts: str) -> str:
    """The page's address; empty for a name or id that no address of ours can hold.

    An upstream may list what the API reference rules out: the row is shown, without a link.
    """
    try:
        return reverse(f"workflows_ui:{page}", args=parts)
    except NoReverseMatch:
        return ""
