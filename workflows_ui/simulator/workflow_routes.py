"""Routes of workflows, versions and settings (API reference, 4.1 to 4.4 and 4.19 to 4.23)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cronsim import CronSim, CronSimError

from workflows_ui.simulator import errors, validation
from workflows_ui.simulator.account import Account
from workflows_ui.simulator.clock import as_datetime
from workflows_ui.simulator.definitions import Retention, Version, stable_uuid
from workflows_ui.simulator.http import Request, Response, success
from workflows_ui.simulator.paging import page_info
from workflows_ui.simulator.shapes import (
    deployed_json,
    graph_json,
    version_json,
    workflow_json,
)
from workflows_ui.simulator.unknown_code import unknown_code
from workflows_ui.simulator.validation import Query
from workflows_ui.simulator.workflow import Workflow

Handlers = dict[str, dict[str, Callable[..., Response]]]


class WorkflowRoutes:
    def __init__(self, account: Account) -> None:
        self.account = account

    def handlers(self) -> Handlers:
        return {
            "workflows": {"GET": self.index},
            "workflow": {"GET": self.get, "PUT": self.put, "DELETE": self.delete},
            "versions": {"GET": self.versions},
            "version": {"GET": self.version},
            "graph": {"GET": self.graph},
            "dag": {"GET": self.dag},
            "settings": {"GET": self.settings, "PATCH": self.edit_settings},
        }

    def index(self, request: Request) -> Response:
        query = Query(request)
        page = query.integer("page") or 1
        per_page = query.integer("per_page", most=100) or 10
        search = query.text("search")
        if search is not None and not 1 <= len(search) <= 64:
            raise errors.bad_body()
        needle = (search or "").lower()
        found = [each for each in self.account.all_workflows() if needle in each.name.lower()]
        shown = found[(page - 1) * per_page : page * per_page]
        info = page_info(shown, page, per_page, len(found))
        return success([workflow_json(workflow) for workflow in shown], info=info)

    def get(self, request: Request, name: str) -> Response:
        return success(workflow_json(self._workflow(name)))

    def put(self, request: Request, name: str) -> Response:
        validation.text(name, most=64, pattern=validation.NAME)
        body = validation.object_body(request)
        script = validation.text(body.get("script_name"), most=255)
        class_name = validation.text(body.get("class_name"), most=255)
        crons = self._crons(body.get("schedules"))
        version = self._version(name, class_name, body)
        if script not in self.account.scripts:
            raise errors.internal()
        now = self.account.now()
        workflow = self.account.workflow(name)
        jurisdiction = self._jurisdiction(body, workflow)
        if workflow is None:
            workflow = self.account.add(Workflow(name, script, now, self.account.seed, [version]))
            workflow.jurisdiction = jurisdiction
        else:
            workflow.deploy(version, now)
        workflow.script_name = script
        workflow.script_deleted = False
        if crons is not None:
            workflow.schedule(crons, now)
        return success(deployed_json(workflow, now=now))

    def delete(self, request: Request, name: str) -> Response:
        self._workflow(name)
        del self.account.workflows[name]
        return success({"status": "ok", "success": True})

    def versions(self, request: Request, name: str) -> Response:
        query = Query(request)
        page = query.integer("page") or 1
        per_page = query.integer("per_page", most=100) or 50
        workflow = self._workflow(name)
        newest = workflow.versions[::-1]
        shown = newest[(page - 1) * per_page : page * per_page]
        info = page_info(shown, page, per_page, len(newest))
        return success([version_json(workflow, version) for version in shown], info=info)

    def version(self, request: Request, name: str, version_id: str) -> Response:
        workflow, version = self._find_version(name, version_id)
        return success(version_json(workflow, version))

    def graph(self, request: Request, name: str, version_id: str) -> Response:
        workflow, version = self._find_version(name, version_id)
        return success(graph_json(workflow, version, key="graph"))

    def dag(self, request: Request, name: str, version_id: str) -> Response:
        workflow, version = self._find_version(name, version_id)
        return success(graph_json(workflow, version, key="dag"))

    def settings(self, request: Request) -> Response:
        found = self.account.retention.as_json()
        return success({"default_retention": found} if found else {})

    def edit_settings(self, request: Request) -> Response:
        body = validation.object_body(request)
        if body.get("default_retention") is not None:
            change = validation.retention(body["default_retention"])
            self.account.set_retention(change.over(self.account.retention))
        return self.settings(request)

    # --- inside ---

    def _workflow(self, name: str) -> Workflow:
        workflow = self.account.workflow(name)
        if workflow is None:
            raise errors.workflow_not_found()
        return workflow

    def _find_version(self, name: str, version_id: str) -> tuple[Workflow, Version]:
        workflow = self._workflow(name)
        for version in workflow.versions:
            if version.id == version_id:
                return workflow, version
        raise errors.version_not_found()

    def _version(self, name: str, class_name: str, body: dict[str, Any]) -> Version:
        limits = validation.optional_object(body.get("limits"))
        concurrency = validation.optional_object(body.get("concurrency"))
        steps, places = limits.get("steps"), concurrency.get("limit")
        if steps is not None:
            steps = validation.whole(steps, most=validation.STEP_MAXIMUM)
        if places is not None:
            places = validation.whole(places)
        retention = Retention()
        if body.get("default_retention") is not None:
            retention = validation.retention(body["default_retention"])
        code, graph = self.account.codes.get(class_name) or unknown_code(class_name)
        now = self.account.now()
        number = self.account.next_number()
        return Version(
            id=stable_uuid(self.account.seed, "version", name, now, number),
            class_name=class_name,
            created=now,
            code=code,
            graph=graph,
            step_limit=steps,
            concurrency=places,
            retention=retention,
        )

    def _crons(self, schedules: Any) -> list[str] | None:
        if schedules is None:
            return None
        found = validation.expect(schedules, list)
        if len(found) > validation.SCHEDULE_MAXIMUM:
            raise errors.bad_body()
        crons = []
        for schedule in found:
            cron = validation.text(validation.expect(schedule, dict).get("cron"), most=256)
            try:
                CronSim(cron, as_datetime(self.account.now()))
            except CronSimError as error:
                raise errors.bad_body() from error
            crons.append(cron)
        return crons

    def _jurisdiction(self, body: dict[str, Any], workflow: Workflow | None) -> str | None:
        wanted = body.get("jurisdiction")
        if wanted is not None and wanted not in validation.JURISDICTIONS:
            raise errors.bad_body()
        if workflow is not None and wanted is not None and wanted != workflow.jurisdiction:
            raise errors.refused("workflow.jurisdiction_change")
        found: str | None = wanted
        return found
