"""Upstream calls and waiting times while 300 people watch one dashboard."""

from __future__ import annotations

import asyncio
import gzip
import re
import statistics
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field

import requests

from tests.bench.consoles import console, log_in, make_dashboard, tell
from tests.browser.served import Served
from tests.redis_server import PROGRAM, running

VIEWERS, EVERY, SECONDS = 300, 5, 60
AT_ONCE = 8
MARK = re.compile(r'name="(p\d+|watch)" value="(\w+)"')


class Viewer:
    """A browser with the dashboard open: as little as keeps a connection and reads answers."""

    def __init__(self, served: Served, cookies: dict[str, str], board: int) -> None:
        self.port = int(served.url.rpartition(":")[2])
        self.cookies = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self.board = f"/a/demo/dashboards/{board}/"
        self.marks: dict[str, str] = {}

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        status, page = await self.get(self.board)
        assert status == 200, status
        self.marks = dict(MARK.findall(page))

    async def tick(self) -> int:
        marks = "&".join(f"{name}={mark}" for name, mark in self.marks.items())
        status, changed = await self.get(f"{self.board}tick/?{marks}", "HX-Request: true\r\n")
        self.marks |= MARK.findall(changed)
        return status

    async def get(self, path: str, more: str = "") -> tuple[int, str]:
        self.writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n"
            f"Cookie: {self.cookies}\r\n{more}\r\n".encode()
        )
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = re.search(r"content-length: (\d+)", head)
        body = await self.reader.readexactly(int(length[1])) if length else b""
        text = gzip.decompress(body) if "content-encoding: gzip" in head else body
        return int(head.split()[1]), text.decode()


@dataclass
class Seen:
    """Milliseconds of ticks and of the empty view, what was no good answer, calls upstream."""

    ticks: list[float] = field(default_factory=list)
    empty: list[float] = field(default_factory=list)
    errors: Counter[int] = field(default_factory=Counter)
    calls: int = 0


async def watch(viewer: Viewer, first: float, seen: Seen) -> None:
    for turn in range(SECONDS // EVERY):
        await asyncio.sleep(first + turn * EVERY - time.monotonic())
        began = time.monotonic()
        status = await viewer.tick()
        seen.ticks.append((time.monotonic() - began) * 1000)
        if status not in (200, 204):
            seen.errors[status] += 1


async def look_at_nothing(viewer: Viewer, seen: Seen) -> None:
    """The empty view, on the same server under the same load."""
    for _ in range(SECONDS * 2):
        began = time.monotonic()
        await viewer.get("/empty/")
        seen.empty.append((time.monotonic() - began) * 1000)
        await asyncio.sleep(0.5)


async def all_watch(served: Served, viewers: list[Viewer], idle: Viewer) -> Seen:
    """Everybody opens the dashboard and then watches it; the calls are counted from then on."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def opened(viewer: Viewer) -> None:
        async with turns:
            await viewer.open()

    await asyncio.gather(*(opened(viewer) for viewer in [*viewers, idle]))
    requests.delete(f"{served.simulator}/__calls", timeout=10).raise_for_status()
    seen, start = Seen(), time.monotonic() + 0.5
    each = EVERY / len(viewers)
    await asyncio.gather(
        *(watch(viewer, start + place * each, seen) for place, viewer in enumerate(viewers)),
        look_at_nothing(idle, seen),
    )
    answer = requests.get(f"{served.simulator}/__calls", timeout=10)
    seen.calls = answer.json()["count"]
    return seen


def make_people() -> list[str]:
    """Members without a token of their own: they watch with the one that the owner lends."""
    from console.team.models import Account, Membership, User
    from console.vault.models import ApiToken

    account = Account.objects.get()
    ApiToken.objects.update(lent=ApiToken.Lent.DASHBOARDS)
    names = [f"viewer-{number}" for number in range(VIEWERS + 1)]
    people = User.objects.bulk_create(User(username=name, password="!") for name in names)
    Membership.objects.bulk_create(
        Membership(account=account, user=user, role="viewer") for user in people
    )
    return names


def main() -> None:
    with ExitStack() as stack:
        changes: dict[str, str] = {}
        if PROGRAM is None:
            print("viewers: redis-server is not installed, so one process serves")  # noqa: T201
        else:
            redis = stack.enter_context(running())
            changes = {"CACHE_URL": redis.url, "WEB_CONCURRENCY": "2"}
        served = stack.enter_context(console(**changes))
        cookies = [log_in(name) for name in make_people()]
        board = make_dashboard()
        idle, *viewers = [Viewer(served, each, board) for each in cookies]
        alone = asyncio.run(all_watch(served, viewers[:1], idle))
        tell_of(alone, asyncio.run(all_watch(served, viewers, idle)))


def tell_of(alone: Seen, seen: Seen) -> None:
    p95, empty = statistics.quantiles(seen.ticks, n=20)[18], statistics.median(seen.empty)
    tell("viewers_300_calls_ratio", seen.calls / alone.calls)
    tell("viewers_300_calls", seen.calls, 0)
    tell("viewers_1_calls", alone.calls, 0)
    tell("viewers_300_errors", seen.errors.total(), 0)
    tell("viewers_300_ticks", len(seen.ticks), 0)
    tell("viewers_300_p95_ratio", p95 / empty)
    tell("viewers_300_p95_ms", p95, 1)
    tell("viewers_300_median_ms", statistics.median(seen.ticks), 1)
    tell("viewers_300_empty_ms", empty, 1)


if __name__ == "__main__":
    main()
