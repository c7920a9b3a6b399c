"""When two failures are of the same kind: the same error in the same step, whatever its ids."""

from __future__ import annotations

import hashlib
import re

NAMELESS = "…"
VARIES = re.compile(
    r"""
    \b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b  # UUIDs
    | \b\d{4}-\d\d-\d\dT[\d:.]+Z?                                      # moments
    | \b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b                                  # hashes and long hex
    | (?<![A-Za-z])[A-Za-z_]+[-_#]\d[\w-]*                             # order-8841, tenant_12
    | \d+(?:[.,:]\d+)*                                                 # numbers
    """,
    re.VERBOSE | re.IGNORECASE,
)


def pattern_of(message: str) -> str:
    """The message without what differs from one instance to the next.

    >>> pattern_of("Order order-8841 timed out after 3000ms")
    'Order … timed out after …ms'
    """
    return VARIES.sub(NAMELESS, message)[:300]


def fingerprint_of(name: str, message: str, step: str) -> str:
    """The same short text for failures of the same kind."""
    kind = "\0".join((name, pattern_of(message), step))
    return hashlib.blake2b(kind.encode("utf-8", "replace"), digest_size=8).hexdigest()
