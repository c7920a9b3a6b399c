"""The only code that talks HTTP: sends one call and brings back the whole answer, in bounds.

Bounds: a connect and a read timeout, a deadline for the whole call with its retries, a size
limit that counts after decompression, no redirects, no proxies or `.netrc` from the environment.
Only a GET is ever sent twice. Nothing here looks at the meaning of an answer.
"""

from __future__ import annotations

import logging
import random
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.auth import AuthBase
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)

from workflows_ui.cloudflare.addresses import AddressRules
from workflows_ui.cloudflare.connections import adapter_for, deadline
from workflows_ui.cloudflare.errors import (
    AddressRefused,
    CloudflareError,
    ConnectionFailed,
    TimedOut,
    TooLarge,
    Unauthorized,
)
from workflows_ui.cloudflare.rates import rate_of
from workflows_ui.cloudflare.types import CallRate, CallRecord

logger = logging.getLogger(__name__)

TIMEOUT = (3.05, 20.0)
"""Seconds to connect, and between two bytes of the answer."""
TIME_LIMIT = 30.0
"""Seconds for the whole call with its retries, however alive the answer seems."""
MAX_BYTES = 32 * 1024 * 1024
LONGEST_PAUSE = 24 * 3600
RAY_ID = re.compile(r"[0-9a-zA-Z-]{1,64}")
CHUNK = 64 * 1024
GET_ATTEMPTS = 3
BACKOFF = 0.3
PASSING = frozenset({502, 503, 504})
"""Statuses after which a GET is tried again."""

OnCall = Callable[[CallRecord], None]
BeforeCall = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole answer, of whatever status."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def ray_id(self) -> str:
        """Empty when it does not look like one: it ends up in logs and on pages."""
        told = self.headers.get("cf-ray", "").strip()
        return told if RAY_ID.fullmatch(told) else ""

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def retry_after(self) -> int | None:
        """Whole seconds, told as a number or as a date."""
        told = self.headers.get("retry-after", "").strip()
        if told.isascii() and told.isdigit():
            return min(int(told[:9]), LONGEST_PAUSE)
        try:
            seconds = round(parsedate_to_datetime(told).timestamp() - time.time())
            return min(max(0, seconds), LONGEST_PAUSE)
        except (ValueError, TypeError, OverflowError):
            return None


class BearerAuth(AuthBase):
    """The token, on its way into the header. An AuthBase because `.netrc` beats a plain header."""

    __slots__ = ("_token",)

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def __repr__(self) -> str:
        return "<BearerAuth>"

    @property
    def sendable(self) -> bool:
        """Whether the token fits into a header at all."""
        return self._token.isascii() and self._token.isprintable() and " " not in self._token


