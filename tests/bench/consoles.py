"""A console as people run it, for benches: served beside this process, on one database with it."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import django
import requests

from tests.browser.served import Served, served

API = "/client/v4/accounts/0123456789abcdef0123456789abcdef"
TOKEN = "simulator-token"
GZIP = {"Accept-Encoding": "gzip"}


@contextmanager
def console(**changes: str) -> Iterator[Served]:
    """The console with the demo account, and Django set up for its database in this process."""
    with (
        tempfile.TemporaryDirectory(prefix="workflows-bench-") as folder,
        served(Path(folder), DJANGO_SETTINGS_MODULE="tests.bench.settings", **changes) as running,
    ):
        os.environ.update(running.environment)
        django.setup()
        yield running


def log_in(username: str = "demo") -> dict[str, str]:
    """The cookies of a session made in the database."""
    from django.test import Client

    from console.team.models import User

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(username=username))
    return {name: morsel.value for name, morsel in client.cookies.items()}


def browser(cookies: dict[str, str]) -> requests.Session:
    """A client that keeps its connection."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.update(cookies)
    return session


def api() -> requests.Session:
    """The simulator's bare client."""
    session = browser({})
    session.headers["Authorization"] = f"Bearer {TOKEN}"
    return session


def make_dashboard(username: str = "demo", panels: int = 12) -> int:
    """A shared dashboard with panels of every kind, in turn; its number."""
    from console.team.models import Account, User
    from workflows_ui.models import Dashboard, Panel
    from workflows_ui.queries.panels import KINDS

    owner = User.objects.get(username=username)
    board = Dashboard.objects.create(
        account=Account.objects.get(), owner=owner, title="Bench", shared=True
    )
    for place, kind in enumerate(islice(cycle(KINDS.values()), panels)):
        board.panels.create(kind=kind.name, size=Panel.Size.MEDIUM, place=place)
    return board.pk


def forget_answers() -> None:
    """Makes every reading a cold one: a replaced token sees nothing of what the old one saw."""
    from django.utils import timezone

    from console.vault.models import ApiToken

    ApiToken.objects.update(replaced=timezone.now())


def milliseconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def medians(runs: int, before: Callable[[], Any], *calls: Callable[[], Any]) -> list[float]:
    """The median of each call, taken in turns, each after `before`; the first round is not
    counted."""

    def timed(call: Callable[[], Any]) -> float:
        before()
        return milliseconds(call)

    rounds = [[timed(call) for call in calls] for _ in range(runs + 1)]
    return [statistics.median(times) for times in zip(*rounds[1:], strict=True)]


def fetch(session: requests.Session, url: str, **headers: str) -> requests.Response:
    """The whole answer. Fails unless it is one."""
    answer = session.get(url, headers=GZIP | headers, timeout=60)
    assert answer.status_code == 200, f"{url}: {answer.status_code}"
    return answer


def tell(name: str, value: float, digits: int = 2) -> None:
    print(f"{name}: {value:.{digits}f}", flush=True)  # noqa: T201
