"""Serves a simulator over HTTP on loopback."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import quote

from workflows_ui.simulator.http import JSON_TYPE, ApiError, Request, Response, encode
from workflows_ui.simulator.simulator import Simulator

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
BODY_LIMIT = 100 * 1024 * 1024
GZIP_FROM = 16 * 1024


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "cloudflare"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one piece
    timeout = 60
    simulator: ClassVar[Simulator]

    def _serve(self) -> None:
        body = self._body()
        if isinstance(body, Response):
            self.close_connection = True
            self._send(body)
            return
        request = Request.build(self.command, self.path, dict(self.headers.items()), body)
        control = self._control(request)
        self._send(self.simulator.handle(request) if control is None else control)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815

    def _body(self) -> bytes | Response:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit():
            return ApiError(400, (10002, "workflows.api.error.body")).response()
        if int(length) > BODY_LIMIT:
            return too_large()
        return self.rfile.read(int(length))

    def _chunks(self) -> bytes | Response:
        body = bytearray()
        while True:
            try:
                size = int(self.rfile.readline(1024).split(b";")[0], 16)
            except ValueError:
                return ApiError(400, (10002, "workflows.api.error.body")).response()
            if len(body) + size > BODY_LIMIT:
                return too_large()
            body += self.rfile.read(size)
            self.rfile.readline(1024)
            if size == 0:
                return bytes(body)

    def _send(self, response: Response) -> None:
        if response.delay:
            time.sleep(response.delay)
        if response.cut == "before":
            self._hang_up()
            return
        body = response.body
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if self._zips(response):
            body = gzip.compress(body, compresslevel=1)
            self.send_header("Content-Encoding", "gzip")
        if response.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if response.cut == "half" else body)
        self.wfile.flush()
        if response.cut == "half":
            self._hang_up()

    def _zips(self, response: Response) -> bool:
        return (
            len(response.body) >= GZIP_FROM
            and response.headers.get("Content-Type") == JSON_TYPE
            and "gzip" in self.headers.get("Accept-Encoding", "")
        )

    def _hang_up(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the other side was faster

    def _control(self, request: Request) -> Response | None:
        """The simulator's own routes, outside the API's root."""
        try:
            match request.method, request.path:
                case "GET", "/__calls":
                    return plain(self.simulator.calls.as_json())
                case "DELETE", "/__calls":
                    self.simulator.calls.reset()
                    return plain({"count": 0, "calls": []})
                case "GET", "/__faults":
                    return plain({"faults": self.simulator.faults.as_json()})
                case "PUT", "/__faults":
                    self.simulator.faults.replace(fault_list(json.loads(request.body)))
                    return plain({"faults": self.simulator.faults.as_json()})
                case "DELETE", "/__faults":
                    self.simulator.faults.clear()
                    return plain({"faults": []})
        except (ValueError, TypeError) as error:
            return plain({"error": str(error)}, status=400)
        return None

    def log_message(self, format: str, *args: Any) -> None:
        return


def fault_list(value: Any) -> list[dict[str, Any]]:
    """One fault, a list of them, or `{"faults": [...]}`."""
    if isinstance(value, dict):
        value = value.get("faults", [value])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError("a fault is an object")
    return value


def plain(value: Any, *, status: int = 200) -> Response:
    return Response(status, encode(value), {"Content-Type": JSON_TYPE})


def too_large() -> Response:
    return ApiError(413, (10002, "workflows.api.error.body")).response()


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[Handler]) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # Not HTTPServer's: that one looks the host's name up.
        ThreadingHTTPServer.__mro__[2].server_bind(self)  # type: ignore[attr-defined]
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no event."""


class SimulatorServer:
    """Runs a simulator on a port of loopback, in a thread, as a context manager.

    `base_url` is the API's root (ends in `/client/v4`), `root_url` the simulator's own.
    """

    def __init__(
        self, simulator: Simulator | None = None, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        if host not in LOOPBACK:
            raise ValueError(f"the simulator serves loopback only, not {host}")
        self.simulator = simulator or Simulator()
        bound = type("BoundHandler", (Handler,), {"simulator": self.simulator})
        self._server = QuietServer((host, port), bound)
        self._thread: threading.Thread | None = None
        self.port: int = self._server.server_address[1]
        self.root_url = f"http://{f'[{host}]' if ':' in host else quote(host)}:{self.port}"
        self.base_url = f"{self.root_url}/client/v4"

    def start(self) -> SimulatorServer:
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="simulator", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()

    def __enter__(self) -> SimulatorServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
