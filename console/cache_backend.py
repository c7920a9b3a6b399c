"""Django's cache on the shared server: what log-in attempts are counted in, for all processes."""

from __future__ import annotations

import json
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

from console.cache_server import CONNECTION, server_at


class JsonSerializer:
    """Django pickles, and whoever may write to the server could then run code here."""

    def dumps(self, value: Any) -> Any:
        # a bare integer, so that the server itself can count it up
        return value if type(value) is int else json.dumps(value)

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class SharedCache(BaseCache):
    """The server; while it is away, this process counts for itself."""

    def __init__(self, url: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._server = server_at(url)
        own = {**params, "KEY_PREFIX": self._server.prefix}
        options = {"serializer": JsonSerializer, **CONNECTION}
        self._shared = RedisCache(url, {**own, "OPTIONS": options})
        self._local = LocMemCache("without-the-server", own)

    def _either(self, method: str, *args: Any, **options: Any) -> Any:
        return self._server.ask(
            lambda: getattr(self._shared, method)(*args, **options),
            lambda: getattr(self._local, method)(*args, **options),
        )

    def add(self, *args: Any, **options: Any) -> bool:
        return bool(self._either("add", *args, **options))

    def get(self, *args: Any, **options: Any) -> Any:
        return self._either("get", *args, **options)

    def set(self, *args: Any, **options: Any) -> None:
        self._either("set", *args, **options)

    def touch(self, *args: Any, **options: Any) -> bool:
        return bool(self._either("touch", *args, **options))

    def delete(self, *args: Any, **options: Any) -> bool:
        return bool(self._either("delete", *args, **options))

    def get_many(self, *args: Any, **options: Any) -> dict[Any, Any]:
        found: dict[Any, Any] = self._either("get_many", *args, **options)
        return found

    def incr(self, *args: Any, **options: Any) -> int:
        return int(self._either("incr", *args, **options))

    def clear(self) -> None:
        self._either("clear")
