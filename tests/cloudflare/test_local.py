"""The engine of wrangler dev, by answers recorded from a real one."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
import responses
from requests import PreparedRequest

from tests.cloudflare import fault_server as faults
from workflows_ui import cloudflare as cf
from workflows_ui.cloudflare.local_answers import with_derived_status
from workflows_ui.cloudflare.local_dialects import NEW, OLD
from workflows_ui.cloudflare.local_ids import KnownIds
from workflows_ui.cloudflare.parsing import parse_detail

BASE = "http://127.0.0.1:8787"
RULES = cf.AddressRules(loopback=True)
NO_ROUTE = (404, {"Content-Type": "text/plain; charset=UTF-8"}, "404 Not Found")
HEX = "8ceb2bc1a218c5540e3c9f2eb4e612208bf302654063453ddbc749be7f5e24eb"


@dataclass
class Engine:
    """Answers under one API root: `answers` by "METHOD path", ids by its list."""

    root: str
    answers: dict[str, Any] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    hosts: list[str | None] = field(default_factory=list)

    def __call__(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        path, _, query = request.path_url.partition("?")
        call = f"{request.method} {unquote(path.removeprefix(self.root))}"
        self.calls.append(call)
        self.hosts.append(request.headers.get("Host"))
        self.bodies.append(json.loads(request.body) if request.body else None)
        if not path.startswith(self.root + "/"):
            return NO_ROUTE
        if call in self.answers:
            return recorded(self.answers[call])
        if call.endswith("/instances") and request.method == "GET":
            return self.page(parse_qs(query))
        if call == "GET /workflows":
            return ok([{"name": "flow", "class_name": "Flow", "script_name": "main"}])
        return NO_ROUTE

    def page(self, query: dict[str, list[str]]) -> tuple[int, dict[str, str], str]:
        page, size = int(query["page"][0]), int(query["per_page"][0])
        rows = [{"id": i, "status": "running"} for i in self.ids]
        pages = max(1, -(-len(rows) // size))
        info = {"page": page, "per_page": size, "total_count": len(rows), "total_pages": pages}
        return ok(rows[(page - 1) * size : page * size], info)


def recorded(answer: dict[str, Any]) -> tuple[int, dict[str, str], str]:
    text = answer["text"] if "text" in answer else json.dumps(answer["json"])
    return answer["status"], {"Content-Type": answer["type"]}, text


def ok(result: Any, info: Any = None) -> tuple[int, dict[str, str], str]:
    body = {"success": True, "errors": [], "messages": [], "result": result}
    body |= {"result_info": info} if info else {}
    return 200, {"Content-Type": "application/json"}, json.dumps(body)


def json_answer(result: Any, status: int = 200) -> dict[str, Any]:
    return {
        "status": status,
        "type": "application/json",
        "json": {"success": True, "result": result},
    }


@pytest.fixture
def mock():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def start(mock: responses.RequestsMock, root: str) -> Engine:
    engine = Engine(root)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        mock.add_callback(method, re.compile(".*"), engine, content_type=None)
    return engine


@pytest.fixture
def engine(mock) -> Engine:
    return start(mock, NEW.root)


@pytest.fixture
def old_engine(mock) -> Engine:
    return start(mock, OLD.root)


@pytest.fixture
def local() -> cf.LocalClient:
    return cf.LocalClient(base_url=BASE, rules=RULES)


def test_the_dialect_is_found_once_and_told_by_the_capabilities(old_engine, local):
    assert local.capabilities == NEW.capabilities
    local.list_workflows()
    assert old_engine.calls == [
        f"GET {NEW.root}/workflows",
        "GET /workflows",
        "GET /workflows",
    ]
    assert local.capabilities == OLD.capabilities
    cf.LocalClient(base_url=BASE, rules=RULES).list_workflows()
    assert len(old_engine.calls) == 4


def test_something_else_at_the_address_is_named(mock, local):
    start(mock, "/elsewhere")
    with pytest.raises(cf.BadResponse) as caught:
        local.list_workflows()
    assert "X_LOCAL_EXPLORER" in caught.value.message


@pytest.mark.parametrize(
    "worker",
    [
        faults.http("Hello World!", type="text/plain"),
        faults.html(200),
        faults.html(404),
        faults.html(500),
        faults.http("{}"),
        faults.result({"id": "one"}),
        faults.failure(400, 1, "no"),
    ],
)
def test_the_worker_under_development_is_not_taken_for_the_api(server, worker):
    client = cf.LocalClient(base_url=server.url, rules=RULES)
    server.answer(worker, faults.result([]), faults.result([]))
    client.list_workflows()
    assert [seen.target for seen in server.seen] == [
        f"{NEW.root}/workflows",
        f"{OLD.root}/workflows",
        f"{OLD.root}/workflows",
    ]


def test_an_engine_in_trouble_is_no_stranger(server):
    server.answer(faults.html(500))
    with pytest.raises(cf.ServerError):
        cf.LocalClient(base_url=server.url, rules=RULES).list_workflows()


def test_an_engine_that_was_replaced_is_asked_anew(server):
    client = cf.LocalClient(base_url=server.url, rules=RULES)
    server.answer(faults.result([]), faults.http("Hello World!", type="text/plain"))
    with pytest.raises(cf.BadResponse):
        client.list_workflows()
    server.answer(faults.result([]))
    before = len(server.seen)
    client.list_workflows()
    assert len(server.seen) == before + 2


def test_an_engine_that_went_away_is_asked_anew(server):
    client = cf.LocalClient(base_url=server.url, rules=RULES)
    empty = faults.result([])
    server.answer(empty)
    client.list_workflows()
    client.list_workflows()
    assert len(server.seen) == 3
    server.answer(faults.cut)
    with pytest.raises(cf.ConnectionFailed):
        client.list_workflows()
    before = len(server.seen)
    server.answer(faults.http("404 Not Found", status=404, type="text/plain"), empty)
    client.list_workflows()
    targets = [seen.target for seen in server.seen[before:]]
    assert targets == [
        f"{NEW.root}/workflows",
        f"{OLD.root}/workflows",
        f"{OLD.root}/workflows",
    ]


def test_no_token_and_no_origin_is_sent_and_the_host_is_loopback(server):
    server.answer(faults.result([]))
    cf.LocalClient(base_url=server.url, rules=RULES).list_workflows()
    headers = server.seen[0].headers
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert "authorization" not in headers
    assert "origin" not in headers


def test_a_listed_host_is_called_with_a_host_header_the_engine_takes(engine):
    rules = cf.AddressRules(hosts=frozenset({"engine.lan"}))
    cf.LocalClient(base_url="http://engine.lan:8787", rules=rules).list_workflows()
    assert set(engine.hosts) == {"localhost:8787"}


def test_a_refused_host_is_explained(engine, local, engine_answer):
    engine.answers["GET /workflows"] = engine_answer("host_refused")
    with pytest.raises(cf.Forbidden) as caught:
        local.list_workflows()
    assert "Invalid Host header" in caught.value.message


def test_workflows_are_searched_and_cut_here(engine, local, engine_answer):
    engine.answers["GET /workflows"] = engine_answer("list_workflows")
    page = local.list_workflows(page=2, per_page=3)
    assert [w.name for w in page.items] == ["long-nap"]
    assert (page.total_count, page.has_next) == (4, False)
    assert page.items[0].instances is None
    found = local.list_workflows(search="NAP")
    assert ([w.name for w in found.items], found.total_count) == (["long-nap"], 1)


def test_a_phantom_is_not_counted(engine, local, engine_answer):
    engine.answers["GET /workflows/cron-report"] = engine_answer("workflow_with_phantom")
    assert "unknown" not in local.get_workflow("cron-report").instances


def test_phantoms_are_left_out_of_a_list(engine, local, engine_answer):
    engine.answers["GET /workflows/flow/instances"] = engine_answer("list_instances")
    page = local.list_instances("flow")
    assert len(page.items) == 14
    assert page.items[0].id == "ab" * 32
    assert page.items[-1].id == "ord-1"
    assert page.cursor is None


def test_pages_are_walked_by_cursor(engine, local):
    engine.ids = [f"i-{n}" for n in range(5)]
    seen, cursor = [], None
    while True:
        page = local.list_instances("flow", per_page=2, cursor=cursor)
        seen += [row.id for row in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == engine.ids


@pytest.mark.parametrize("cursor", ["x", "-1", "0", "1e3", "²", "9" * 5000])
def test_a_cursor_of_another_list_is_invalid(engine, local, cursor):
    with pytest.raises(cf.Invalid):
        local.list_instances("flow", cursor=cursor)
    assert engine.calls == []


def test_a_status_the_engine_never_says_lists_nothing(engine, local):
    assert local.list_instances("flow", status="rollingBack").items == ()
    assert engine.calls == []


def test_a_missing_instance_is_never_asked_for(engine, local):
    engine.ids = [f"i-{n}" for n in range(250)]
    actions: list[Callable[[], Any]] = [
        lambda: local.get_instance("flow", "ghost"),
        lambda: local.delete_instance("flow", "ghost"),
        lambda: local.send_event("flow", "ghost", "go", {}),
        lambda: local.change_instance_status("flow", "ghost", cf.InstanceAction.PAUSE),
    ]
    for act in actions:
        with pytest.raises(cf.NotFound) as caught:
            act()
        assert caught.value.code == cf.INSTANCE_NOT_FOUND
    assert not [call for call in engine.calls if "ghost" in call]
    assert engine.calls.count("GET /workflows/flow/instances") == 3 * len(actions)


def test_a_phantom_does_not_exist(engine, local, engine_answer):
    engine.answers["GET /workflows/flow/instances"] = engine_answer("list_phantom")
    with pytest.raises(cf.NotFound):
        local.get_instance("flow", HEX)
    assert not [call for call in engine.calls if HEX in call]


def test_an_id_that_was_seen_is_asked_for_at_once(engine, local, engine_answer):
    engine.ids = ["ord-1"]
    engine.answers["GET /workflows/flow/instances/ord-1"] = engine_answer("detail_complete")
    local.list_instances("flow")
    walks = len(engine.calls)
    assert local.get_instance("flow", "ord-1").status == "complete"
    assert engine.calls[walks:] == ["GET /workflows/flow/instances/ord-1"]
    with pytest.raises(cf.NotFound):
        local.get_instance("other", "ord-1x")


def test_an_id_that_is_gone_is_looked_for_again(engine, local, engine_answer):
    engine.ids = ["ord-1"]
    path = "GET /workflows/flow/instances/ord-1"
    engine.answers[path] = engine_answer("detail_missing")
    for _ in range(2):
        with pytest.raises(cf.NotFound):
            local.get_instance("flow", "ord-1")
    engine.ids = []
    with pytest.raises(cf.NotFound):
        local.get_instance("flow", "ord-1")
    assert engine.calls.count(path) == 2


def test_an_unknown_workflow_is_not_found(engine, local, engine_answer):
    engine.answers["GET /workflows/no-such/instances"] = engine_answer("create_unknown_workflow")
    with pytest.raises(cf.NotFound) as caught:
        local.get_instance("no-such", "x")
    assert caught.value.code == 10501


def test_a_created_instance_is_known(engine, local, engine_answer):
    engine.answers["POST /workflows/flow/instances"] = engine_answer("create")
    engine.answers["GET /workflows/flow/instances/ord-1"] = engine_answer("detail_complete")
    created = local.create_instance("flow", cf.NewInstance(instance_id="ord-1", params=[1]))
    assert created == cf.CreatedInstance(id="ord-1")
    assert engine.bodies[-1] == {"id": "ord-1", "params": [1]}
    assert local.get_instance("flow", "ord-1").params == {"orderId": "A-17", "napMs": 1500}
    assert "GET /workflows/flow/instances" not in engine.calls


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ("create_duplicate", cf.Conflict, cf.ALREADY_EXISTS),
        ("create_invalid_id", cf.Invalid, 10001),
        ("create_unknown_workflow", cf.NotFound, 10501),
    ],
)
def test_a_refused_create_is_named_and_was_not_done(
    engine, local, engine_answer, answer, kind, code
):
    engine.answers["POST /workflows/flow/instances"] = engine_answer(answer)
    with pytest.raises(cf.CloudflareError) as caught:
        local.create_instance("flow", cf.NewInstance(instance_id="ord-1"))
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.maybe_done) == (code, False)
    assert caught.value.__context__ is None


def test_another_500_of_the_engine_leaves_a_write_open(engine, local):
    engine.answers["POST /workflows/flow/instances"] = {
        "status": 500,
        "type": "application/json",
        "json": {"success": False, "errors": [{"code": 10001, "message": "boom"}]},
    }
    with pytest.raises(cf.ServerError) as caught:
        local.create_instance("flow", cf.NewInstance(instance_id="ord-1"))
    assert caught.value.maybe_done


def test_the_old_dialect_is_asked_for_the_id_before_a_create(old_engine, local, engine_answer):
    old_engine.ids = ["ord-1"]
    old_engine.answers["POST /workflows/flow/instances"] = engine_answer("create")
    with pytest.raises(cf.Conflict) as caught:
        local.create_instance("flow", cf.NewInstance(instance_id="ord-1"))
    assert caught.value.code == cf.ALREADY_EXISTS
    assert "POST /workflows/flow/instances" not in old_engine.calls
    local.create_instance("flow", cf.NewInstance(instance_id="ord-2"))
    assert "POST /workflows/flow/instances" in old_engine.calls


def test_the_new_dialect_names_the_action_status(engine, local, engine_answer):
    engine.ids = ["nap-1"]
    engine.answers["PATCH /workflows/flow/instances/nap-1/status"] = engine_answer("pause")
    changed = local.change_instance_status(
        "flow",
        "nap-1",
        cf.InstanceAction.RESTART,
        restart_from=cf.RestartFrom(name="pay", count=2),
    )
    assert engine.bodies[-1] == {
        "status": "restart",
        "from": {"name": "pay", "count": 2, "type": "do"},
    }
    assert (changed.status, changed.timestamp.year) == ("paused", 2026)


def test_the_old_dialect_names_it_action_and_knows_less(old_engine, local):
    old_engine.ids = ["nap-1"]
    old_engine.answers["PATCH /workflows/flow/instances/nap-1/status"] = json_answer(
        {"success": True}
    )
    changed = local.change_instance_status("flow", "nap-1", cf.InstanceAction.PAUSE)
    assert changed == cf.StatusChanged()
    assert old_engine.bodies[-1] == {"action": "pause"}
    sent = len(old_engine.calls)
    with pytest.raises(cf.NotSupported):
        local.change_instance_status(
            "flow",
            "nap-1",
            cf.InstanceAction.RESTART,
            restart_from=cf.RestartFrom(name="pay"),
        )
    with pytest.raises(cf.NotSupported):
        local.change_instance_status("flow", "nap-1", cf.InstanceAction.TERMINATE, rollback=True)
    with pytest.raises(cf.NotSupported):
        local.delete_instances("flow", ["nap-1"])
    assert len(old_engine.calls) == sent


@pytest.mark.parametrize(
    ("answer", "code"),
    [("terminate_twice", cf.CANNOT_TERMINATE), ("restart_unknown_step", 10001)],
)
def test_an_action_the_state_forbids_is_a_conflict(engine, local, engine_answer, answer, code):
    engine.ids = ["one"]
    engine.answers["PATCH /workflows/flow/instances/one/status"] = engine_answer(answer)
    with pytest.raises(cf.Conflict) as caught:
        local.change_instance_status("flow", "one", cf.InstanceAction.TERMINATE)
    assert (caught.value.code, caught.value.maybe_done) == (code, False)


def test_an_event_is_sent_with_its_payload(engine, local, engine_answer):
    engine.ids = ["app-1"]
    engine.answers["POST /workflows/flow/instances/app-1/events/go"] = engine_answer("event")
    assert local.send_event("flow", "app-1", "go", None) == cf.EventSent(instance_id="app-1")
    local.send_event("flow", "app-1", "go", {"ok": 1})
    assert engine.bodies[-1] == {"ok": 1}


def test_a_deleted_instance_is_unknown_again(engine, local, engine_answer):
    engine.ids = ["p-null"]
    engine.answers["DELETE /workflows/flow/instances/p-null"] = engine_answer("delete")
    assert local.delete_instance("flow", "p-null") == cf.InstanceDeleted(instance_id="p-null")
    engine.ids = []
    with pytest.raises(cf.NotFound):
        local.delete_instance("flow", "p-null")


def test_a_batch_delete_asks_only_for_what_is_there(engine, local, engine_answer):
    engine.ids = ["p-array"]
    path = "POST /workflows/flow/instances/batch/delete"
    engine.answers[path] = json_answer({"deleted": [{"id": "p-array"}], "errors": []})
    done = local.delete_instances("flow", ["nope", "p-array"])
    assert done.deleted == ("p-array",)
    assert [(e.id, e.code) for e in done.errors] == [("nope", cf.INSTANCE_NOT_FOUND)]
    assert engine.bodies[-1] == {"instances": ["p-array"]}
    engine.ids = []
    assert len(local.delete_instances("flow", ["nope", "nope"]).errors) == 2
    assert engine.calls.count(path) == 1


def test_a_deleted_workflow_has_no_instances_left(engine, local, engine_answer):
    engine.ids = ["one"]
    local.list_instances("flow")
    engine.answers["DELETE /workflows/flow"] = engine_answer("delete_workflow")
    assert local.delete_workflow("flow") == cf.WorkflowDeleted(status="ok", success=True)
    engine.ids = []
    with pytest.raises(cf.NotFound):
        local.get_instance("flow", "one")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("detail_sleeping", "waiting"),
        ("detail_waiting_for_event", "waiting"),
        ("detail_retrying", "waiting"),
        ("detail_parallel_running", "running"),
        ("detail_paused_in_sleep", "paused"),
        ("detail_complete", "complete"),
    ],
)
def test_waiting_is_told_apart_from_running(engine, local, engine_answer, answer, status):
    engine.ids = ["one"]
    engine.answers["GET /workflows/flow/instances/one"] = engine_answer(answer)
    detail = local.get_instance("flow", "one")
    assert detail.status == status
    reported = {"reported_status": "running"} if status == "waiting" else {}
    assert detail.extra == reported
    assert detail.trigger_source is None


def test_a_step_under_way_beside_a_sleep_is_running():
    step = {"type": "step", "success": None, "attempts": [{"success": None}]}
    sleep = {"type": "sleep", "finished": False}
    between = {"type": "step", "success": None, "attempts": [{"success": False}]}
    fresh = {"type": "step", "success": None, "attempts": []}

    def status(*steps: Any) -> str:
        return with_derived_status(
            parse_detail({"status": "running", "steps": steps and list(steps)})
        ).status

    assert status(step, sleep) == "running"
    assert status(sleep, between) == "waiting"
    assert status(fresh) == "running"
    assert status() == "running"
    assert status("odd", 7, None) == "running"


def test_order_and_simple_are_applied_here(engine, local, engine_answer):
    engine.ids = ["one"]
    engine.answers["GET /workflows/flow/instances/one"] = engine_answer("detail_complete")
    first = local.get_instance("flow", "one").steps[0].name
    assert local.get_instance("flow", "one", order="desc").steps[-1].name == first
    simple = local.get_instance("flow", "one", simple=True)
    assert len(simple.steps) == 0
    assert simple.step_count > 0


@pytest.mark.parametrize(
    ("capability", "act"),
    [
        (
            "workflow_write",
            lambda a: a.put_workflow("f", cf.WorkflowDefinition(class_name="F", script_name="s")),
        ),
        ("batch_create", lambda a: a.create_instances("f", [])),
        ("batch_terminate", lambda a: a.terminate_instances("f", ["a"])),
        ("terminate_all", lambda a: a.terminate_all_instances("f")),
        ("terminate_all", lambda a: a.get_terminate_job("f")),
        ("step_output", lambda a: a.get_step_output("f", "a", name="s-1", type="step")),
        ("versions", lambda a: a.list_versions("f")),
        ("versions", lambda a: a.get_version("f", "v")),
        ("graph", lambda a: a.get_version_graph("f", "v")),
        ("graph", lambda a: a.get_version_dag("f", "v")),
        ("settings", lambda a: a.get_settings()),
        ("settings", lambda a: a.patch_settings(default_retention=cf.Retention())),
    ],
)
def test_what_the_engine_lacks_is_said_without_a_call(engine, local, capability, act):
    assert getattr(local.capabilities, capability) is False
    with pytest.raises(cf.NotSupported):
        act(local)
    assert engine.calls == []


def test_a_call_this_engine_lost_is_not_supported(engine, local):
    engine.ids = ["one"]
    with pytest.raises(cf.NotSupported):
        local.send_event("flow", "one", "go", {})


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_addresses_something_else_is_not_sent(engine, local, name):
    for act in (
        lambda: local.get_instance("flow", name),
        lambda: local.get_workflow(name),
        lambda: local.delete_instance("flow", name),
    ):
        with pytest.raises(cf.Invalid):
            act()
    assert engine.calls == []


def test_the_local_client_is_one_of_the_protocol(local):
    face: cf.WorkflowsApi = local
    for name, method in inspect.getmembers(cf.WorkflowsApi, inspect.isfunction):
        if not name.startswith("_"):
            assert list(inspect.signature(getattr(face.__class__, name)).parameters) == list(
                inspect.signature(method).parameters
            )


def test_the_record_of_ids_is_bounded():
    ids = KnownIds(capacity=3)
    ids.add("e", "w", ["a", "b", "c"])
    assert ids.has("e", "w", "a")
    ids.add("e", "w", ["d"])
    assert [i for i in "abcd" if ids.has("e", "w", i)] == ["a", "c", "d"]
    ids.add("e", "v", ["z"])
    ids.forget("e", "w")
    assert ids.has("e", "v", "z")
    ids.forget("e")
    assert not ids.has("e", "v", "z")
