"""What a request holds here once it has passed the middleware."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from console.team.models import Account, User


class ConsoleRequest(HttpRequest):
    """`account`, `role` and `reader` are set by `access`, for the shell around the page."""

    user: User
    htmx: HtmxDetails
    account: Account
    role: str
    reader: str
