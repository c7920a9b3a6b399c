"""When two failures are of the same kind: the same error in the same step, whatever its ids."""

from __future__ import annotations

import hashlib
import re

NAMELESS = "…"
MOST_READ = 2000
FINGERPRINT = re.compile(r"[0-9a-f]{16}")
VARIES = re.compile(
    r"""
    (?P<code>(?-i:\b[A-Z][A-Z\d]*(?:_[A-Z]+(?:\d[A-Z]*)?)+\b))              # ERR_HTTP2 stays
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+                                     # e-mail addresses
    | \b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b  # UUIDs
    | \b\d{4}-\d\d-\d\dT[\d:.]+Z?                                      # moments
    | \b0x[0-9a-f]+\b                                                  # 0xDEADBEEF
    | \b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b                                  # hashes and long hex
    | \b(?=[a-z]*\d)[0-9a-hjkmnp-tv-z]{26}\b                           # ULIDs
    | (?-i:\b[a-z]{2,8}_                                               # cus_NffrFeUfNV2Hib
        (?=\w*(?:\d[A-Za-z]|[a-z][A-Z][a-z][A-Z]))(?=[a-z\d]*[A-Z])[A-Za-z\d]{8,}\b)
    | (?-i:(?<![\w-])(?=(?:[\w-]*?\d[A-Za-z]){2})                      # nanoids
        (?=(?:[\w-]*?[A-Z]){2})(?=(?:[\w-]*?[a-z]){2})[\w-]{16,}(?![\w-]))
    | (?<=["'`“‘])(?=(?:[\w+/=.-]*?\d){3})[\w+/=.-]{20,}(?=["'`”’])     # long tokens in quotes
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
    return VARIES.sub(lambda found: found["code"] or NAMELESS, message[:MOST_READ])[:300]


def is_fingerprint(text: str) -> bool:
    """Whether it may stand for a kind of failures, known or forgotten."""
    return FINGERPRINT.fullmatch(text) is not None


def fingerprint_of(name: str, message: str, step: str) -> str:
    """The same short text for failures of the same kind."""
    kind = "\0".join((name, pattern_of(message), step))
    return hashlib.blake2b(kind.encode("utf-8", "replace"), digest_size=8).hexdigest()
