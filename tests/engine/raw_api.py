"""The engine's own API as it is, with no client of ours between."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self
from uuid import uuid4

import requests

from tests.engine.engine import Engine

FOLLOW_LIMIT = 40.0
FINISHED = frozenset({"complete", "errored", "terminated"})

Detail = dict[str, Any]


def new_id(kind: str = "it") -> str:
    return f"{kind}-{uuid4().hex[:12]}"


def is_finished(detail: Detail) -> bool:
    return detail["status"] in FINISHED


def has_status(*statuses: str) -> Callable[[Detail], bool]:
    return lambda detail: detail["status"] in statuses


def has_reached(step: str) -> Callable[[Detail], bool]:
    return lambda detail: any(entry["name"] == step for entry in detail["steps"])


class RawApi:
    """Answers are the `result` of the envelope; `call` gives the whole response."""

    def __init__(self, engine: Engine) -> None:
        self._root = engine.api
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._session.request(method, f"{self._root}{path}", timeout=30, **options)

    def result(self, method: str, path: str, **options: Any) -> Any:
        reply = self.call(method, path, **options)
        assert reply.ok, f"{method} {path}: {reply.status_code} {reply.text[:300]}"
        return reply.json()["result"]

    def create(self, workflow: str, *, instance_id: str = "", **params: Any) -> str:
        """Create an instance; its id."""
        body = {"id": instance_id or new_id(), "params": params}
        path = f"/workflows/{workflow}/instances"
        return str(self.result("POST", path, json=body)["id"])

    def detail(self, workflow: str, instance_id: str) -> Detail:
        found: Detail = self.result("GET", f"/workflows/{workflow}/instances/{instance_id}")
        return found

    def ids(self, workflow: str) -> list[str]:
        """The newest 100, phantoms among them."""
        path = f"/workflows/{workflow}/instances?per_page=100"
        return [row["id"] for row in self.result("GET", path)]

    def change(self, workflow: str, instance_id: str, **body: Any) -> Any:
        path = f"/workflows/{workflow}/instances/{instance_id}/status"
        return self.result("PATCH", path, json=body)

    def send_event(self, workflow: str, instance_id: str, type: str, payload: Any) -> Any:
        path = f"/workflows/{workflow}/instances/{instance_id}/events/{type}"
        return self.result("POST", path, json=payload)

    def follow(
        self, workflow: str, instance_id: str, until: Callable[[Detail], bool] = is_finished
    ) -> Detail:
        """The first detail that is as wanted."""
        limit = time.monotonic() + FOLLOW_LIMIT
        while time.monotonic() < limit:
            detail = self.detail(workflow, instance_id)
            if until(detail):
                return detail
            time.sleep(0.1)
        raise AssertionError(f"{workflow} {instance_id} stays at {detail}")

    def run(self, workflow: str, **params: Any) -> Detail:
        """Create an instance and follow it to its end."""
        return self.follow(workflow, self.create(workflow, **params))
