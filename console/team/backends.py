from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings

from console.team.models import User


class PasswordBackend(AuthenticationBackend):  # type: ignore[misc]
    """Names and passwords, unless the operator left the door to the issuer alone."""

    def authenticate(self, *args: Any, **credentials: Any) -> User | None:
        if not settings.PASSWORD_LOGIN:
            return None
        user: User | None = super().authenticate(*args, **credentials)
        return user
