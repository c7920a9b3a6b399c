"""Answers made unreadable for whoever else reaches the cache server.

They hold payloads, so they are encrypted (AES-GCM: a few milliseconds per megabyte), under a key
made from the console's own. The name they are kept under is part of the seal: an answer copied to
another token's name does not open. Beneath the seal they are pickled, for they are our own types
in great variety; yet even whoever knew the key could not run code here by it, for nothing is
unpickled but those types (see `PLAIN`). An answer of a console with other types does not open.
"""

from __future__ import annotations

import io
import pickle
import zlib
from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import blake2b
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.crypto import salted_hmac

from workflows_ui.cloudflare import errors, steps, types

PLAIN = {
    ("datetime", "datetime"),
    ("datetime", "timedelta"),
    ("datetime", "timezone"),
    ("dogpile.cache.api", "CachedValue"),
    ("workflows_ui.queries.answers", "Failed"),
    ("workflows_ui.queries.answers", "Forgotten"),
    ("workflows_ui.queries.answers", "Kept"),
    (steps.__name__, "Steps"),
    *(
        (module.__name__, name)
        for module in (types, errors)
        for name, kind in vars(module).items()
        if isinstance(kind, type) and kind.__module__ == module.__name__
    ),
}


class DoesNotOpen(Exception):
    """Not sealed by this console, not for this name, or damaged."""


class OwnTypes(pickle.Unpickler):
    """Unpickles what our answers are made of, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in PLAIN:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)


def seal(value: Any, *, mark: bytes, name: str) -> bytes:
    """The value, to be opened under this name only. `mark` is 12 bytes that were never used yet.

    Raises RecursionError for what is nested too deeply.
    """
    packed = zlib.compress(pickle.dumps(value, pickle.HIGHEST_PROTOCOL), level=1)
    return mark + cipher().encrypt(mark, packed, bound_to(name))


def open_sealed(sealed: bytes, *, mark: int, name: str) -> Any:
    """What was sealed. Raises DoesNotOpen."""
    try:
        packed = cipher().decrypt(sealed[:mark], sealed[mark:], bound_to(name))
        return OwnTypes(io.BytesIO(zlib.decompress(packed))).load()
    except (InvalidTag, ValueError, zlib.error, pickle.UnpicklingError) as error:
        raise DoesNotOpen(name) from error


@cache
def cipher() -> AESGCM:
    key = salted_hmac("workflows_ui.queries.sealing", "", algorithm="sha256")
    return AESGCM(key.digest())


def bound_to(name: str) -> bytes:
    return f"{settings.VERSION} {shapes()} {name}".encode()


@cache
def shapes() -> str:
    """What the types look like here: two versions may serve side by side for a while."""
    told = sorted(
        (name, [field.name for field in fields(kind)])
        for name, kind in vars(types).items()
        if is_dataclass(kind)
    )
    return blake2b(repr(told).encode(), digest_size=8).hexdigest()
