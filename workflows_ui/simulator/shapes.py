"""The objects of the API as JSON (API reference, section 5)."""

from __future__ import annotations

import json
from typing import Any

from workflows_ui.simulator.clock import iso, iso_or_none
from workflows_ui.simulator.definitions import Version
from workflows_ui.simulator.instance import ENDED, Instance
from workflows_ui.simulator.ops import Attempt, Config, Do, Entry, Failure, Wait
from workflows_ui.simulator.run import Termination
from workflows_ui.simulator.workflow import Workflow

Json = dict[str, Any]
SHOWN = 1024
TRUNCATED = "[truncated output]"
REDACTED = "[REDACTED]"
STATUSES = (
    "queued",
    "running",
    "paused",
    "errored",
    "terminated",
    "complete",
    "waitingForPause",
    "waiting",
    "rollingBack",
)


def workflow_json(workflow: Workflow) -> Json:
    counts = workflow.counts()
    shape: Json = {
        "id": workflow.id,
        "name": workflow.name,
        "class_name": workflow.latest.class_name,
        "script_name": workflow.script_name,
        "created_on": iso(workflow.created),
        "modified_on": iso(workflow.modified),
        "triggered_on": iso_or_none(workflow.triggered),
        "instances": {status: counts[status] for status in STATUSES},
    }
    if workflow.crons:
        shape["schedules"] = [
            {"cron": cron.expression, "next_instance": iso(cron.next)} for cron in workflow.crons
        ]
    if workflow.script_deleted:
        shape["script_deleted"] = True
    if workflow.jurisdiction is not None:
        shape["jurisdiction"] = workflow.jurisdiction
    return shape


def deployed_json(workflow: Workflow, *, now: int) -> Json:
    """The answer to PUT (4.3)."""
    return {
        "id": workflow.id,
        "name": workflow.name,
        "class_name": workflow.latest.class_name,
        "script_name": workflow.script_name,
        "created_on": iso(workflow.created),
        "modified_on": iso(workflow.modified),
        "triggered_on": iso_or_none(workflow.triggered),
        "version_id": workflow.latest.id,
        "is_deleted": 0,
        "terminator_running": int(workflow.job_until > now),
    }


def row_json(workflow: Workflow, instance: Instance) -> Json:
    run = instance.run
    return {
        "id": instance.id,
        "created_on": iso(instance.created),
        "modified_on": iso(run.changed),
        "started_on": iso_or_none(run.started),
        "ended_on": iso_or_none(run.ended),
        "status": run.status,
        "version_id": instance.version.id,
        "workflow_id": workflow.id,
        "trigger_source": instance.source,
    }


def created_json(workflow: Workflow, instance: Instance) -> Json:
    return {
        "id": instance.id,
        "status": instance.status,
        "version_id": instance.version.id,
        "workflow_id": workflow.id,
        "trigger_source": instance.source,
    }


def detail_json(instance: Instance, *, order: str, simple: bool) -> Json:
    run = instance.run
    shape: Json = {
        "status": run.status,
        "params": instance.params,
        "trigger": {"source": instance.source},
        "versionId": instance.version.id,
        "queued": iso(run.queued_at),
        "start": iso_or_none(run.started),
        "end": iso_or_none(run.ended),
        "success": run.status == "complete" if run.status in ENDED else None,
        "error": failure_json(run.failure),
        "output": result_json(run.output),
        "rollback": None,
        "step_count": len(run.step_entries()),
    }
    if run.rollback is not None:
        error = failure_json(run.rollback.failure)
        shape["rollback"] = {"outcome": run.rollback.outcome, "error": error}
    if instance.schedule is not None:
        shape["schedule"] = {
            "cron": instance.schedule.cron,
            "scheduledTime": instance.schedule.scheduled,
        }
    if not simple:
        entries = run.entries if order == "asc" else run.entries[::-1]
        shape["steps"] = [entry_json(entry) for entry in entries]
    return shape


