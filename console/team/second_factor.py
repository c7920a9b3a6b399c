"""The second factor: its secrets are sealed like tokens, and who has one."""

from __future__ import annotations

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from console.team.models import User
from console.vault.sealing import seal, unseal

NOBODY = NOWHERE = 0
"""No user and no account has this id, so what is sealed here opens as no token."""


class SealedFactorsAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the secrets of apps and recovery codes encrypted with the vault's keys."""

    @sensitive_variables()
    def encrypt(self, text: str) -> str:
        return seal(text, owner_id=NOBODY, account_id=NOWHERE).decode("ascii")

    @sensitive_variables()
    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text.encode("ascii"), owner_id=NOBODY, account_id=NOWHERE)


def has_second_factor(user: User) -> bool:
    """Whether the person has an app or a key. Recovery codes alone are none."""
    factors = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user=user, type__in=factors).exists())


def issuer_vouches(user: User) -> bool:
    """Whether the operator says that the issuer asks for a second factor, and the person comes
    through it."""
    trusted = settings.ISSUER is not None and settings.ISSUER.second_factor
    return trusted and bool(SocialAccount.objects.filter(user=user).exists())


def came_with_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether this session counts as one with a second factor: the person has one here, or came
    through an issuer that asks for one, in this very session."""
    if settings.ISSUER is not None and settings.ISSUER.second_factor:
        records = get_authentication_records(request, user)
        if any(record.get("method") == "socialaccount" for record in records):
            return True
    return has_second_factor(user)
