"""A small account of its own: how much is read hangs on how much is there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import ACCOUNT_ID, TOKEN, make_account
from workflows_ui import cloudflare as cf
from workflows_ui.simulator import Simulator, SimulatorServer


@pytest.fixture
def api(simulator) -> cf.CloudflareClient:
    return cf.CloudflareClient(
        base_url=simulator.base_url,
        account_id=ACCOUNT_ID,
        token=TOKEN,
        rules=cf.AddressRules(loopback=True),
    )


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorServer]:
    with SimulatorServer(Simulator(story="small", rate_limit=False)) as server:
        yield server


@pytest.fixture
def account(simulator):
    return make_account(base_url=simulator.base_url)
