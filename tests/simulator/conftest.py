from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.world import World
from workflows_ui.simulator import ScriptedClock, Simulator, SimulatorServer


@pytest.fixture
def clock() -> ScriptedClock:
    return ScriptedClock()


@pytest.fixture
def world(clock) -> World:
    """An empty account whose time is in the test's hands."""
    return World(clock, Simulator(clock=clock, story="empty"))


@pytest.fixture
def small(clock) -> Simulator:
    return Simulator(clock=clock, story="small")


@pytest.fixture
def server(small) -> Iterator[SimulatorServer]:
    with SimulatorServer(small) as running:
        yield running
