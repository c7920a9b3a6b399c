"""An account's settings at the upstream, at this moment."""

from __future__ import annotations

from workflows_ui import cloudflare as cf
from workflows_ui.access import Access


def retention_now(access: Access) -> cf.Retention:
    """The account's retention defaults (4.23), never from the cache."""
    return access.api.get_settings().default_retention or cf.Retention()
