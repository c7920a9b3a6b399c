"""An empty account with a scripted clock, and short ways to ask it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workflows_ui.simulator import ScriptedClock, Simulator
from workflows_ui.simulator.definitions import Context
from workflows_ui.simulator.http import Response
from workflows_ui.simulator.ops import Flow


@dataclass
class World:
    clock: ScriptedClock
    simulator: Simulator

    def flow(self, code: Callable[[Context], Flow], **options: Any) -> None:
        """Define the workflow `flow` with this code."""
        self.simulator.define("flow", code=code, **options)

    def start(self, instance_id: str = "one", **options: Any) -> None:
        self.simulator.start("flow", instance_id, **options)

    def after(self, seconds: float, instance_id: str = "one") -> dict[str, Any]:
        """The instance's detail so many seconds later."""
        self.clock.advance(seconds)
        return self.detail(instance_id)

    def detail(self, instance_id: str = "one") -> dict[str, Any]:
        answer = self.call("GET", f"/instances/{instance_id}")
        assert answer.status == 200, answer.body
        return answer.json()["result"]

    def status(self, instance_id: str = "one") -> str:
        """The status, the same in the detail, the row and the workflow's counts."""
        status = self.detail(instance_id)["status"]
        rows = self.rows()
        assert [row["status"] for row in rows if row["id"] == instance_id] == [status]
        counts = self.call("GET", "").json()["result"]["instances"]
        assert counts[status] == [row["status"] for row in rows].count(status)
        return status

    def rows(self, **query: Any) -> list[dict[str, Any]]:
        """All rows, oldest first."""
        found = []
        query = {"direction": "asc", "per_page": 100} | query
        while True:
            answer = self.call("GET", "/instances", **query).json()
            found += answer["result"]
            if not answer["result_info"].get("cursor"):
                return found
            query["cursor"] = answer["result_info"]["cursor"]

    def call(self, method: str, path: str, **options: Any) -> Response:
        return self.simulator.call(method, f"/workflows/flow{path}", **options)

    def command(self, status: str, instance_id: str = "one", **body: Any) -> Response:
        sent = {"status": status} | body
        return self.call("PATCH", f"/instances/{instance_id}/status", json=sent)

    def event(self, event_type: str, payload: Any, instance_id: str = "one") -> Response:
        return self.call("POST", f"/instances/{instance_id}/events/{event_type}", json=payload)


def names(detail: dict[str, Any]) -> list[str]:
    return [step.get("name", step["type"]) for step in detail["steps"]]


def step(detail: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in detail["steps"] if each.get("name") == name)
