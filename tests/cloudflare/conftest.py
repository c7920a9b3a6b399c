from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cloudflare import fault_server
from workflows_ui.cloudflare import AddressRules, CloudflareClient, local, local_dialects
from workflows_ui.cloudflare.local_ids import KnownIds

DATA = Path(__file__).parent / "data"
TOKEN = "v1-sealed-Zk3TokenOfNobody"
ACCOUNT = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _no_memory_of_other_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_dialects, "_found", {})
    monkeypatch.setattr(local, "known_ids", KnownIds())


@pytest.fixture
def server() -> Iterator[fault_server.FaultServer]:
    with fault_server.running() as server:
        yield server


@pytest.fixture
def client(server: fault_server.FaultServer) -> CloudflareClient:
    return make_client(server)


@pytest.fixture
def hasty(server: fault_server.FaultServer) -> CloudflareClient:
    """A client that waits for little."""
    return make_client(server, timeout=(3, 0.3), time_limit=0.8)


def make_client(server: fault_server.FaultServer, **values: Any) -> CloudflareClient:
    given = {
        "account_id": ACCOUNT,
        "token": TOKEN,
        "base_url": f"{server.url}/client/v4",
        "rules": AddressRules(loopback=True),
    }
    return CloudflareClient(**(given | values))


@pytest.fixture(scope="session")
def api_example() -> Callable[[str], Any]:
    examples = json.loads((DATA / "api_examples.json").read_text())
    return lambda name: json.loads(json.dumps(examples[name]))


@pytest.fixture(scope="session")
def engine_answer() -> Callable[[str], dict[str, Any]]:
    answers = json.loads((DATA / "local_engine.json").read_text())
    return lambda name: json.loads(json.dumps(answers[name]))
