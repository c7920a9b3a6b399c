"""A real Redis (or Valkey) on a port of its own, which can be killed and started again."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from redis import Redis, RedisError

from tests.free_port import free_port

PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server")
START_LIMIT = 60


class RedisServer:
    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = Redis.from_url(self.url)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp"]  # noqa: S108
        self.process = subprocess.Popen([PROGRAM, *options], stdout=subprocess.DEVNULL)
        until = time.monotonic() + START_LIMIT
        while time.monotonic() < until:
            try:
                self.client.ping()
            except RedisError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("the cache server does not answer")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


@contextmanager
def running() -> Iterator[RedisServer]:
    if PROGRAM is None:
        if os.environ.get("CONSOLE_REQUIRE_REDIS"):
            pytest.fail("A Redis or Valkey server is required here and not installed")
        pytest.skip("No cache server is installed (Debian: apt-get install redis-server)")
    server = RedisServer()
    server.start()
    try:
        yield server
    finally:
        server.client.close()
        server.kill()
