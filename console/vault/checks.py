"""What must be right about the token keys before the console starts."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

HINT = "Make a key with `make key`: 32 random bytes in URL-safe base64."


@register(Tags.security)
def token_keys_are_usable(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    """Every key in TOKEN_KEYS is a Fernet key, and none is there twice. No key is printed."""
    keys: list[str] = list(settings.TOKEN_KEYS)
    if not keys:
        return [Error("CONSOLE_TOKEN_KEYS holds no key.", hint=HINT, id="vault.E001")]
    broken = [
        Error(f"Key {place} in CONSOLE_TOKEN_KEYS is not a Fernet key.", hint=HINT, id="vault.E002")
        for place, key in enumerate(keys, start=1)
        if not is_fernet_key(key)
    ]
    if not broken and len(set(keys)) < len(keys):
        return [Error("A key is in CONSOLE_TOKEN_KEYS twice.", hint=HINT, id="vault.E003")]
    return list(broken)


def refuse_unusable_keys() -> None:
    """Raises ImproperlyConfigured instead: a server's start runs no checks."""
    if broken := token_keys_are_usable(None):
        raise ImproperlyConfigured(" ".join(f"{one.msg} {one.hint}" for one in broken))


def is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True
