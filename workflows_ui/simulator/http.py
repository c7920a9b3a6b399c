"""Requests, responses and the envelope (API reference, section 1.2)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """`path` is as received, still percent-encoded; header names are lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def build(
        cls, method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Request:
        path, _, query = target.partition("?")
        return cls(
            method.upper(),
            path,
            tuple(parse_qsl(query, keep_blank_values=True)),
            {name.lower(): value for name, value in (headers or {}).items()},
            body,
        )


@dataclass
class Response:
    """`delay`, `cut` and `hang` are for the server: faults of the connection."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    cut: Literal["before", "half"] | None = None

    def json(self) -> Any:
        return json.loads(self.body)


class ApiError(Exception):
    """An answer that is not a success: HTTP status and the envelope's errors."""

    def __init__(
        self,
        status: int,
        *errors: tuple[int, str],
        chain: tuple[int, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(status, errors)
        self.status = status
        self.headers = headers or {}
        self.errors: list[dict[str, Any]] = [
            {"code": code, "message": message} for code, message in errors
        ]
        if chain is not None:
            self.errors[0]["error_chain"] = [{"code": chain[0], "message": chain[1]}]

    def response(self) -> Response:
        body = {"result": None, "success": False, "errors": self.errors, "messages": []}
        return Response(self.status, encode(body), {"Content-Type": JSON_TYPE, **self.headers})


def success(
    result: Any,
    *,
    info: dict[str, Any] | None = None,
    messages: list[dict[str, Any]] | None = None,
) -> Response:
    body = {"result": result, "success": True, "errors": [], "messages": messages or []}
    if info is not None:
        body["result_info"] = info
    return Response(200, encode(body), {"Content-Type": JSON_TYPE})


def encode(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # a lone surrogate can only travel escaped
        return json.dumps(value, separators=(",", ":")).encode()
