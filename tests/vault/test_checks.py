from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from console.vault.checks import token_keys_are_usable

KEY = Fernet.generate_key().decode()


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ([KEY], []),
        ([KEY, Fernet.generate_key().decode()], []),
        ([], ["vault.E001"]),
        ([KEY, "x" * 44], ["vault.E002"]),
        (["ключ" * 11], ["vault.E002"]),
        ([KEY, KEY], ["vault.E003"]),
    ],
)
def test_token_keys_are_looked_at_before_the_start(settings, keys, found):
    settings.TOKEN_KEYS = keys
    messages = token_keys_are_usable(None)
    assert [message.id for message in messages] == found
    assert not any(key in str(message) for key in keys for message in messages)
