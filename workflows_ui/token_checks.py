"""Looking at tokens again once a day, so that one that ended is known before somebody needs it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.db import connection
from django.utils import timezone

from console.audit.recording import TrailUnavailable
from console.vault import services as vault
from console.vault.models import ApiToken
from console.vault.sealing import CannotOpen
from workflows_ui.access import metered_api
from workflows_ui.cloudflare import CloudflareError
from workflows_ui.services import tokens as services

logger = logging.getLogger(__name__)

EVERY = timedelta(days=1)
AGAIN = timedelta(hours=1)
"""After a check that found out nothing."""


def check_later(token: ApiToken) -> None:
    """Looks at the token in the background, if that is due and nobody is at it already."""
    now = timezone.now()
    is_due = token.verified is None or token.verified < now - EVERY
    if is_due and vault.token_claim_check(token, before=now - AGAIN):
        in_background(partial(_check_quietly, token.pk))


def in_background(act: Callable[[], None]) -> None:
    """Does it in a thread with a database connection of its own."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    threading.Thread(target=run, daemon=True).start()


def check(token: ApiToken) -> bool:
    """Looks at the token now. Raises CloudflareError, CannotOpen, TrailUnavailable."""
    client = metered_api(token, token.account, person=token.owner_id)
    return services.token_check(token, client=client)


def _check_quietly(pk: int) -> None:
    try:
        check(ApiToken.objects.select_related("account", "owner").get(pk=pk))
    except (CloudflareError, CannotOpen, TrailUnavailable, ApiToken.DoesNotExist) as error:
        logger.warning("token %s could not be checked: %s", pk, type(error).__name__)
