from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings

from console.prepared import Prepared
from console.team.models import User

users_by_id = Prepared(1, lambda pk: User.objects.filter(pk=pk).order_by())


class PasswordBackend(AuthenticationBackend):  # type: ignore[misc]
    """Names and passwords, unless the operator left the door to the issuer alone."""

    def authenticate(self, *args: Any, **credentials: Any) -> User | None:
        if not settings.PASSWORD_LOGIN:
            return None
        user: User | None = super().authenticate(*args, **credentials)
        return user

    def get_user(self, user_id: int) -> User | None:
        """Who a session is of, as Django's own: every request asks for them."""
        user = next(iter(users_by_id(user_id)), None)
        return user if user is not None and self.user_can_authenticate(user) else None
