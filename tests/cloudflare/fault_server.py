"""A loopback server that answers as badly as a test asks for, over real sockets."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

DRIP_SECONDS = 0.05


@dataclass(frozen=True)
class Seen:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Talk:
    """One connection, in the hands of an answer."""

    sock: socket.socket
    stopped: threading.Event

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)


Answer = Callable[[Talk], None]


@dataclass
class FaultServer:
    """Gives its answers in turn, the last one over and over. `seen` holds the requests."""

    port: int
    seen: list[Seen] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, *answers: Answer) -> None:
        self.answers[:] = answers

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def http(
    body: bytes | str = b"", *, status: int = 200, type: str = "application/json", **headers: str
) -> Answer:
    """A whole answer; header names with `_` for `-`."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Any", f"Content-Type: {type}", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join(lines) + "\r\n\r\n"
    return lambda talk: talk.send(head.encode() + content)


def result(value: object, **headers: str) -> Answer:
    body = {"success": True, "errors": [], "messages": [], "result": value}
    return http(json.dumps(body), **headers)


def failure(status: int, code: int, message: str, **headers: str) -> Answer:
    errors = [{"code": code, "message": message}]
    body = {"success": False, "errors": errors, "messages": [], "result": None}
    return http(json.dumps(body), status=status, **headers)


def html(status: int, **headers: str) -> Answer:
    page = "<!doctype html><title>Sorry</title><h1>Sorry</h1>"
    return http(page, status=status, type="text/html; charset=UTF-8", **headers)


def hang(talk: Talk) -> None:
    talk.stopped.wait()
    raise ConnectionAbortedError


def cut(talk: Talk) -> None:
    raise ConnectionAbortedError


def half(talk: Talk) -> None:
    """The head promises more than comes."""
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n")
    talk.send(b'{"success":true,"result":[')
    raise ConnectionAbortedError


def half_chunked(talk: Talk) -> None:
    talk.send(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{"succ')
    raise ConnectionAbortedError


def not_http(talk: Talk) -> None:
    talk.send(b"SSH-2.0-OpenSSH_9.9\r\n")
    raise ConnectionAbortedError


def drip_body(talk: Talk) -> None:
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n")
    _drip(talk, b" ")


def drip_head(talk: Talk) -> None:
    talk.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _drip(talk, b"x")


def announce_too_much(talk: Talk) -> None:
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n")
    talk.stopped.wait()


def send_forever(talk: Talk) -> None:
    talk.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    block = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    while not talk.stopped.is_set():
        talk.send(block)


def gzip_bomb(size: int) -> Answer:
    return http(gzip.compress(b" " * size), Content_Encoding="gzip")


def bad_gzip(talk: Talk) -> None:
    http(b"this is not gzip", Content_Encoding="gzip")(talk)


def _drip(talk: Talk, byte: bytes) -> None:
    while not talk.stopped.wait(DRIP_SECONDS):
        talk.send(byte)
    raise ConnectionAbortedError


@contextmanager
def running(context: ssl.SSLContext | None = None) -> Iterator[FaultServer]:
    """A server on a free port of 127.0.0.1, with TLS when given a context."""
    stopped = threading.Event()
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = FaultServer(port=listening.getsockname()[1])

        def serve(sock: socket.socket) -> None:
            with suppress(OSError, EOFError), sock:
                secured = context.wrap_socket(sock, server_side=True) if context else sock
                with secured:
                    secured.settimeout(10)
                    reader = secured.makefile("rb")
                    while not stopped.is_set():
                        server.seen.append(_read(reader))
                        server.next_answer()(Talk(secured, stopped))

        def accept() -> None:
            with suppress(OSError):
                while True:
                    sock, _ = listening.accept()
                    threads.append(threading.Thread(target=serve, args=(sock,), daemon=True))
                    threads[-1].start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            stopped.set()
            # Closing alone does not wake an accept.
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            accepting.join(5)


def _read(reader: object) -> Seen:
    line = reader.readline().decode()
    if not line:
        raise EOFError
    method, target, _ = line.split(" ", 2)
    headers = {}
    while header := reader.readline().decode().strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", 0)))
    return Seen(method, target, headers, body)
