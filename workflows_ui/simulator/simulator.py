"""The simulator as one object: the account, its API, faults and the list of calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, Literal
from urllib.parse import unquote, urlencode

from workflows_ui.simulator.access import TOKEN, Budget, label
from workflows_ui.simulator.account import ACCOUNT_ID, Account
from workflows_ui.simulator.api import Api
from workflows_ui.simulator.calls import Call, Calls
from workflows_ui.simulator.clock import Clock, RealClock, iso
from workflows_ui.simulator.definitions import Code, Retention, Version, stable_uuid
from workflows_ui.simulator.faults import Faults
from workflows_ui.simulator.http import Request, Response, encode
from workflows_ui.simulator.instance import Instance, Source
from workflows_ui.simulator.story import demo, small
from workflows_ui.simulator.unknown_code import unknown_code
from workflows_ui.simulator.workflow import Workflow

Story = Literal["demo", "small", "empty"]
STORIES: dict[Story, Callable[[Account], None]] = {
    "demo": demo.tell,
    "small": small.tell,
    "empty": lambda account: None,
}


class Simulator:
    """A Workflows API with instances that live in time; safe to call from several threads."""

    account_id = ACCOUNT_ID
    token = TOKEN

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int | str = 0,
        story: Story = "demo",
        rate_limit: bool = True,
        latency_ms: int = 0,
        terminate_finished_status: int = 400,
    ) -> None:
        self.clock: Clock = clock or RealClock()
        self.account = Account(self.clock, str(seed), self.clock.millis())
        self.faults = Faults(seed=str(seed))
        self.calls = Calls()
        self.budget = Budget(enforced=rate_limit)
        self._latency = latency_ms / 1000
        self._terminate_finished_status = terminate_finished_status
        self._api = Api(self.account, self.budget)
        self._lock = threading.RLock()
        STORIES[story](self.account)

    # --- answering ---

    def handle(self, request: Request) -> Response:
        """Answer a request, with the faults that are due."""
        faults = self.faults.due(request)
        response = next((found for fault in faults if (found := fault.answer())), None)
        if response is None:
            response = self._answered(request)
        for fault in faults:
            fault.spoil(response)
        response.delay += self._latency
        self._note(request, response)
        return response

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes | None = None,
        token: str | None = TOKEN,
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> Response:
        """Ask in-process; `path` is below the account, for instance `/workflows`."""
        sent = {} if token is None else {"Authorization": f"Bearer {token}"}
        target = f"/client/v4/accounts/{self.account_id}{path}"
        if query:
            target += f"?{urlencode(query)}"
        if body is None:
            body = b"" if json is None else encode(json)
        return self.handle(Request.build(method, target, sent | (headers or {}), body))

    def _answered(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(204, b"", {"Allow": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"})
        with self._lock:
            response = self._api.answer(request)
        if response.status == 400 and b'"code":10401,' in response.body:
            response.status = self._terminate_finished_status
        return response

    def _note(self, request: Request, response: Response) -> None:
        header = request.headers.get("authorization", "")
        secret = header.partition(" ")[2].strip()
        self.calls.note(
            Call(
                method=request.method,
                path=unquote(request.path),
                query=urlencode(request.query),
                token=label(secret) if secret else None,
                status=response.status,
                at=iso(self.clock.millis()),
            )
        )

    # --- building an account by hand, for tests ---

    def define(
        self,
        name: str,
        *,
        code: Code | None = None,
        graph: dict[str, Any] | None = None,
        class_name: str = "Sample",
        script_name: str = "sample-worker",
        language: Literal["javascript", "python"] = "javascript",
        concurrency: int | None = None,
        step_limit: int | None = None,
        retention: Retention | None = None,
        schedules: Iterable[str] = (),
        human_scale: bool = False,
    ) -> Workflow:
        """A workflow, or a new version of one; without `code` it runs a small plain flow.

        Instances keep the durations of their code unless `human_scale` is set.
        """
        if code is None:
            code, drawn = unknown_code(class_name)
            graph = graph or drawn
        with self._lock:
            now = self.clock.millis()
            version = Version(
                id=stable_uuid(self.account.seed, "version", name, self.account.next_number()),
                class_name=class_name,
                created=now,
                code=code,
                graph=graph,
                language=language,
                step_limit=step_limit,
                concurrency=concurrency,
                retention=retention or Retention(),
            )
            workflow = self.account.workflow(name)
            if workflow is None:
                workflow = self.account.add(
                    Workflow(name, script_name, now, self.account.seed, [version])
                )
                workflow.human_scale = human_scale
            else:
                workflow.deploy(version, now)
            workflow.schedule(schedules, now)
            return workflow

    def start(
        self,
        workflow_name: str,
        instance_id: str,
        *,
        params: Any = None,
        source: Source = "api",
        retention: Retention | None = None,
    ) -> Instance:
        """An instance created now."""
        with self._lock:
            workflow = self.account.workflows[workflow_name]
            return workflow.add(
                instance_id,
                at=self.clock.millis(),
                params={} if params is None else params,
                source=source,
                retention=retention,
            )

    def start_long(self, workflow_name: str, instance_id: str, *, steps: int = 10_000) -> Instance:
        """An instance whose `steps` steps finish as soon as the clock moves a second."""
        simulate = {"steps": steps, "step_seconds": 0}
        return self.start(workflow_name, instance_id, params={"simulate": simulate})
