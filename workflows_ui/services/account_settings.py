"""Writes to an account's settings at the upstream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from workflows_ui import cloudflare as cf
from workflows_ui.presenters.account_settings import retention_changes
from workflows_ui.services.acts import acting


def account_retention(
    *,
    actor: Actor,
    api: cf.WorkflowsApi,
    retention: cf.Retention,
    before: Mapping[str, Any] | None,
    reason: str = "",
) -> None:
    """Changes the account's retention defaults (4.23); what is None stays as it is.

    `before` are those of now, for the trail. A change whose answer was lost is settled by looking.
    Raises CloudflareError.
    """
    after = {name: value for name, value in asdict(retention).items() if value is not None}
    with acting(
        actor,
        AuditAction.ACCOUNT_RETENTION,
        reason=reason,
        detail={"before": before, "after": after},
    ):
        try:
            api.patch_settings(default_retention=retention)
        except cf.CloudflareError as lost:
            if not lost.maybe_done or not is_set(api, retention):
                raise


def is_set(api: cf.WorkflowsApi, retention: cf.Retention) -> bool:
    """Whether the account's defaults are those asked for."""
    try:
        now = api.get_settings().default_retention
    except cf.CloudflareError:
        return False
    return now is not None and not any(retention_changes(now, retention))
