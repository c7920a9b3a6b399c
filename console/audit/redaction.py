"""What is too secret for the trail, and what is too long for it."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

REDACTED = "[redacted]"
KEPT_BYTES = 16 * 1024
DEFAULT_PATTERNS = (
    "passw(or)?d",
    "passphrase",
    "secret",
    "token",
    "authori[sz]ation",
    "api[-_ ]?key",
    "private[-_ ]?key",
    "credential",
    "cookie",
    "card",
    r"cvv|cvc|\biban\b|iban$|^iban|\bssn\b|ssn$|^ssn",
)

TOKEN_SHAPES = re.compile(
    r"""
    \b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}           # an Authorization header
    | (?<![A-Za-z0-9])cf(?:ut|at|k|oat)?[-_][A-Za-z0-9_-]{16,}  # Cloudflare's prefixes
    | \bv1\.0-[0-9a-f]{24}-[0-9a-f]{64,}                  # Cloudflare's origin CA keys
    | (?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*  # JSON web tokens
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Cloudflare's older API tokens are 40 characters without a prefix. An SHA-1 is too, but in hex,
# and words joined by dashes lack the mix.
UNMARKED = re.compile(
    r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]*[a-z])(?=[A-Za-z0-9_-]*[A-Z])(?=[A-Za-z0-9_-]*[0-9])"
    r"[A-Za-z0-9_-]{40}(?![A-Za-z0-9_-])"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """Params as the trail keeps them: the text, or for long ones its SHA-256 and size alone.

    Digest and size are those of the redacted text, so that nobody can try secrets against them.
    """

    text: str = ""
    digest: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What an account keeps of params. `words` are searched in keys, besides what always goes."""

    words: Sequence[str] = ()
    keep: bool = True

    @property
    def patterns(self) -> tuple[str, ...]:
        return (*DEFAULT_PATTERNS, *map(re.escape, self.words))


ALWAYS = Rules()


def keep(params: Any, rules: Rules = ALWAYS) -> Kept:
    """Params (JSON values; None for nothing sent) ready for the trail."""
    if params is None:
        return Kept()
    text = canonical(redact(params, rules.patterns))
    encoded = scrub(text).encode()
    if rules.keep and len(encoded) <= KEPT_BYTES:
        return Kept(text=encoded.decode(), size=len(encoded))
    return Kept(digest=hashlib.sha256(encoded).hexdigest(), size=len(encoded))


def redact(value: Any, patterns: Sequence[str] = DEFAULT_PATTERNS) -> Any:
    """A copy without what stands under a key that matches a pattern, at any depth.

    Patterns are regular expressions, searched without regard to case. Strings that hold JSON are
    redacted inside; what looks like a token goes from any string.
    """
    secret = re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or "(?!)", re.IGNORECASE)
    try:
        return _redacted(value, secret)
    except RecursionError:
        return f"{REDACTED} nested too deeply"


def token_in(text: str, *, marked: bool = False) -> str:
    """The first thing in the text that looks like a token; empty without one. Of a text that is
    full of random letters only what is marked as a token counts."""
    found = TOKEN_SHAPES.search(text) or (None if marked else UNMARKED.search(text))
    return found.group() if found else ""


def scrub(text: str) -> str:
    """The text without anything that looks like a token."""
    return UNMARKED.sub(REDACTED, TOKEN_SHAPES.sub(REDACTED, text))


def scrub_id(text: str) -> str:
    """The same for ids, which may well be 40 characters: only what is marked as a token goes."""
    return TOKEN_SHAPES.sub(REDACTED, text)


def canonical(value: Any) -> str:
    """The one way to write a JSON value: sorted keys, no spaces, ASCII."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    except RecursionError:
        return json.dumps(f"{REDACTED} nested too deeply")


def _redacted(value: Any, secret: re.Pattern[str]) -> Any:
    match value:
        case dict():
            return {
                scrub(str(key)): REDACTED if secret.search(str(key)) else _redacted(item, secret)
                for key, item in value.items()
            }
        case list() | tuple():
            return [_redacted(item, secret) for item in value]
        case str():
            return scrub(_inside(value, secret))
        case float() if not math.isfinite(value):
            return str(value)  # not JSON
    return value


def _inside(text: str, secret: re.Pattern[str]) -> str:
    """A string that is itself a JSON object or array, redacted."""
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    redacted = _redacted(value, secret)
    return text if redacted == value else canonical(redacted)
