"""Faults on demand: what an upstream does when it is not well.

| kind | effect | options |
|---|---|---|
| `latency` | the answer comes later | `seconds` |
| `status` | an error answer instead of the real one | `status`, `code`, `message`, `retry_after` |
| `html` | an HTML page instead of JSON | `status` |
| `unsuccessful` | HTTP 200 with `success: false` | `code`, `message` |
| `internal` | 500 with code 10001 | |
| `cut` | the connection ends before the answer, nothing was done | |
| `half` | the connection ends after half of the (real) answer | |
| `hang` | no answer for so long, then the connection ends; nothing was done | `seconds` |
| `lose_answer` | the request is carried out, then the connection ends | |

Every fault may be limited: `method`, `path` (a regular expression, searched in the decoded path),
`count` (how often, always when left out), `probability`, `skip` (let so many pass first).
"""

from __future__ import annotations

import random
import re
import threading
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args
from urllib.parse import unquote

from workflows_ui.simulator.http import ApiError, Request, Response

Kind = Literal[
    "latency",
    "status",
    "html",
    "unsuccessful",
    "internal",
    "cut",
    "half",
    "hang",
    "lose_answer",
]
HTML = (
    "<!DOCTYPE html><html><head><title>{status}: Bad gateway</title></head>"
    "<body><h1>Error {status}</h1><p>cloudflare</p></body></html>"
)


@dataclass
class Fault:
    kind: Kind
    method: str | None = None
    path: str = ""
    count: int | None = None
    probability: float = 1.0
    skip: int = 0
    seconds: float = 0
    status: int = 503
    code: int = 10001
    message: str = "workflows.api.error.internal_server"
    retry_after: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"no such fault: {self.kind!r}")
        re.compile(self.path)

    def concerns(self, request: Request) -> bool:
        if self.method is not None and self.method.upper() != request.method:
            return False
        return re.search(self.path, unquote(request.path)) is not None

    def answer(self) -> Response | None:
        """The answer in place of the real one, if this fault gives one."""
        match self.kind:
            case "status":
                headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
                if self.status == 429:
                    headers["Ratelimit"] = f'"default";r=0;t={self.retry_after or 60}'
                return ApiError(self.status, (self.code, self.message), headers=headers).response()
            case "internal":
                return ApiError(500, (10001, "workflows.api.error.internal_server")).response()
            case "unsuccessful":
                return ApiError(200, (self.code, self.message)).response()
            case "html":
                page = HTML.format(status=self.status).encode()
                return Response(self.status, page, {"Content-Type": "text/html; charset=UTF-8"})
            case "cut":
                return Response(502, b"", cut="before")
            case "hang":
                return Response(504, b"", cut="before", delay=self.seconds)
        return None

    def spoil(self, response: Response) -> None:
        """What this fault does to the real answer."""
        match self.kind:
            case "latency":
                response.delay += self.seconds
            case "half":
                response.cut = "half"
            case "lose_answer":
                response.cut = "before"


class Faults:
    def __init__(self, *, seed: str = "0") -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._random = random.Random(f"faults/{seed}")

    def add(self, kind: Kind, **options: Any) -> Fault:
        """Add a fault; see the table above for kinds and options."""
        fault = Fault(kind, **options)
        with self._lock:
            self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        with self._lock:
            self._faults = [each for each in self._faults if each is not fault]

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def replace(self, faults: list[dict[str, Any]]) -> None:
        """All faults anew, from JSON; ValueError or TypeError when one is malformed."""
        built = [Fault(**fault) for fault in faults]
        with self._lock:
            self._faults = built

    def due(self, request: Request) -> list[Fault]:
        """The faults that strike this request; counts go down."""
        with self._lock:
            return [fault for fault in self._faults if self._strikes(fault, request)]

    def _strikes(self, fault: Fault, request: Request) -> bool:
        if fault.count == 0 or not fault.concerns(request):
            return False
        if fault.skip > 0:
            fault.skip -= 1
            return False
        if self._random.random() >= fault.probability:
            return False
        if fault.count is not None:
            fault.count -= 1
        return True

    def as_json(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]