class Transport:
    """Sends calls to one base URL. One per client; the connections behind it are shared."""

    def __init__(
        self,
        *,
        base_url: str,
        rules: AddressRules,
        auth: BearerAuth | None = None,
        timeout: tuple[float, float] = TIMEOUT,
        time_limit: float = TIME_LIMIT,
        version: str = "dev",
        host_header: str = "",
        before_call: BeforeCall | None = None,
        on_call: OnCall | None = None,
    ) -> None:
        self._base_url = base_url
        self._auth = auth
        self._timeout = timeout
        self._time_limit = time_limit
        self._before_call = before_call
        self._on_call = on_call
        self._session = _session(rules)
        self._session.headers["User-Agent"] = f"workflows-console/{version}"
        if host_header:
            self._session.headers["Host"] = host_header
        self.last_rate: CallRate | None = None

    def __repr__(self) -> str:
        return f"<Transport to {self._base_url}>"

    def send(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes | None = None,
        accept: str = "application/json",
    ) -> Reply:
        """The answer to one call. `path` and `query` must be percent-encoded already.

        Raises ConnectionFailed, TimedOut, TooLarge or AddressRefused, with `maybe_done` set when
        the call writes and may have arrived, and whatever `before_call` raises instead of a call.
        """
        if self._auth is not None and not self._auth.sendable:
            raise Unauthorized("The API token holds characters that no token has.")
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = "application/json"
        outcome: Reply | CloudflareError = ConnectionFailed("Not sent.")
        until = time.monotonic() + self._time_limit
        for attempt in _attempts(method, until):
            if self._before_call is not None:
                self._before_call()
            started = time.monotonic()
            outcome = self._try(method, path, query, headers, body, until)
            self._observe(method, path, outcome, time.monotonic() - started, attempt)
            if not _passing(outcome):
                break
        if isinstance(outcome, CloudflareError):
            outcome.maybe_done = outcome.maybe_done and method != "GET"
            raise outcome
        return outcome

    def _try(
        self,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: bytes | None,
        until: float,
    ) -> Reply | CloudflareError:
        """One attempt. A failure is returned, not raised: what is raised within an `except`
        carries the first exception along, whose frames hold the headers with the token."""
        reset = deadline.set(until)
        try:
            response = self._session.request(
                method,
                f"{self._base_url}{path}" + (f"?{query}" if query else ""),
                headers=headers,
                data=body,
                auth=self._auth,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            )
            with response:
                return Reply(
                    status=response.status_code,
                    headers=response.headers,
                    content=_read(response),
                )
        except AddressRefused as refused:
            return AddressRefused(refused.message)
        except TooLarge as too_large:
            return TooLarge(too_large.message, status=too_large.status, maybe_done=True)
        except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            return _failure(error)
        finally:
            deadline.reset(reset)

    def _observe(
        self,
        method: str,
        path: str,
        outcome: Reply | CloudflareError,
        seconds: float,
        attempt: int,
    ) -> None:
        rate = rate_of(outcome.headers) if isinstance(outcome, Reply) else None
        self.last_rate = rate or self.last_rate
        if self._on_call is None or isinstance(outcome, AddressRefused):
            return
        record = CallRecord(
            method=method,
            path=path,
            status=outcome.status,
            seconds=seconds,
            ray_id=outcome.ray_id,
            attempt=attempt,
            rate=rate,
            retry_after=outcome.retry_after,
            size=len(outcome.content) if isinstance(outcome, Reply) else 0,
        )
        try:
            self._on_call(record)
        except Exception:
            # The call is made: a failing observer must not make it look undone.
            logger.exception("on_call failed")


def _session(rules: AddressRules) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Never closed: closing a session clears the pool of its adapter, which is everyone's.
    session.mount("https://", adapter_for(rules))
    session.mount("http://", adapter_for(rules))
    return session


def _attempts(method: str, until: float) -> Iterator[int]:
    """1, and for a GET 2 and 3 after a pause that grows, while there is time."""
    yield 1
    for attempt in range(2, (GET_ATTEMPTS if method == "GET" else 1) + 1):
        pause = BACKOFF * 2 ** (attempt - 2) * random.uniform(1, 1.5)  # noqa: S311
        if time.monotonic() + pause >= until:
            return
        time.sleep(pause)
        yield attempt


def _passing(outcome: Reply | CloudflareError) -> bool:
    """Whether the same GET may fare better in a moment. A timeout has waited long enough."""
    if isinstance(outcome, Reply):
        return outcome.status in PASSING
    return isinstance(outcome, ConnectionFailed) and not isinstance(outcome, TimedOut)


def _read(response: requests.Response) -> bytes:
    told = response.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told[:12]) > MAX_BYTES:
        raise TooLarge(_too_large(), status=response.status_code)
    parts: list[bytes] = []
    size = 0
    for part in response.raw.stream(CHUNK, decode_content=True):
        size += len(part)
        if size > MAX_BYTES:
            raise TooLarge(_too_large(), status=response.status_code)
        parts.append(part)
    return b"".join(parts)


def _too_large() -> str:
    return f"The answer is larger than {MAX_BYTES // 1024 // 1024} MiB; reading it was given up."


def _failure(error: Exception) -> ConnectionFailed:
    """What went wrong, in plain words, from the chain of exceptions that came with it."""
    causes = list(_chain(error))

    def of(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if of(NameResolutionError):
        return ConnectionFailed("The name of the API's host is not known.")
    if of(ConnectTimeoutError) and not of(NewConnectionError):
        return TimedOut("No connection within the time limit.")
    if of(NewConnectionError):
        return ConnectionFailed("The connection was refused: nobody answers at this address.")
    if of(ssl.SSLCertVerificationError):
        return ConnectionFailed("The certificate of the API's host is not valid.")
    if of(ReadTimeoutError, TimeoutError, requests.Timeout):
        return TimedOut("No complete answer within the time limit.", maybe_done=True)
    return ConnectionFailed(
        "The connection was cut before the answer was complete.", maybe_done=True
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and all it wraps: as cause, as context, as argument or as `reason`."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
