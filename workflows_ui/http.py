"""What a request holds here once it has passed the middleware."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from console.team.models import Account, User
from console.vault.models import ApiToken


class ConsoleRequest(HttpRequest):
    """What is set by `access`, for the shell around the page, comes after `htmx`."""

    user: User
    htmx: HtmxDetails
    account: Account
    role: str
    reader: str
    token: ApiToken | None
