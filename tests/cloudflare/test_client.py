"""Every call: its method, path, query and body, and what comes of the answer."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote

import pytest
import responses
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.cloudflare import fault_server as faults
from tests.cloudflare.conftest import ACCOUNT, TOKEN, make_client
from workflows_ui import cloudflare as cf

BASE = "https://api.cloudflare.com/client/v4"
HOME = f"/accounts/{ACCOUNT}/workflows"
INSTANCES = f"{HOME}/flow/instances"
NO_BODY = object()
AT = "2026-11-23T22:15:10.000Z"
MOMENT = datetime(2026, 11, 23, 22, 15, 10, tzinfo=UTC)
WORKFLOW = {"name": "flow", "class_name": "Flow", "script_name": "main"}
PAGE_INFO = {"count": 1, "page": 2, "per_page": 5, "total_count": 11}
GRAPH = {"id": "v1", "class_name": "Flow", "graph": None}


@dataclass
class Case:
    name: str
    do: Callable[[cf.CloudflareClient], Any]
    sent: str
    answer: Any
    result: Any
    body: Any = NO_BODY
    info: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case(
        "list_accounts",
        lambda api: api.list_accounts(page=2, per_page=5),
        "GET /accounts?page=2&per_page=5",
        [{"id": ACCOUNT, "name": "Team", "type": "standard", "created_on": AT}],
        cf.Page(
            items=(cf.Account(id=ACCOUNT, name="Team", type="standard", created_on=MOMENT),),
            page=2,
            per_page=5,
            total_count=11,
        ),
        info=PAGE_INFO,
    ),
    Case(
        "verify_user_token",
        lambda api: api.verify_user_token(),
        "GET /user/tokens/verify",
        {"id": "t1", "status": "active", "expires_on": AT},
        cf.TokenStatus(id="t1", status="active", expires_on=MOMENT),
    ),
    Case(
        "verify_account_token",
        lambda api: api.verify_account_token(),
        f"GET /accounts/{ACCOUNT}/tokens/verify",
        {"id": "t1", "status": "expired"},
        cf.TokenStatus(id="t1", status="expired"),
    ),
    Case(
        "list_workflows",
        lambda api: api.list_workflows(page=2, per_page=5, search="ord er"),
        f"GET {HOME}?page=2&per_page=5&search=ord%20er",
        [WORKFLOW],
        cf.Page(items=(cf.Workflow(**WORKFLOW),), page=2, per_page=5, total_count=11),
        info=PAGE_INFO,
    ),
    Case(
        "get_workflow",
        lambda api: api.get_workflow("flow"),
        f"GET {HOME}/flow",
        WORKFLOW | {"instances": {"running": 2}},
        cf.Workflow(**WORKFLOW, instances={"running": 2}),
    ),
    Case(
        "put_workflow",
        lambda api: api.put_workflow(
            "flow",
            cf.WorkflowDefinition(
                class_name="Flow",
                script_name="main",
                limits_steps=9,
                concurrency_limit=3,
                default_retention=cf.Retention(success_retention="3 days"),
                schedules=("*/30 * * * *",),
                jurisdiction="eu",
            ),
        ),
        f"PUT {HOME}/flow",
        WORKFLOW | {"version_id": "v2", "is_deleted": 0},
        cf.Workflow(**WORKFLOW, version_id="v2", extra={"is_deleted": 0}),
        body={
            "class_name": "Flow",
            "script_name": "main",
            "limits": {"steps": 9},
            "concurrency": {"limit": 3},
            "default_retention": {"success_retention": "3 days"},
            "schedules": [{"cron": "*/30 * * * *"}],
            "jurisdiction": "eu",
        },
    ),
    Case(
        "put_workflow",
        lambda api: api.put_workflow(
            "flow", cf.WorkflowDefinition(class_name="Flow", script_name="main", schedules=())
        ),
        f"PUT {HOME}/flow",
        WORKFLOW,
        cf.Workflow(**WORKFLOW),
        body={"class_name": "Flow", "script_name": "main", "schedules": []},
    ),
    Case(
        "delete_workflow",
        lambda api: api.delete_workflow("flow"),
        f"DELETE {HOME}/flow",
        {"status": "ok"},
        cf.WorkflowDeleted(status="ok"),
    ),
    Case(
        "list_instances",
        lambda api: api.list_instances(
            "flow",
            cursor="a+b/c=",
            per_page=5,
            direction="asc",
            status="errored",
            date_start=datetime(2026, 1, 2, 3, 4, 5, 678999, tzinfo=UTC),
            date_end=datetime(2026, 1, 2, 12, 0, tzinfo=timezone(timedelta(hours=2))),
        ),
        f"GET {INSTANCES}?cursor=a%2Bb%2Fc%3D&per_page=5&direction=asc&status=errored"
        "&date_start=2026-01-02T03%3A04%3A05.678Z&date_end=2026-01-02T10%3A00%3A00.000Z",
        [{"id": "one", "status": "errored", "created_on": AT, "trigger_source": "api"}],
        cf.CursorPage(
            items=(
                cf.InstanceRow(id="one", status="errored", created_on=MOMENT, trigger_source="api"),
            ),
            per_page=5,
            cursor="next",
        ),
        info={"count": 1, "per_page": 5, "cursor": "next"},
    ),
    Case(
        "list_instances",
        lambda api: api.list_instances("flow"),
        f"GET {INSTANCES}?per_page=50&direction=desc",
        [],
        cf.CursorPage(items=(), per_page=50, cursor=None),
        info={"cursor": ""},
    ),
    Case(
        "create_instance",
        lambda api: api.create_instance(
            "flow",
            cf.NewInstance(
                instance_id="one",
                params={"text": "ü", "n": [1, None]},
                retention=cf.Retention(error_retention=1000),
                location_hint="weur",
            ),
        ),
        f"POST {INSTANCES}",
        {"id": "one", "status": "queued", "version_id": "v1", "workflow_id": "w1"},
        cf.CreatedInstance(id="one", status="queued", version_id="v1", workflow_id="w1"),
        body={
            "instance_id": "one",
            "params": {"text": "ü", "n": [1, None]},
            "instance_retention": {"error_retention": 1000},
            "location_hint": "weur",
        },
    ),
    Case(
        "create_instance",
        lambda api: api.create_instance("flow", cf.NewInstance(instance_id="one")),
        f"POST {INSTANCES}",
        {"id": "one"},
        cf.CreatedInstance(id="one"),
        body={"instance_id": "one"},
    ),
    Case(
        "create_instance",
        lambda api: api.create_instance("flow", cf.NewInstance(instance_id="one", params=None)),
        f"POST {INSTANCES}",
        {"id": "one"},
        cf.CreatedInstance(id="one"),
        body={"instance_id": "one", "params": None},
    ),
    Case(
        "create_instances",
        lambda api: api.create_instances(
            "flow",
            [cf.NewInstance(instance_id="a", params="text"), cf.NewInstance(instance_id="b")],
        ),
        f"POST {INSTANCES}/batch",
        [{"id": "a", "status": "queued"}],
        (cf.CreatedInstance(id="a", status="queued"),),
        body=[{"instance_id": "a", "params": "text"}, {"instance_id": "b"}],
    ),
    Case(
        "terminate_instances",
        lambda api: api.terminate_instances("flow", ("a", "b")),
        f"POST {INSTANCES}/batch/terminate",
        {"status": "ok", "instancesTerminated": 2},
        cf.InstancesTerminated(status="ok", instances_terminated=2),
        body=["a", "b"],
    ),
    Case(
        "delete_instances",
        lambda api: api.delete_instances("flow", ("a", "b")),
        f"POST {INSTANCES}/batch/delete",
        {"deleted": [{"id": "a"}], "errors": [{"id": "b", "code": 10400, "message": "gone"}]},
        cf.InstancesDeleted(
            deleted=("a",), errors=(cf.RefusedItem(id="b", code=10400, message="gone"),)
        ),
        body={"instances": ["a", "b"]},
    ),
    Case(
        "terminate_all_instances",
        lambda api: api.terminate_all_instances("flow", status="running"),
        f"PUT {INSTANCES}/terminate?status=running",
        {"status": "already_running"},
        "already_running",
    ),
    Case(
        "terminate_all_instances",
        lambda api: api.terminate_all_instances("flow"),
        f"PUT {INSTANCES}/terminate",
        {"status": "ok"},
        "ok",
    ),
    Case(
        "get_terminate_job",
        lambda api: api.get_terminate_job("flow"),
        f"GET {INSTANCES}/terminate",
        {"status": "not_running"},
        "not_running",
    ),
    Case(
        "get_instance",
        lambda api: api.get_instance("flow", "*/30 * * * *-1786001400000"),
        f"GET {INSTANCES}/%2A%2F30%20%2A%20%2A%20%2A%20%2A-1786001400000?order=asc&simple=false",
        {"status": "running", "queued": AT, "step_count": 0, "steps": []},
        cf.InstanceDetail(status="running", queued=MOMENT, steps=cf.Steps([])),
    ),
    Case(
        "get_instance",
        lambda api: api.get_instance("flow", "one", order="desc", simple=True),
        f"GET {INSTANCES}/one?order=desc&simple=true",
        {"status": "complete", "step_count": 7},
        cf.InstanceDetail(status="complete", step_count=7, steps=cf.Steps([])),
    ),
    Case(
        "delete_instance",
        lambda api: api.delete_instance("flow", "one"),
        f"DELETE {INSTANCES}/one",
        {"instanceId": "one", "timestamp": AT},
        cf.InstanceDeleted(instance_id="one", timestamp=MOMENT),
    ),
    Case(
        "get_step_output",
        lambda api: api.get_step_output("flow", "one", name="fetch data-1", type="step", attempt=2),
        f"GET {INSTANCES}/one/step?name=fetch%20data-1&type=step&attempt=2",
        {"status": "running", "error": {"name": "E", "message": "m"}, "output": None},
        cf.StepOutput(status="running", error=cf.Failure(name="E", message="m")),
    ),
    Case(
        "change_instance_status",
        lambda api: api.change_instance_status("flow", "one", cf.InstanceAction.PAUSE),
        f"PATCH {INSTANCES}/one/status",
        {"status": "waitingForPause", "timestamp": AT},
        cf.StatusChanged(status="waitingForPause", timestamp=MOMENT),
        body={"status": "pause"},
    ),
    Case(
        "change_instance_status",
        lambda api: api.change_instance_status(
            "flow", "one", cf.InstanceAction.TERMINATE, rollback=False
        ),
        f"PATCH {INSTANCES}/one/status",
        {"status": "terminated"},
        cf.StatusChanged(status="terminated"),
        body={"status": "terminate", "rollback": False},
    ),
    Case(
        "change_instance_status",
        lambda api: api.change_instance_status(
            "flow",
            "one",
            cf.InstanceAction.RESTART,
            restart_from=cf.RestartFrom(name="pay", count=2, type="waitForEvent"),
        ),
        f"PATCH {INSTANCES}/one/status",
        {},
        cf.StatusChanged(),
        body={"status": "restart", "from": {"name": "pay", "count": 2, "type": "waitForEvent"}},
    ),
    Case(
        "send_event",
        lambda api: api.send_event("flow", "one", "approve", {"ok": True}),
        f"POST {INSTANCES}/one/events/approve",
        {"instanceId": "one", "timestamp": AT},
        cf.EventSent(instance_id="one", timestamp=MOMENT),
        body={"ok": True},
    ),
    Case(
        "send_event",
        lambda api: api.send_event("flow", "one", "approve", None),
        f"POST {INSTANCES}/one/events/approve",
        {},
        cf.EventSent(),
        body=None,
    ),
    Case(
        "list_versions",
        lambda api: api.list_versions("flow", page=2, per_page=5),
        f"GET {HOME}/flow/versions?page=2&per_page=5",
        [{"id": "v1", "class_name": "Flow", "has_dag": True, "limits": {"steps": 9}}],
        cf.Page(
            items=(cf.Version(id="v1", class_name="Flow", has_dag=True, limits_steps=9),),
            page=2,
            per_page=5,
            total_count=11,
        ),
        info=PAGE_INFO,
    ),
    Case(
        "get_version",
        lambda api: api.get_version("flow", "v1"),
        f"GET {HOME}/flow/versions/v1",
        {"id": "v1", "class_name": "Flow", "language": "python", "concurrency": {"limit": 4}},
        cf.Version(id="v1", class_name="Flow", language="python", concurrency_limit=4),
    ),
    Case(
        "get_version_graph",
        lambda api: api.get_version_graph("flow", "v1"),
        f"GET {HOME}/flow/versions/v1/graph",
        GRAPH,
        cf.VersionGraph(id="v1", class_name="Flow"),
    ),
    Case(
        "get_version_dag",
        lambda api: api.get_version_dag("flow", "v1"),
        f"GET {HOME}/flow/versions/v1/dag",
        {"dag": {"any": ["thing"]}},
        {"dag": {"any": ["thing"]}},
    ),
    Case(
        "get_settings",
        lambda api: api.get_settings(),
        f"GET {HOME}/settings",
        {"default_retention": {"error_retention": 5, "success_retention": 6}},
        cf.Settings(default_retention=cf.Retention(error_retention=5, success_retention=6)),
    ),
    Case(
        "patch_settings",
        lambda api: api.patch_settings(default_retention=cf.Retention(error_retention=5)),
        f"PATCH {HOME}/settings",
        {"default_retention": {"error_retention": 5, "success_retention": 6}},
        cf.Settings(default_retention=cf.Retention(error_retention=5, success_retention=6)),
        body={"default_retention": {"error_retention": 5}},
    ),
]


@pytest.fixture
def api() -> cf.CloudflareClient:
    return cf.CloudflareClient(account_id=ACCOUNT, token=TOKEN)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_call_is_sent_and_its_answer_read(api, case):
    method, _, target = case.sent.partition(" ")
    body = {"success": True, "errors": [], "messages": [], "result": case.answer}
    with responses.RequestsMock() as mock:
        mock.add(method, re.compile(".*"), json=body | {"result_info": case.info})
        assert case.do(api) == case.result
        (sent,) = [call.request for call in mock.calls]
    assert sent.url == BASE + target
    assert sent.headers["Authorization"] == f"Bearer {TOKEN}"
    assert (NO_BODY if sent.body is None else json.loads(sent.body)) == case.body
    assert ("Content-Type" in sent.headers) is (case.body is not NO_BODY)


def test_every_call_of_the_protocol_has_a_case():
    calls = {name for name, _ in inspect.getmembers(cf.WorkflowsApi, inspect.isfunction)}
    assert {name for name in calls if not name.startswith("_")} <= {case.name for case in CASES}


def test_the_client_is_one_of_the_protocol(api):
    face: cf.WorkflowsApi = api
    assert face.capabilities == cf.Capabilities()
    for name, method in inspect.getmembers(cf.WorkflowsApi, inspect.isfunction):
        if not name.startswith("_"):
            assert list(inspect.signature(getattr(type(api), name)).parameters) == list(
                inspect.signature(method).parameters
            )


def test_a_step_that_returned_a_stream_gives_its_bytes(server, client):
    raw = b"\x00\x01" * 9000
    server.answer(faults.http(raw, type="application/octet-stream"))
    assert client.get_step_output("flow", "one", name="s-1", type="step") == cf.StepStream(
        content=raw
    )
    assert "application/octet-stream" in server.seen[0].headers["accept"]


def test_an_error_in_place_of_a_stream_is_an_error(server, client):
    server.answer(faults.http(b"\x00", status=404, type="application/octet-stream"))
    with pytest.raises(cf.NotFound):
        client.get_step_output("flow", "one", name="s-1", type="step")


@pytest.mark.parametrize("name", ["", ".", "..", "\ud800"])
def test_a_name_that_addresses_something_else_is_not_sent(server, client, name):
    server.answer(faults.result({}))
    for do in (
        lambda: client.get_workflow(name),
        lambda: client.get_instance("flow", name),
        lambda: client.delete_instance(name, "one"),
        lambda: client.send_event("flow", "one", name, {}),
        lambda: client.get_version("flow", name),
    ):
        with pytest.raises(cf.Invalid):
            do()
    assert server.seen == []


def test_without_an_account_only_the_calls_that_need_none_are_sent(server):
    server.answer(faults.result([{"id": ACCOUNT, "name": "Team"}]))
    client = make_client(server, account_id="")
    assert client.list_accounts().items[0].name == "Team"
    with pytest.raises(cf.Invalid):
        client.list_workflows()
    assert [seen.target for seen in server.seen] == ["/client/v4/accounts?page=1&per_page=50"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, "\ud800", object()])
def test_what_is_no_json_is_not_sent(server, client, value):
    server.answer(faults.result({}))
    with pytest.raises(cf.Invalid):
        client.send_event("flow", "one", "go", value)
    assert server.seen == []


IDS = st.text(min_size=1, max_size=271).filter(
    lambda text: text not in (".", "..") and text.encode("utf-8", "ignore").decode() == text
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(workflow=IDS, instance_id=IDS)
@example(workflow="a/../b", instance_id="../../x")
@example(workflow="%2e%2e", instance_id="%2F")
@example(workflow="...", instance_id="a?b#c")
@example(workflow="batch", instance_id="*/30 * * * *-1786001400000")
@example(workflow="\r\nHost: evil", instance_id="\x00")
@example(workflow="~", instance_id="a;b=c&d+e@:f")
def test_any_id_arrives_as_one_part_of_the_path(server, client, workflow, instance_id):
    server.answer(faults.result({"status": "running"}))
    client.get_instance(workflow, instance_id, simple=True)
    path, _, query = server.seen[-1].target.partition("?")
    parts = [unquote(part) for part in path.split("/")]
    assert parts[-4:] == ["workflows", workflow, "instances", instance_id]
    assert len(parts) == 9
    assert query == "order=asc&simple=true"


def test_a_large_body_is_sent_whole(server, client):
    server.answer(faults.result({"id": "one"}))
    client.create_instance("flow", cf.NewInstance(instance_id="one", params="x" * 3_000_000))
    assert len(json.loads(server.seen[0].body)["params"]) == 3_000_000
