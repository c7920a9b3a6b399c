"""The one face behind which every upstream stands, and what an upstream can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from workflows_ui.cloudflare import types as t

Direction = Literal["asc", "desc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a page may ask of an upstream. A page hides what its upstream can't."""

    workflow_write: bool = True
    workflow_delete: bool = True
    workflow_search: bool = True
    list_counts: bool = True
    versions: bool = True
    graph: bool = True
    create_options: bool = True
    batch_create: bool = True
    batch_terminate: bool = True
    batch_delete: bool = True
    terminate_all: bool = True
    step_output: bool = True
    restart_from: bool = True
    rollback: bool = True
    settings: bool = True
    direction: bool = True
    dates: bool = True
    token: bool = True
    """the upstream looks at the bearer token"""


class WorkflowsApi(Protocol):
    """Every call of sections 4.1 to 4.23 that we use. All raise `CloudflareError` or below."""

    @property
    def capabilities(self) -> Capabilities: ...

    def list_workflows(
        self, *, page: int = 1, per_page: int = 50, search: str | None = None
    ) -> t.Page[t.Workflow]: ...
    def get_workflow(self, workflow: str) -> t.Workflow: ...
    def put_workflow(self, workflow: str, definition: t.WorkflowDefinition) -> t.Workflow: ...
    def delete_workflow(self, workflow: str) -> t.WorkflowDeleted: ...

    def list_instances(
        self,
        workflow: str,
        *,
        cursor: str | None = None,
        per_page: int = 50,
        direction: Direction = "desc",
        status: str | None = None,
        date_start: datetime | None = None,
        date_end: datetime | None = None,
    ) -> t.CursorPage[t.InstanceRow]: ...
    def create_instance(self, workflow: str, new: t.NewInstance) -> t.CreatedInstance: ...
    def create_instances(
        self, workflow: str, new: Sequence[t.NewInstance]
    ) -> tuple[t.CreatedInstance, ...]: ...
    def terminate_instances(
        self, workflow: str, instance_ids: Sequence[str]
    ) -> t.InstancesTerminated: ...
    def delete_instances(
        self, workflow: str, instance_ids: Sequence[str]
    ) -> t.InstancesDeleted: ...
    def terminate_all_instances(self, workflow: str, *, status: str | None = None) -> str: ...
    def get_terminate_job(self, workflow: str) -> str: ...
    def get_instance(
        self, workflow: str, instance_id: str, *, order: Direction = "asc", simple: bool = False
    ) -> t.InstanceDetail: ...
    def delete_instance(self, workflow: str, instance_id: str) -> t.InstanceDeleted: ...
    def get_step_output(
        self,
        workflow: str,
        instance_id: str,
        *,
        name: str,
        type: str,
        attempt: int | None = None,
    ) -> t.StepOutput | t.StepStream: ...
    def change_instance_status(
        self,
        workflow: str,
        instance_id: str,
        action: t.InstanceAction,
        *,
        rollback: bool | None = None,
        restart_from: t.RestartFrom | None = None,
    ) -> t.StatusChanged: ...
    def send_event(
        self, workflow: str, instance_id: str, event_type: str, payload: t.Json
    ) -> t.EventSent: ...

    def list_versions(
        self, workflow: str, *, page: int = 1, per_page: int = 50
    ) -> t.Page[t.Version]: ...
    def get_version(self, workflow: str, version_id: str) -> t.Version: ...
    def get_version_graph(self, workflow: str, version_id: str) -> t.VersionGraph: ...
    def get_version_dag(self, workflow: str, version_id: str) -> t.Json: ...
    def get_settings(self) -> t.Settings: ...
    def patch_settings(self, *, default_retention: t.Retention) -> t.Settings: ...
