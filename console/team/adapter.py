from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from console.audit.origin import origin_of
from console.issuer import the_issuer
from console.public import public_address
from console.team.models import User
from console.team.reauthentication import recently_authenticated
from console.team.redirects import is_same_site
from console.team.services.groups import groups_in, memberships_follow_groups

logger = logging.getLogger(__name__)


class ClosedDoorAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by themselves: the first user is made at first start, others are invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Only this host: allauth would also go to every other host that we answer to."""
        return bool(url) and is_same_site(context.request, str(url))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail that can't go out is in the log: what it tells of is done already."""
        ours = SimpleNamespace(name="Workflows Console", domain=public_address())
        try:
            super().send_mail(template_prefix, email, {**context, "current_site": ours})
        except OSError:  # SMTPException is one too
            logger.exception("A mail did not go out: %s", template_prefix)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Only to who has a password: nobody gets one beside the issuer."""
        if user.has_usable_password():
            super().send_password_reset_mail(user, email, context)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """At our own address, whatever host the request named."""
        path = urlsplit(super().get_reset_password_from_key_url(key)).path
        return public_address(path)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """The issuer is one more way for those who come through it."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if settings.ISSUER and SocialAccount.objects.filter(user=user).exists():
            description = f"Log in at {settings.ISSUER.name}"
            way = {"id": "issuer", "description": description, "url": reverse("issuer_confirm")}
            methods.append(way)
        return methods

    def post_login(
        self,
        request: HttpRequest,
        user: User,
        *,
        signal_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """After a log-in through the issuer the roles follow the person's groups there."""
        if sociallogin := (signal_kwargs or {}).get("sociallogin"):
            follow_issuer(request, user, sociallogin.account.extra_data)
        answer: HttpResponse = super().post_login(
            request, user, signal_kwargs=signal_kwargs, **kwargs
        )
        return answer

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not right after a log-in; allauth alone would ask even then."""
        return not recently_authenticated(context.request)


def follow_issuer(request: HttpRequest, user: User, claims: dict[str, Any]) -> None:
    issuer = the_issuer()
    if not issuer.roles:
        return
    groups = groups_in(claims, issuer.groups_claim)
    if groups is None:
        logger.warning("The issuer has too many groups of user %s to tell; roles stay", user.pk)
        return
    memberships_follow_groups(user, groups=groups, mapped=issuer.roles, origin=origin_of(request))
