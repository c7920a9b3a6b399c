"""A Cloudflare API that knows tokens and accounts and has no workflows, over a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Reply = tuple[int, str, str]
"""Status, content type, body."""


@dataclass
class Token:
    """What a token may. `owned_by_account` tokens can't ask about themselves as a user."""

    reads: set[str]
    lists: bool = True
    owned_by_account: bool = False
    status: str = "active"
    expires_on: str | None = None


@dataclass
class FakeApi:
    url: str = ""
    accounts: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    overrides: dict[str, Reply] = field(default_factory=dict)
    """The whole answer for a path, whoever asks."""
    asked: list[str] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)

    def override(self, path: str, status: int, body: str, type: str = "application/json") -> None:
        self.overrides[path] = (status, type, body)

    def reply(self, path: str, bearer: str) -> Reply:
        self.asked.append(path)
        self.bearers.append(bearer)
        if path in self.overrides:
            return self.overrides[path]
        token = self.tokens.get(bearer)
        parts = path.strip("/").split("/")
        if path == "/user/tokens/verify":
            if token is None or token.owned_by_account:
                return failed(401, 1000, "Invalid API Token")
            return good(about(token))
        if token is None:
            return failed(403, 9109, "Invalid access token")
        if path == "/accounts":
            seen = self.accounts if token.lists else {}
            return good([{"id": key, "name": name} for key, name in seen.items()])
        if parts[2:] == ["tokens", "verify"]:
            known = token.owned_by_account and parts[1] in token.reads
            return good(about(token)) if known else failed(401, 1000, "Invalid API Token")
        if parts[1] not in token.reads:
            return failed(403, 10000, "Authentication error")
        return good([])


def about(token: Token) -> dict[str, Any]:
    facts = {"id": "f" * 32, "status": token.status}
    return facts | ({"expires_on": token.expires_on} if token.expires_on else {})


def good(result: Any) -> Reply:
    body: dict[str, Any] = {"success": True, "errors": [], "messages": [], "result": result}
    if isinstance(result, list):
        pages = {"page": 1, "per_page": 50, "count": len(result), "total_count": len(result)}
        body["result_info"] = pages
    return 200, "application/json", json.dumps(body)


def failed(status: int, code: int, message: str) -> Reply:
    errors = [{"code": code, "message": message}]
    body = {"success": False, "errors": errors, "messages": [], "result": None}
    return status, "application/json", json.dumps(body)


@contextmanager
def running() -> Iterator[FakeApi]:
    """The API on a free port of 127.0.0.1, under the path that Cloudflare's has."""
    api = FakeApi()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            path = self.path.partition("?")[0].removeprefix("/client/v4")
            bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, content_type, body = api.reply(path, bearer)
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("CF-Ray", "8f00ba4fake-ZRH")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        api.url = f"http://127.0.0.1:{server.server_port}/client/v4"
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join(5)
