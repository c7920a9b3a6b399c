"""A faithful Workflows API on one machine, with instances that live in time.

For the demonstration, for tests and for looking around; it needs no Cloudflare account.
"""

from __future__ import annotations

from workflows_ui.simulator.clock import RealClock, ScriptedClock
from workflows_ui.simulator.server import SimulatorServer
from workflows_ui.simulator.simulator import Simulator

__all__ = ["RealClock", "ScriptedClock", "Simulator", "SimulatorServer"]
