"""The cache server that several processes share (CACHE_URL), and the days it is away.

All it holds can be asked for again or counted anew, so its trouble is a line in the log and
never a page that fails: whoever asks says what to do without it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.retry import Retry

logger = logging.getLogger(__name__)

AWAY_SECONDS = 2.0
"""It is left alone for so long after it failed: not every page shall wait for it to time out."""
CONNECTION: dict[str, Any] = {
    "socket_connect_timeout": 0.5,
    "socket_timeout": 0.5,
    # once, for the connections that a restart of the server has cut; a timeout is not tried again
    "retry": Retry(NoBackoff(), 1, supported_errors=(Disconnected,)),
}


class CacheServer:
    """The server with its state of health."""

    def __init__(self, url: str) -> None:
        self.client = Redis.from_url(url, **CONNECTION)
        # two consoles on one server don't see each other
        own = salted_hmac("console.cache_server", "", algorithm="sha256")
        self.prefix = f"console:{own.hexdigest()[:8]}"
        self._away_until = 0.0

    def ask[T](self, call: Callable[[], T], without: Callable[[], T]) -> T:
        """What `call` brings from the server, or `without` it while it is away."""
        if time.monotonic() < self._away_until:
            return without()
        try:
            found = call()
        except RedisError as error:
            # the kind only: the text may name the server's address and user
            logger.warning("cache_server_away error=%s", type(error).__name__)
            self._away_until = time.monotonic() + AWAY_SECONDS
            return without()
        if self._away_until:
            self._away_until = 0.0
            logger.warning("cache_server_back")
        return found


@cache
def server_at(url: str) -> CacheServer:
    """One for all who ask, so that they know together whether it is away."""
    return CacheServer(url)


def cache_server() -> CacheServer | None:
    """The server at CACHE_URL; None when the console keeps everything in its own memory."""
    return server_at(settings.CACHE_URL) if settings.CACHE_URL else None
