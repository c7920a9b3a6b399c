"""Two web processes over one cache server: what the upstream sees of many readers."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.browser.served import LOG, ROOT, Served, served

PAGE = "/a/demo/workflows/"
WORKFLOW = "/a/demo/workflows/order-fulfilment/"
API = "/client/v4/accounts/0123456789abcdef0123456789abcdef/workflows/order-fulfilment/instances"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')

pytestmark = pytest.mark.xdist_group("processes")


@dataclass
class Running:
    console: Served
    log: Path
    cookies: dict[str, str] = field(default_factory=dict)

    def log_in(self) -> None:
        with requests.Session() as session:
            url = f"{self.console.url}/person/login/"
            form = {"login": "demo", "password": self.console.password}
            form["csrfmiddlewaretoken"] = TOKEN.search(session.get(url, timeout=60).text)[1]
            answer = session.post(url, data=form, headers={"Referer": url}, timeout=60)
            answer.raise_for_status()
            self.cookies = session.cookies.get_dict()

    def get(self, path: str = PAGE) -> requests.Response:
        """Over a connection of its own: any of the processes may take it."""
        return requests.get(
            self.console.url + path, cookies=self.cookies, timeout=60, allow_redirects=False
        )

    def post(self, path: str, **form: str) -> requests.Response:
        url = self.console.url + path
        with requests.Session() as session:
            session.cookies.update(self.cookies)
            page = session.get(self.console.url, timeout=60).text
            form["csrfmiddlewaretoken"] = TOKEN.search(page)[1]
            form["key"] = str(uuid.uuid4())
            return session.post(url, data=form, headers={"Referer": url}, timeout=60)

    def an_instance(self) -> str:
        """The page of one that runs for minutes: when one of the demo ends, nobody knows."""
        params = {"simulate": {"steps": 40, "step_seconds": 20}}
        made = requests.post(
            self.console.simulator + API,
            json={"params": params},
            headers={"Authorization": "Bearer simulator-token"},
            timeout=60,
        ).json()["result"]["id"]
        page = f"{WORKFLOW}instances/{made}/"
        eventually(lambda: 'data-status="running"' in self.get(page).text)
        return page

    def calls(self, within: float = 3600) -> list[dict[str, str]]:
        """Those of so many seconds from the first one on."""
        calls = requests.get(f"{self.console.simulator}/__calls", timeout=5).json()["calls"]
        times = [datetime.fromisoformat(call["at"]) for call in calls]
        pairs = zip(calls, times, strict=True)
        return [call for call, at in pairs if at - times[0] < timedelta(seconds=within)]

    def reset(self) -> None:
        requests.delete(f"{self.console.simulator}/__calls", timeout=5)

    def fail(self, *faults: dict[str, object]) -> None:
        requests.put(f"{self.console.simulator}/__faults", json=list(faults), timeout=5)

    def watched(self, readers: int, seconds: float, path: str = PAGE) -> list[requests.Response]:
        """What so many readers get who ask again and again; how many calls it takes is counted."""
        self.reset()
        until = time.monotonic() + seconds

        def watch(_: int) -> list[requests.Response]:
            seen = []
            while time.monotonic() < until:
                seen.append(self.get(path))
                time.sleep(0.2)
            return seen

        with ThreadPoolExecutor(readers) as pool:
            return [answer for seen in pool.map(watch, range(readers)) for answer in seen]


@pytest.fixture(scope="module")
def running(shared_redis, tmp_path_factory) -> Iterator[Running]:
    if shared_redis.process is None:
        shared_redis.start()
    data = tmp_path_factory.mktemp("processes")
    changes = {
        "CACHE_URL": shared_redis.url,
        "WEB_CONCURRENCY": "2",
        "CONSOLE_UPSTREAM_TIMEOUT": "2",
    }
    with served(data, **changes) as console:
        found = Running(console, data / LOG)
        found.log_in()
        yield found


@pytest.fixture(autouse=True)
def well(running: Running, shared_redis) -> Iterator[None]:
    if shared_redis.process is None:
        shared_redis.start()
    yield
    running.fail()


def stale(answer: requests.Response) -> bool:
    return "Shown as it was" in answer.text


def eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.3)


def test_twenty_readers_cost_as_many_calls_as_one(running):
    def watched(readers: int) -> tuple[list[requests.Response], int]:
        # with no fresh answer at hand their time begins with a call; it ends for all alike,
        # however late a busy machine answers the last of them
        time.sleep(2.1)
        answers = running.watched(readers, 4.5)
        return answers, len(running.calls(within=4.5))

    (one, alone), (many, together) = watched(1), watched(20)
    assert len(many) > 3 * len(one)
    assert {answer.status_code for answer in one + many} == {200}
    assert 2 <= alone <= 5
    assert together <= alone + 1


def test_after_a_429_neither_process_sends_anything_until_it_may(running):
    instance = running.an_instance()
    assert not stale(running.get())
    time.sleep(2.1)
    # longer than a busy machine takes for all that is asked meanwhile
    running.fail({"kind": "status", "status": 429, "code": 971, "retry_after": 15, "count": 1})
    began = time.monotonic()
    answers = running.watched(10, 4)
    assert [call["status"] for call in running.calls()] == [429]
    assert {answer.status_code for answer in answers} == {200}
    answers = [running.get() for _ in range(10)]
    assert all(stale(answer) for answer in answers)
    assert "The API takes calls again in" in answers[-1].text
    refused = running.post(f"{instance}pause/")
    assert refused.status_code == 422
    assert "Too many calls to the API" in refused.text
    assert len(running.calls()) == 1
    eventually(lambda: not stale(running.get()))
    assert time.monotonic() - began > 14


def test_the_cache_server_killed_and_back_in_the_middle(running, shared_redis):
    def disturb() -> None:
        time.sleep(2)
        shared_redis.kill()
        time.sleep(3)
        shared_redis.start()

    disturbing = threading.Thread(target=disturb)
    disturbing.start()
    answers = running.watched(10, 9)
    disturbing.join()
    assert {answer.status_code for answer in answers} == {200}
    assert not any(stale(answer) for answer in answers)
    # with the server four or five; without it each process for itself
    assert len(running.calls(within=9)) <= 2 * 5
    assert len(running.watched(10, 4.5)) > 0
    assert len(running.calls(within=4.5)) <= 4
    said = running.log.read_text()
    assert "cache_server_away" in said
    assert "cache_server_back" in said
    assert "Traceback" not in said


def test_a_hung_upstream_leaves_the_last_good_pages(running):
    assert not stale(running.get())
    running.fail({"kind": "hang", "seconds": 30})
    took, answers = [], []
    until = time.monotonic() + 12
    while time.monotonic() < until:
        began = time.monotonic()
        answers.append(running.get())
        took.append(time.monotonic() - began)
        time.sleep(0.5)
    assert {answer.status_code for answer in answers} == {200}
    assert max(took) < 5
    assert stale(answers[-1])
    assert "The API did not answer in time" in answers[-1].text
    assert 'hx-trigger="every 10s"' in answers[-1].text
    running.fail()
    eventually(lambda: not stale(running.get()))


def test_what_one_process_changed_the_other_shows_at_once(running):
    path = running.an_instance()
    for _ in range(4):
        running.get(path)
    done = running.post(f"{path}pause/")
    assert done.status_code == 200, done.text
    texts = [running.get(path).text for _ in range(8)]
    assert all(re.search(r'data-status="(paused|waitingForPause)"', text) for text in texts)


def test_neither_token_nor_payload_is_readable_on_the_server(running, shared_redis):
    time.sleep(2.1)
    running.get()
    client = shared_redis.client
    keys = list(client.scan_iter())
    assert any(b":answer:" in key for key in keys)
    for key in keys:
        assert b"simulator-token" not in key
        if client.type(key) == b"string":
            value = client.get(key) or b""  # it may just have run out
            assert b"simulator-token" not in value
            assert b"order-fulfilment" not in value


@pytest.fixture
def worker(running: Running) -> Iterator[subprocess.Popen[bytes]]:
    with (running.log.parent / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=ROOT,
            env=running.console.environment,
            stdout=log,
            stderr=log,
        )
        yield process
        process.terminate()
        process.wait(20)


def unwatched(page: str) -> bool:
    return "No worker is alive" in page or "Not looked at yet" in page


def test_many_who_watch_a_dashboard_beside_a_worker_cost_as_many_calls_as_one(running, worker):
    path = re.search(r"/a/demo/dashboards/\d+/", running.get("/a/demo/dashboards/").text)[0]
    eventually(lambda: not unwatched(running.get(path).text), seconds=60)

    def counted(readers: int) -> int:
        answers = running.watched(readers, 6.5, path)
        assert {answer.status_code for answer in answers} == {200}
        assert not unwatched(answers[-1].text)
        calls = running.calls(within=6.5)
        # the worker reads instances too; who watches reads the list of workflows alone
        return sum(call["path"].endswith("/workflows") for call in calls)

    alone, many = counted(1), counted(20)
    # the worker may come by once in either time
    assert 1 <= alone <= 6
    assert many <= alone + 2
