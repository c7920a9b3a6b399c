"""Routes of instances (API reference, 4.5 to 4.16)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workflows_ui.simulator import errors, validation
from workflows_ui.simulator.account import Account
from workflows_ui.simulator.clock import iso
from workflows_ui.simulator.definitions import Retention, stable_uuid
from workflows_ui.simulator.http import Request, Response, success
from workflows_ui.simulator.instance import ENDED, STEP_TYPES, Instance
from workflows_ui.simulator.ops import Do
from workflows_ui.simulator.paging import cursor_of, page_info, place, position
from workflows_ui.simulator.shapes import (
    STATUSES,
    created_json,
    detail_json,
    row_json,
    step_json,
)
from workflows_ui.simulator.validation import Query
from workflows_ui.simulator.workflow import Workflow

Handlers = dict[str, dict[str, Callable[..., Response]]]
JOB_START, JOB_PER_INSTANCE = 1_000, 20
TERMINABLE = ("queued", "running", "paused", "waitingForPause", "waiting")


class InstanceRoutes:
    def __init__(self, account: Account) -> None:
        self.account = account

    def handlers(self) -> Handlers:
        return {
            "instances": {"GET": self.index, "POST": self.create},
            "batch": {"POST": self.create_batch},
            "batch/terminate": {"POST": self.terminate_batch},
            "batch/delete": {"POST": self.delete_batch},
            "terminate": {"GET": self.terminate_job, "PUT": self.terminate_all},
            "instance": {"GET": self.get, "DELETE": self.delete},
            "step": {"GET": self.step},
            "status": {"PATCH": self.edit_status},
            "events": {"POST": self.send_event},
        }

    # --- list (4.5) ---

    def index(self, request: Request, name: str) -> Response:
        query = Query(request)
        cursor, page = query.text("cursor"), query.integer("page")
        per_page = query.integer("per_page", most=100) or 50
        direction = query.one_of("direction", ("asc", "desc")) or "desc"
        status = query.one_of("status", STATUSES)
        since, until = query.moment("date_start"), query.moment("date_end")
        if cursor is not None and page is not None:
            raise errors.bad_body()
        after = position(cursor) if cursor else None
        workflow = self._workflow(name)
        found = [
            instance
            for instance in workflow.instances.values()
            if (since is None or instance.created >= since)
            and (until is None or instance.created <= until)
            and (status is None or instance.status == status)
        ]
        found.sort(key=place, reverse=direction == "desc")
        if page is not None:
            shown = found[(page - 1) * per_page : page * per_page]
            info = page_info(shown, page, per_page, len(found))
        else:
            shown, info = self._after(found, after, per_page, descending=direction == "desc")
        return success([row_json(workflow, instance) for instance in shown], info=info)

    def _after(
        self,
        found: list[Instance],
        after: tuple[int, str] | None,
        per_page: int,
        *,
        descending: bool,
    ) -> tuple[list[Instance], dict[str, Any]]:
        rest = found
        if after is not None:
            rest = [
                each
                for each in found
                if (place(each) < after if descending else place(each) > after)
            ]
        shown = rest[:per_page]
        info: dict[str, Any] = {
            "count": len(shown),
            "per_page": per_page,
            "total_count": len(found),
        }
        if len(rest) > per_page:
            info["cursor"] = cursor_of(shown[-1])
        return shown, info

    # --- create (4.6, 4.7) ---

    def create(self, request: Request, name: str) -> Response:
        order = self._order(validation.object_body(request))
        workflow = self._workflow(name)
        if order["instance_id"] in workflow.instances:
            raise errors.already_exists()
        return success(created_json(workflow, self._create(workflow, order)))

    def create_batch(self, request: Request, name: str) -> Response:
        body = validation.batch(validation.json_body(request))
        orders = [self._order(validation.expect(each, dict)) for each in body]
        workflow = self._workflow(name)
        created = [
            created_json(workflow, self._create(workflow, order))
            for order in orders
            if order["instance_id"] not in workflow.instances
        ]
        return success(created)

    def _order(self, body: dict[str, Any]) -> dict[str, Any]:
        """A create body, checked; without an id it is given one."""
        hint = body.get("location_hint")
        if hint is not None and hint not in validation.HINTS:
            raise errors.bad_body()
        retention = Retention()
        if body.get("instance_retention") is not None:
            retention = validation.retention(body["instance_retention"])
        given = body.get("instance_id")
        return {
            "instance_id": self._new_id() if given is None else validation.instance_id(given),
            "params": validation.params(body["params"]) if "params" in body else {},
            "retention": retention,
        }

    def _new_id(self) -> str:
        account = self.account
        return stable_uuid(account.seed, "instance", account.now(), account.next_number())

    def _create(self, workflow: Workflow, order: dict[str, Any]) -> Instance:
        now = self.account.now()
        return workflow.add(
            order["instance_id"], at=now, params=order["params"], retention=order["retention"]
        )

    # --- many at once (4.8 to 4.11) ---

    def terminate_batch(self, request: Request, name: str) -> Response:
        body = validation.batch(validation.json_body(request))
        ids = [validation.text(each, most=100, pattern=validation.NAME) for each in body]
        workflow = self._workflow(name)
        chosen = [
            workflow.instances[each] for each in dict.fromkeys(ids) if each in workflow.instances
        ]
        started, terminated = self._start_job(workflow, chosen)
        return success({"status": started, "instancesTerminated": terminated})

    def terminate_all(self, request: Request, name: str) -> Response:
        status = Query(request).one_of("status", TERMINABLE)
        workflow = self._workflow(name)
        chosen = [
            instance
            for instance in workflow.instances.values()
            if status is None or instance.status == status
        ]
        return success({"status": self._start_job(workflow, chosen)[0]})

    def terminate_job(self, request: Request, name: str) -> Response:
        running = self._workflow(name).job_until > self.account.now()
        return success({"status": "running" if running else "not_running"})

    def _start_job(self, workflow: Workflow, chosen: list[Instance]) -> tuple[str, int]:
        """One job per workflow; ours has its effect at once and then runs on for a while."""
        now = self.account.now()
        if workflow.job_until > now:
            return "already_running", 0
        alive = [instance for instance in chosen if instance.status not in ENDED]
        for instance in alive:
            if instance.status not in ENDED:
                workflow.command(instance, Instance.terminate, now=now)
        if alive:
            workflow.job_until = now + JOB_START + JOB_PER_INSTANCE * len(alive)
        return "ok", len(alive)

    def delete_batch(self, request: Request, name: str) -> Response:
        body = validation.object_body(request)
        ids = [validation.expect(each, str) for each in validation.batch(body.get("instances"))]
        if any(validation.ADDRESSABLE.fullmatch(each) is None for each in ids):
            raise errors.refused("instance.invalid_id")
        workflow = self._workflow(name)
        found = {each: workflow.instances.get(each) for each in ids}
        for instance in found.values():
            if instance is not None:
                workflow.delete(instance, now=self.account.now())
        missing = errors.instance_not_found().errors[0]
        return success(
            {
                "deleted": [{"id": each} for each in ids if found[each] is not None],
                "errors": [{"id": each, **missing} for each in ids if found[each] is None],
            }
        )

    # --- one instance (4.12 to 4.16) ---

    def get(self, request: Request, name: str, instance_id: str) -> Response:
        query = Query(request)
        order = query.one_of("order", ("asc", "desc")) or "asc"
        simple = query.one_of("simple", ("true", "false")) == "true"
        _, instance = self._instance(name, instance_id)
        return success(detail_json(instance, order=order, simple=simple))

    def delete(self, request: Request, name: str, instance_id: str) -> Response:
        workflow, instance = self._instance(name, instance_id)
        workflow.delete(instance, now=self.account.now())
        return success(self._receipt(instance))

    def step(self, request: Request, name: str, instance_id: str) -> Response:
        query = Query(request)
        step_name = query.required("name")
        kind = query.one_of("type", ("step", "waitForEvent"))
        attempt = query.integer("attempt")
        if kind is None:
            raise errors.bad_body()
        _, instance = self._instance(name, instance_id)
        for entry in instance.run.step_entries():
            if entry.type == kind and entry.name == step_name:
                break
        else:
            raise errors.refused("instance.step_not_found")
        shape = step_json(entry, attempt)
        if shape is None:
            raise errors.refused("instance.step_not_found")
        stream = entry.op.stream if isinstance(entry.op, Do) and not entry.op.sensitive else None
        if stream is not None and shape["status"] == "complete":
            return Response(200, stream, {"Content-Type": "application/octet-stream"})
        return success(shape)

    def edit_status(self, request: Request, name: str, instance_id: str) -> Response:
        command = self._command(validation.object_body(request))
        workflow, instance = self._instance(name, instance_id)
        workflow.command(instance, command, now=self.account.now())
        return success({"status": instance.status, "timestamp": iso(self.account.now())})

    def _command(self, body: dict[str, Any]) -> Callable[[Instance], None]:
        match body.get("status"):
            case "pause":
                return Instance.pause
            case "resume":
                return Instance.resume
            case "terminate":
                rollback = body.get("rollback", False)
                validation.expect(rollback, bool)
                return lambda instance: instance.terminate(rollback=rollback)
            case "restart":
                return self._restart(body.get("from"))
        raise errors.bad_body()

    def _restart(self, start: Any) -> Callable[[Instance], None]:
        if start is None:
            return Instance.restart
        start = validation.expect(start, dict)
        name = validation.text(start.get("name"), most=256)
        count = validation.whole(start.get("count", 1))
        kind = start.get("type", "do")
        if kind not in STEP_TYPES:
            raise errors.bad_body()
        return lambda instance: instance.restart(name=name, count=count, kind=kind)

    def send_event(
        self, request: Request, name: str, instance_id: str, event_type: str
    ) -> Response:
        payload = validation.json_body(request)
        validation.payload_size(request.body.decode("utf-8", "replace"))
        validation.text(event_type, most=100, pattern=validation.NAME)
        workflow, instance = self._instance(name, instance_id)
        workflow.command(
            instance,
            lambda found: found.send_event(event_type, payload),
            now=self.account.now(),
        )
        return success(self._receipt(instance))

    # --- inside ---

    def _receipt(self, instance: Instance) -> dict[str, str]:
        return {"instanceId": instance.id, "timestamp": iso(self.account.now())}

    def _workflow(self, name: str) -> Workflow:
        workflow = self.account.workflow(name)
        if workflow is None:
            raise errors.workflow_not_found()
        return workflow

    def _instance(self, name: str, instance_id: str) -> tuple[Workflow, Instance]:
        workflow = self._workflow(name)
        instance = workflow.find(instance_id)
        if instance is None:
            raise errors.instance_not_found()
        return workflow, instance
