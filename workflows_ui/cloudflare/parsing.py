"""From decoded JSON to the types, tolerant of everything the API may leave out or add.

A required field that is missing is a BadResponse; an unknown one survives in `extra`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workflows_ui.cloudflare import types as t
from workflows_ui.cloudflare import values as v
from workflows_ui.cloudflare.steps import Steps, parse_failure


def parse_list[T](value: object, parse: Callable[[object], T], what: str) -> tuple[T, ...]:
    return tuple(parse(item) for item in v.as_list(value, what))


def parse_account(value: object) -> t.Account:
    data = v.as_object(value, "account")
    return t.Account(
        id=v.required_text(data, "id", "account"),
        name=v.text(data.get("name")) or "",
        type=v.text(data.get("type")),
        created_on=v.moment(data.get("created_on")),
    )


def parse_token_status(value: object) -> t.TokenStatus:
    data = v.as_object(value, "token status")
    return t.TokenStatus(
        id=v.text(data.get("id")) or "",
        status=v.required_text(data, "status", "token"),
        expires_on=v.moment(data.get("expires_on")),
        not_before=v.moment(data.get("not_before")),
    )


def parse_retention(value: object) -> t.Retention | None:
    if not isinstance(value, dict):
        return None
    return t.Retention(
        success_retention=_retention_value(value.get("success_retention")),
        error_retention=_retention_value(value.get("error_retention")),
    )


def _retention_value(value: object) -> int | str | None:
    return value if isinstance(value, str) else v.whole(value)


WORKFLOW_FIELDS = frozenset(
    [
        "id",
        "name",
        "class_name",
        "script_name",
        "created_on",
        "modified_on",
        "triggered_on",
        "instances",
        "schedules",
        "script_deleted",
        "jurisdiction",
        "version_id",
    ]
)


def parse_workflow(value: object) -> t.Workflow:
    """5.1, and the answer of a PUT (4.3), which has a version and no counts."""
    data = v.as_object(value, "workflow")
    return t.Workflow(
        name=v.required_text(data, "name", "workflow"),
        class_name=v.text(data.get("class_name")) or "",
        script_name=v.text(data.get("script_name")) or "",
        id=v.text(data.get("id")),
        created_on=v.moment(data.get("created_on")),
        modified_on=v.moment(data.get("modified_on")),
        triggered_on=v.moment(data.get("triggered_on")),
        instances=_parse_counts(data.get("instances")),
        schedules=tuple(
            _parse_schedule(item)
            for item in v.list_or_empty(data.get("schedules"))
            if isinstance(item, dict)
        ),
        script_deleted=data.get("script_deleted") is True,
        jurisdiction=v.text(data.get("jurisdiction")),
        version_id=v.text(data.get("version_id")),
        extra=v.other_fields(data, WORKFLOW_FIELDS),
    )


def _parse_counts(value: object) -> Mapping[str, int] | None:
    if not isinstance(value, dict):
        return None
    counts = {status: v.whole(count) for status, count in value.items()}
    return {status: count for status, count in counts.items() if count is not None}


def _parse_schedule(data: Mapping[str, Any]) -> t.Schedule:
    return t.Schedule(
        cron=v.text(data.get("cron")) or "", next_instance=v.moment(data.get("next_instance"))
    )


def parse_workflow_deleted(value: object) -> t.WorkflowDeleted:
    data = v.object_or_empty(value)
    return t.WorkflowDeleted(
        status=v.text(data.get("status")) or "ok", success=v.boolean(data.get("success"))
    )


ROW_FIELDS = frozenset(
    [
        "id",
        "status",
        "created_on",
        "modified_on",
        "started_on",
        "ended_on",
        "version_id",
        "workflow_id",
        "trigger_source",
    ]
)


def parse_row(value: object) -> t.InstanceRow:
    data = v.as_object(value, "instance")
    return t.InstanceRow(
        id=v.required_text(data, "id", "instance"),
        status=v.required_text(data, "status", "instance"),
        created_on=v.moment(data.get("created_on")),
        modified_on=v.moment(data.get("modified_on")),
        started_on=v.moment(data.get("started_on")),
        ended_on=v.moment(data.get("ended_on")),
        version_id=v.text(data.get("version_id")),
        workflow_id=v.text(data.get("workflow_id")),
        trigger_source=v.text(data.get("trigger_source")),
        extra=v.other_fields(data, ROW_FIELDS),
    )


def parse_created(value: object) -> t.CreatedInstance:
    data = v.as_object(value, "instance")
    return t.CreatedInstance(
        id=v.required_text(data, "id", "instance"),
        status=v.text(data.get("status")),
        version_id=v.text(data.get("version_id")),
        workflow_id=v.text(data.get("workflow_id")),
        trigger_source=v.text(data.get("trigger_source")),
    )


DETAIL_FIELDS = frozenset(
    [
        "status",
        "params",
        "trigger",
        "versionId",
        "queued",
        "start",
        "end",
        "success",
        "error",
        "output",
        "rollback",
        "schedule",
        "step_count",
        "steps",
    ]
)


def parse_detail(value: object) -> t.InstanceDetail:
    """5.3. The entries of `steps` are parsed later, when they are looked at."""
    data = v.as_object(value, "instance")
    steps = Steps(v.list_or_empty(data.get("steps")))
    count = v.whole(data.get("step_count"))
    return t.InstanceDetail(
        status=v.required_text(data, "status", "instance"),
        params=data.get("params"),
        trigger_source=v.text(v.object_or_empty(data.get("trigger")).get("source")),
        version_id=v.text(data.get("versionId")),
        queued=v.moment(data.get("queued")),
        start=v.moment(data.get("start")),
        end=v.moment(data.get("end")),
        success=v.boolean(data.get("success")),
        error=parse_failure(data.get("error")),
        output=data.get("output"),
        rollback=_parse_rollback(data.get("rollback")),
        schedule=_parse_cron_run(data.get("schedule")),
        step_count=len(steps) if count is None else count,
        steps=steps,
        extra=v.other_fields(data, DETAIL_FIELDS),
        raw=data,
    )


def _parse_rollback(value: object) -> t.Rollback | None:
    if not isinstance(value, dict):
        return None
    return t.Rollback(
        outcome=v.text(value.get("outcome")) or "", error=parse_failure(value.get("error"))
    )


def _parse_cron_run(value: object) -> t.CronRun | None:
    if not isinstance(value, dict):
        return None
    return t.CronRun(
        cron=v.text(value.get("cron")) or "", scheduled_time=v.moment(value.get("scheduledTime"))
    )


def parse_step_output(value: object) -> t.StepOutput:
    data = v.as_object(value, "step output")
    return t.StepOutput(
        status=v.text(data.get("status")),
        output=data.get("output"),
        error=parse_failure(data.get("error")),
        event_type=v.text(data.get("event_type")),
    )


def parse_status_changed(value: object) -> t.StatusChanged:
    data = v.object_or_empty(value)
    return t.StatusChanged(
        status=v.text(data.get("status")), timestamp=v.moment(data.get("timestamp"))
    )


def parse_event_sent(value: object) -> t.EventSent:
    data = v.object_or_empty(value)
    return t.EventSent(
        instance_id=v.text(data.get("instanceId")), timestamp=v.moment(data.get("timestamp"))
    )


def parse_instance_deleted(value: object) -> t.InstanceDeleted:
    data = v.object_or_empty(value)
    return t.InstanceDeleted(
        instance_id=v.text(data.get("instanceId")), timestamp=v.moment(data.get("timestamp"))
    )


def parse_instances_terminated(value: object) -> t.InstancesTerminated:
    data = v.as_object(value, "termination")
    return t.InstancesTerminated(
        status=v.required_text(data, "status", "termination"),
        instances_terminated=v.whole(data.get("instancesTerminated")),
    )


def parse_instances_deleted(value: object) -> t.InstancesDeleted:
    data = v.as_object(value, "deletion")
    deleted = v.as_list(data.get("deleted"), "deleted instances")
    return t.InstancesDeleted(
        deleted=tuple(v.required_text(v.as_object(e, "id"), "id", "deletion") for e in deleted),
        errors=tuple(_parse_refused(e) for e in v.list_or_empty(data.get("errors"))),
    )


def _parse_refused(value: object) -> t.RefusedItem:
    data = v.object_or_empty(value)
    return t.RefusedItem(
        id=v.text(data.get("id")) or "",
        code=v.whole(data.get("code")),
        message=v.text(data.get("message")) or v.shown(value),
    )


def parse_job_status(value: object) -> str:
    return v.required_text(v.as_object(value, "job"), "status", "job")


VERSION_FIELDS = frozenset(
    [
        "id",
        "class_name",
        "workflow_id",
        "created_on",
        "modified_on",
        "has_dag",
        "language",
        "limits",
        "concurrency",
        "default_retention",
    ]
)


def parse_version(value: object) -> t.Version:
    data = v.as_object(value, "version")
    return t.Version(
        id=v.required_text(data, "id", "version"),
        class_name=v.text(data.get("class_name")) or "",
        workflow_id=v.text(data.get("workflow_id")),
        created_on=v.moment(data.get("created_on")),
        modified_on=v.moment(data.get("modified_on")),
        has_dag=v.boolean(data.get("has_dag")),
        language=v.text(data.get("language")),
        limits_steps=v.whole(v.object_or_empty(data.get("limits")).get("steps")),
        concurrency_limit=v.whole(v.object_or_empty(data.get("concurrency")).get("limit")),
        default_retention=parse_retention(data.get("default_retention")),
        extra=v.other_fields(data, VERSION_FIELDS),
    )


def parse_settings(value: object) -> t.Settings:
    data = v.object_or_empty(value)
    return t.Settings(default_retention=parse_retention(data.get("default_retention")))
