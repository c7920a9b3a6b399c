"""Who calls: the simulator's tokens, what they may do and how often (API reference, 1.3 to 1.7)."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass

from workflows_ui.simulator.clock import DAY, SECOND, iso
from workflows_ui.simulator.definitions import stable_uuid
from workflows_ui.simulator.errors import not_permitted
from workflows_ui.simulator.http import ApiError, Request

TOKEN = "simulator-token"
READ_TOKEN = "simulator-read-token"
EXPIRED_TOKEN = "simulator-expired-token"
FORBIDDEN_TOKEN = "simulator-forbidden-token"
BEARER = re.compile(r"Bearer +([A-Za-z0-9_.~+/=-]+)", re.IGNORECASE)
BUDGET = 1_200
WINDOW = 300 * SECOND


@dataclass(frozen=True)
class Token:
    label: str
    reads: bool = True
    writes: bool = True
    expired: bool = False

    def verified(self, now: int) -> dict[str, str]:
        """The answer of the verify routes."""
        found = {
            "id": stable_uuid("token", self.label).replace("-", ""),
            "status": "expired" if self.expired else "active",
        }
        return found | {"expires_on": iso(now - DAY)} if self.expired else found


TOKENS = {
    TOKEN: Token("simulator-token"),
    READ_TOKEN: Token("simulator-read-token", writes=False),
    EXPIRED_TOKEN: Token("simulator-expired-token", expired=True),
    FORBIDDEN_TOKEN: Token("simulator-forbidden-token", reads=False, writes=False),
}


def presented(request: Request) -> str:
    """The token as sent; ApiError when there is none or it is malformed."""
    header = request.headers.get("authorization")
    if header is not None:
        match = BEARER.fullmatch(header.strip())
        if match is None:
            raise malformed(6111, "Invalid format for Authorization header")
        return match[1]
    key, email = request.headers.get("x-auth-key"), request.headers.get("x-auth-email")
    if key is not None and email is not None:
        if re.fullmatch(r"[0-9a-f]{37,45}", key) is None:
            raise malformed(6103, "Invalid format for X-Auth-Key header")
        raise ApiError(403, (9103, "Unknown X-Auth-Key or X-Auth-Email"))
    text = "Missing X-Auth-Key, X-Auth-Email or Authorization headers"
    raise ApiError(400, (9106, text))


def malformed(code: int, message: str) -> ApiError:
    return ApiError(400, (6003, "Invalid request headers"), chain=(code, message))


def may(token: Token | None, method: str) -> None:
    """Raise unless the token may use a Workflows route with this method."""
    if token is None or token.expired:
        raise not_permitted(401)
    allowed = token.reads if method in ("GET", "HEAD") else token.writes
    if not allowed:
        raise not_permitted(403)


class Budget:
    """1,200 calls in five minutes for each token; who exceeds it is shut out for five more."""

    def __init__(self, *, enforced: bool) -> None:
        self.enforced = enforced
        self._windows: dict[str, tuple[int, int]] = {}  # calls made, end
        self._blocked: dict[str, int] = {}

    def count(self, token: str, now: int) -> None:
        """Note one call; ApiError 429 when it is one too many."""
        until = self._blocked.get(token, 0)
        if until > now and self.enforced:
            raise exhausted(until - now)
        calls, end = self._windows.get(token, (0, 0))
        if end <= now:
            calls, end = 0, now + WINDOW
        self._windows[token] = (calls + 1, end)
        if calls >= BUDGET and self.enforced:
            self._blocked[token] = now + WINDOW
            self._windows.pop(token)
            raise exhausted(WINDOW)

    def headers(self, token: str, now: int) -> dict[str, str]:
        calls, end = self._windows.get(token, (0, now + WINDOW))
        if self._blocked.get(token, 0) > now:
            calls, end = BUDGET, self._blocked[token]
        left = max(BUDGET - calls, 0)
        return {
            "Ratelimit": f'"default";r={left};t={seconds(end - now)}',
            "Ratelimit-Policy": f'"default";q={BUDGET};w={WINDOW // SECOND}',
        }

    def reset(self) -> None:
        self._windows.clear()
        self._blocked.clear()


def exhausted(wait: int) -> ApiError:
    text = "Please wait and consider throttling your request speed"
    return ApiError(429, (971, text), headers={"Retry-After": str(seconds(wait))})


def label(secret: str) -> str:
    """What a token is called in call lists: its public name, or a digest of a foreign one."""
    known = TOKENS.get(secret)
    return known.label if known else "unknown-" + hashlib.sha256(secret.encode()).hexdigest()[:8]


def seconds(millis: int) -> int:
    return max(math.ceil(millis / SECOND), 0)