def entry_json(entry: Entry | Termination) -> Json:
    if isinstance(entry, Termination):
        return {"type": "termination", "trigger": {"source": entry.source}}
    if isinstance(entry.op, Do):
        return {
            "type": entry.type,
            "name": entry.name,
            "start": iso(entry.start),
            "end": iso_or_none(entry.end),
            "success": entry.success,
            "output": shown_output(entry),
            "config": config_json(entry.op.config, sensitive=entry.op.sensitive),
            "attempts": [attempt_json(attempt) for attempt in entry.attempts],
        }
    shape: Json = {
        "type": entry.type,
        "name": entry.name,
        "start": iso(entry.start),
        "end": iso_or_none(entry.end),
        "finished": entry.success is not None,
        "error": failure_json(entry.failure),
    }
    if isinstance(entry.op, Wait):
        shape["event_type"] = entry.op.event_type
        if entry.success:
            shape["output"] = cut(as_text(entry.output))
    return shape


def shown_output(entry: Entry) -> str | None:
    """A step's output as the detail shows it: text, cut, redacted or described."""
    op = entry.op
    if not isinstance(op, Do) or not entry.success:
        return None
    if op.sensitive:
        return REDACTED
    if op.stream is not None:
        return f"[ReadableStream (binary): {len(op.stream)} bytes]"
    return None if entry.output is None else cut(as_text(entry.output))


def config_json(config: Config, *, sensitive: bool) -> Json:
    retries = {"limit": config.limit, "delay": config.delay, "backoff": config.backoff}
    shape: Json = {"retries": retries, "timeout": config.timeout}
    return shape | {"sensitive": "output"} if sensitive else shape


def attempt_json(attempt: Attempt) -> Json:
    return {
        "start": iso(attempt.start),
        "end": iso_or_none(attempt.end),
        "success": attempt.success,
        "error": failure_json(attempt.failure),
    }


def step_json(entry: Entry, attempt: int | None) -> Json | None:
    """The answer of the step route (4.14); None when there is no such attempt."""
    if attempt is not None and attempt > len(entry.attempts or [entry]):
        return None
    tried = entry.attempts[attempt - 1] if attempt and entry.attempts else None
    success = entry.success if tried is None else tried.success
    failure = entry.failure if tried is None else tried.failure
    if tried is None and success is None and entry.attempts:
        failure = entry.attempts[-1].failure or previous_failure(entry)
    open_status = "waiting" if isinstance(entry.op, Wait) else "running"
    shape: Json = {
        "status": {True: "complete", False: "errored", None: open_status}[success],
        "error": failure_json(failure),
        "output": full_output(entry) if success else None,
    }
    if isinstance(entry.op, Wait):
        shape["event_type"] = entry.op.event_type
    return shape


def previous_failure(entry: Entry) -> Failure | None:
    return entry.attempts[-2].failure if len(entry.attempts) > 1 else None


def full_output(entry: Entry) -> Any:
    return REDACTED if isinstance(entry.op, Do) and entry.op.sensitive else entry.output


def version_json(workflow: Workflow, version: Version) -> Json:
    shape: Json = {
        "id": version.id,
        "class_name": version.class_name,
        "created_on": iso(version.created),
        "modified_on": iso(version.created),
        "workflow_id": workflow.id,
        "has_dag": version.graph is not None,
        "language": version.language,
    }
    if version.step_limit is not None:
        shape["limits"] = {"steps": version.step_limit}
    if version.concurrency is not None:
        shape["concurrency"] = {"limit": version.concurrency}
    if version.retention.as_json():
        shape["default_retention"] = version.retention.as_json()
    return shape


def graph_json(workflow: Workflow, version: Version, *, key: str) -> Json:
    return {
        "id": version.id,
        "class_name": version.class_name,
        "created_on": iso(version.created),
        "modified_on": iso(version.created),
        "workflow_id": workflow.id,
        key: version.graph,
    }


def failure_json(failure: Failure | None) -> Json | None:
    return None if failure is None else {"name": failure.name, "message": failure.message}


def result_json(output: Any) -> Any:
    """A run's return value: numbers and null as they are, all else as text."""
    if output is None or (isinstance(output, int | float) and not isinstance(output, bool)):
        return output
    return cut(as_text(output))


def as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + TRUNCATED
