"""The second factor: its secrets are sealed like tokens."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter
from django.views.decorators.debug import sensitive_variables

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
