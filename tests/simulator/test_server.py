"""The HTTP server, its faults on the wire and its list of calls."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from workflows_ui.simulator import Simulator, SimulatorServer

HOUSE = Path(__file__).parents[2]
HEADERS = {"Authorization": "Bearer simulator-token"}


@pytest.fixture
def ask(server):
    account = f"{server.base_url}/accounts/{server.simulator.account_id}"
    session = requests.Session()
    session.trust_env = False
    session.headers.update(HEADERS)

    def send(method, path, **options):
        return session.request(method, account + path, timeout=10, **options)

    yield send
    session.close()


def instance_ids(server):
    rows = server.simulator.call("GET", "/workflows/checkout/instances").json()["result"]
    return [row["id"] for row in rows]


def test_it_serves_the_api_and_keeps_the_connection(server, ask):
    answer = ask("GET", "/workflows")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Connection" if "Connection" in answer.headers else "cf-ray"] != "close"
    assert ask("HEAD", "/workflows").text == ""
    assert ask("OPTIONS", "/workflows").status_code == 204
    assert ask("GET", "/workflows").json()["success"] is True


def test_large_answers_are_compressed(server, ask):
    server.simulator.start_long("checkout", "long", steps=500)
    server.simulator.clock.advance(2)
    answer = ask("GET", "/workflows/checkout/instances/long")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json()["result"]["step_count"] == 500


def test_chunked_bodies_are_read(ask):
    parts = iter([b'{"instance_id"', b': "chunked"}'])
    answer = ask("POST", "/workflows/checkout/instances", data=parts)
    assert answer.json()["result"]["id"] == "chunked"


def test_a_giant_body_is_413(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(
            b"POST /client/v4/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n"
        )
        assert client.recv(1024).startswith(b"HTTP/1.1 413")


def test_it_refuses_to_serve_anything_but_loopback(small):
    with pytest.raises(ValueError, match="loopback"):
        SimulatorServer(small, host="0.0.0.0")  # noqa: S104


def test_many_clients_at_once_see_one_account(server, ask):
    def create(number):
        requests.post(
            f"{server.base_url}/accounts/{server.simulator.account_id}/workflows/checkout/instances",
            json={"instance_id": f"t{number % 10}"},
            headers=HEADERS,
            timeout=10,
        ).close()

    threads = [threading.Thread(target=create, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.startswith("t") for each in instance_ids(server)) == 10
    statuses = [call.status for call in server.simulator.calls.all() if call.method == "POST"]
    assert sorted(statuses) == [200] * 10 + [400] * 10


# --- faults ---


def test_a_status_fault_strikes_as_often_as_told(server, ask):
    server.simulator.faults.add(
        "status", status=429, code=971, retry_after=7, path="/workflows$", count=2
    )
    answers = [ask("GET", "/workflows") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert answers[0].headers["Ratelimit"] == '"default";r=0;t=7'


def test_faults_can_be_set_over_http(server, ask):
    root = f"{server.root_url}/__faults"
    fault = {"kind": "html", "status": 502, "method": "GET"}
    answer = requests.put(root, json=fault, timeout=10)
    assert answer.json()["faults"][0]["kind"] == "html"
    page = ask("GET", "/workflows")
    assert page.status_code == 502
    assert page.headers["Content-Type"].startswith("text/html")
    assert requests.put(root, json={"kind": "nonsense"}, timeout=10).status_code == 400
    assert requests.put(root, json={"faults": [fault, fault]}, timeout=10).status_code == 200
    requests.delete(root, timeout=10)
    assert ask("GET", "/workflows").status_code == 200


def test_unsuccessful_and_internal(server, ask):
    server.simulator.faults.add("unsuccessful", count=1)
    answer = ask("GET", "/workflows")
    assert answer.status_code == 200
    assert answer.json()["success"] is False
    server.simulator.faults.add("internal", count=1)
    answer = ask("GET", "/workflows")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (500, 10001)


@pytest.mark.parametrize(("kind", "done"), [("cut", False), ("hang", False), ("lose_answer", True)])
def test_a_lost_answer_is_told_from_a_lost_request(server, ask, kind, done):
    server.simulator.faults.add(kind, method="POST", seconds=0.05, count=1)
    with pytest.raises(requests.ConnectionError):
        ask("POST", "/workflows/checkout/instances", json={"instance_id": "lost"})
    assert ("lost" in instance_ids(server)) is done


def test_half_an_answer(server, ask):
    server.simulator.faults.add("half", count=1)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        ask("GET", "/workflows")


def test_a_client_can_give_up_on_a_hanging_answer(server, ask):
    server.simulator.faults.add("hang", seconds=2, count=1)
    with pytest.raises(requests.Timeout):
        requests.get(f"{server.base_url}/accounts", headers=HEADERS, timeout=0.2)
    assert ask("GET", "/workflows").status_code == 200


def test_faults_may_skip_and_be_improbable(small):
    small.faults.add("internal", skip=2, count=1)
    assert [small.call("GET", "/workflows").status for _ in range(4)] == [200, 200, 500, 200]
    small.faults.clear()
    small.faults.add("internal", probability=0.5)
    assert {small.call("GET", "/workflows").status for _ in range(60)} == {200, 500}


def test_latency_is_added(small):
    small.faults.add("latency", seconds=1.5, path="checkout")
    assert small.call("GET", "/workflows/checkout").delay == 1.5
    assert small.call("GET", "/workflows").delay == 0


# --- calls ---


def test_calls_are_listed_and_forgotten(server, ask):
    ask("GET", "/workflows?page=2")
    ask("DELETE", "/workflows/checkout/instances/a%2Fb")
    requests.get(f"{server.base_url}/accounts", headers={"Authorization": "Bearer x"}, timeout=10)
    root = f"{server.root_url}/__calls"
    listed = requests.get(root, timeout=10).json()
    assert listed["count"] == 3
    first, second, third = listed["calls"]
    assert (first["method"], first["query"], first["token"]) == ("GET", "page=2", "simulator-token")
    assert second["path"].endswith("/checkout/instances/a/b")
    assert second["status"] == 404
    assert third["token"].startswith("unknown-")
    requests.delete(root, timeout=10)
    assert len(server.simulator.calls) == 0


# --- the program ---


@pytest.mark.parametrize("program", [["-m", "workflows_ui.simulator"], ["manage.py", "simulator"]])
def test_the_program_says_when_it_is_ready_and_stops_on_sigterm(program):
    command = [sys.executable, *program, "--port", "0", "--story", "small"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=HOUSE, env=environment
    ) as process:
        line = process.stdout.readline()
        url = line.split()[3].rstrip(",")
        answer = requests.get(f"{url}/user/tokens/verify", headers=HEADERS, timeout=10)
        assert answer.json()["result"]["status"] == "active"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_a_real_clock_moves_instances(server):
    with SimulatorServer(Simulator(story="empty")) as running:
        running.simulator.define("quick")
        running.simulator.start(
            "quick", "one", params={"simulate": {"steps": 1, "step_seconds": 0}}
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            detail = running.simulator.call("GET", "/workflows/quick/instances/one").json()
            if detail["result"]["status"] == "complete":
                break
            time.sleep(0.02)
        assert json.loads(detail["result"]["output"]) == {"steps": 1}
