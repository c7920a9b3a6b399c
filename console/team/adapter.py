from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedDoorAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves: the first user is made at first start, others are invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
