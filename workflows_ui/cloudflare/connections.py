"""Connections that go only where the rules allow and that end when their time is up.

The pool of a set of rules is shared by all clients of the process: urllib3's pools are
thread-safe, and a connection made under one set of rules is never reused under another.
"""

from __future__ import annotations

import io
import socket
from contextvars import ContextVar
from functools import cache
from http.client import HTTPResponse as WireResponse
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.retry import Retry

from workflows_ui.cloudflare.addresses import AddressRules, addresses_of

if TYPE_CHECKING:
    _Connection = HTTPConnection
else:
    _Connection = object

SEND_TIMEOUT = 20.0
"""Seconds for sending a request; urllib3 would give it the connect timeout."""
POOL_SIZE = 16

deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))
"""When (monotonic clock) the answer to the call under way must be complete."""


class _BeforeDeadline(io.RawIOBase):
    """The socket's reading side; no read outlasts the deadline, however slowly bytes drip in."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        self._sock = sock
        self._timeout = sock.gettimeout()
        self._until = deadline.get()
        self._file = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long as a whole")
        self._sock.settimeout(left if self._timeout is None else min(left, self._timeout))
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


class _TimedResponse(WireResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_BeforeDeadline(sock))


class _Guarded(_Connection):
    """Resolves the name itself, drops what the rules refuse, and connects to what is left."""

    rules: ClassVar[AddressRules]
    response_class = _TimedResponse

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        try:
            addresses = addresses_of(name, self.port, self.rules)
        except socket.gaierror as error:
            raise NameResolutionError(name, self, error) from error
        failure: Exception | None = None
        try:
            for address in addresses:
                # TLS asks for `host` only later, and gets the name again.
                self._dns_host = address
                try:
                    return super()._new_conn()
                except (NewConnectionError, ConnectTimeoutError) as error:
                    failure = error
        finally:
            self._dns_host = name
        assert failure is not None  # noqa: S101 - addresses_of never returns an empty list
        raise failure

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(SEND_TIMEOUT)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            self.timeout = SEND_TIMEOUT
        super().request(*args, **kwargs)


@cache
def adapter_for(rules: AddressRules) -> HTTPAdapter:
    """The adapter, and with it the connection pool, for everyone who keeps these rules."""
    return _GuardedAdapter(rules)


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, rules: AddressRules) -> None:
        self._rules = rules
        super().__init__(
            pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE, max_retries=Retry(0, read=False)
        )

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)

        class Plain(_Guarded, HTTPConnection):
            rules = self._rules

        class Secure(_Guarded, HTTPSConnection):
            rules = self._rules

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
