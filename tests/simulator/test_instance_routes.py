"""Listing, creating and handling instances (API reference, 4.5 to 4.16)."""

from __future__ import annotations

import json

import pytest

from workflows_ui.simulator.ops import Do, Wait


def error(answer):
    assert answer.json()["success"] is False
    return answer.status, answer.json()["errors"][0]["code"]


@pytest.fixture
def crowd(world):
    """120 instances, one second apart, of which every third is finished."""

    def code(ctx):
        yield Wait("go", "go", "30 days")

    world.flow(code)
    for number in range(120):
        world.start(f"i{number:03d}")
        if number % 3 == 0:
            world.command("terminate", f"i{number:03d}")
        world.clock.advance(1)
    return world


# --- list ---


def test_the_cursor_walks_all_rows_once_newest_first(crowd):
    seen, query, sizes = [], {}, []
    while True:
        answer = crowd.call("GET", "/instances", **query).json()
        seen += [row["id"] for row in answer["result"]]
        sizes.append(answer["result_info"]["count"])
        if "cursor" not in answer["result_info"]:
            break
        query = {"cursor": answer["result_info"]["cursor"]}
    assert seen == [f"i{number:03d}" for number in reversed(range(120))]
    assert sizes == [50, 50, 20]
    assert set(answer["result_info"]) == {"count", "per_page", "total_count"}


def test_a_new_instance_does_not_move_the_cursor(crowd):
    first = crowd.call("GET", "/instances", per_page=100).json()
    crowd.start("late")
    rest = crowd.call("GET", "/instances", per_page=100, cursor=first["result_info"]["cursor"])
    assert next(row["id"] for row in rest.json()["result"]) == "i019"
    assert len(rest.json()["result"]) == 20


def test_pages_end_with_an_empty_one(crowd):
    pages = [
        crowd.call("GET", "/instances", page=number, direction="asc").json()
        for number in (1, 2, 3, 4)
    ]
    assert [page["result_info"]["count"] for page in pages] == [50, 50, 20, 0]
    assert pages[0]["result"][0]["id"] == "i000"
    assert pages[0]["result_info"]["total_pages"] == 3
    assert "cursor" not in pages[0]["result_info"]


def test_filters_by_status_and_both_dates_inclusive(crowd):
    found = crowd.call("GET", "/instances", status="terminated", per_page=100).json()
    assert len(found["result"]) == 40
    span = {"date_start": "2026-11-24T09:00:10Z", "date_end": "2026-11-24T09:00:12.000Z"}
    rows = crowd.call("GET", "/instances", direction="asc", **span).json()["result"]
    assert [row["id"] for row in rows] == ["i010", "i011", "i012"]
    aware = {"date_start": "2026-11-24T09:01:59+00:00"}
    assert len(crowd.call("GET", "/instances", **aware).json()["result"]) == 1
    swapped = {"date_start": "2026-11-25T00:00:00Z", "date_end": "2026-11-24T00:00:00Z"}
    assert crowd.call("GET", "/instances", **swapped).json()["result"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"per_page": 0},
        {"per_page": 101},
        {"page": 0},
        {"status": "done"},
        {"status": ""},
        {"direction": "up"},
        {"date_start": "yesterday"},
        {"date_start": "2026-02-30T00:00:00Z"},
        {"date_end": "2026-11-24T09:00:00+02:00"},
        {"cursor": "x", "page": 1},
        {"cursor": "not a cursor"},
        {"cursor": "WzFd"},
    ],
)
def test_a_bad_list_query_is_refused(crowd, query):
    assert error(crowd.call("GET", "/instances", **query)) == (400, 10002)


def test_two_statuses_are_refused(small):
    path = "/workflows/checkout/instances?status=queued&status=running"
    assert error(small.call("GET", path)) == (400, 10002)


def test_a_row_has_its_documented_fields(small):
    [row] = small.call("GET", "/workflows/checkout/instances", status="running").json()["result"]
    assert set(row) == {
        "id",
        "created_on",
        "modified_on",
        "started_on",
        "ended_on",
        "status",
        "version_id",
        "workflow_id",
        "trigger_source",
    }
    assert row["ended_on"] is None


def test_the_slash_at_the_end_is_tolerated(small):
    assert small.call("GET", "/workflows/checkout/instances/").status == 200


# --- create ---


def test_create_answers_with_the_new_instance(small):
    body = {"instance_id": "mine", "params": {"x": 1}, "location_hint": "weur"}
    answer = small.call("POST", "/workflows/checkout/instances", json=body).json()["result"]
    assert answer["id"] == "mine"
    assert answer["status"] == "queued"
    assert answer["trigger_source"] == "api"
    assert set(answer) == {"id", "status", "version_id", "workflow_id", "trigger_source"}
    workflow = small.call("GET", "/workflows/checkout").json()["result"]
    assert workflow["triggered_on"] == "2026-11-24T09:00:00.000Z"
    assert workflow["id"] == answer["workflow_id"]


@pytest.mark.parametrize(
    ("params", "shown"),
    [
        ({"a": 1}, {"a": 1}),
        ('{"a":1}', {"a": 1}),
        ("[1]", [1]),
        ("plain text", "plain text"),
        (None, None),
        (7, 7),
        ("\ud800", "\ud800"),
    ],
)
def test_params_may_be_json_or_json_as_text(small, params, shown):
    body = json.dumps({"instance_id": "mine", "params": params}).encode()
    small.call("POST", "/workflows/checkout/instances", body=body)
    detail = small.call("GET", "/workflows/checkout/instances/mine").json()["result"]
    assert detail["params"] == shown


def test_an_empty_object_makes_an_instance_with_an_id_of_its_own(small):
    one, two = (
        small.call("POST", "/workflows/checkout/instances", json={}).json()["result"]
        for _ in range(2)
    )
    assert one["id"] != two["id"]
    assert len(one["id"]) == 36


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b'{"params": NaN}',
        b"\xff",
        b"[" * 100_000,
        {"instance_id": ""},
        {"instance_id": "x" * 101},
        {"instance_id": "-x"},
        {"instance_id": "a b"},
        {"instance_id": "é"},
        {"instance_id": "a\n"},
        {"instance_id": 7},
        {"location_hint": "moon"},
        {"instance_retention": {"success_retention": "never"}},
        {"instance_retention": {"error_retention": "2 months"}},
        {"instance_retention": {"error_retention": -1}},
        {"instance_retention": {"error_retention": True}},
        {"params": "x" * (1024 * 1024 + 1)},
        {"params": {"x": "é" * (512 * 1024)}},
    ],
)
def test_a_bad_create_body_is_refused(small, body):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = small.call("POST", "/workflows/checkout/instances", body=sent)
    assert error(answer) == (400, 10002)


@pytest.mark.parametrize(
    "instance_id", ["batch", "terminate", "terminateAll", "cf_" + "0123456789abcdef" * 4]
)
def test_reserved_ids_are_refused(small, instance_id):
    body = {"instance_id": instance_id}
    answer = small.call("POST", "/workflows/checkout/instances", json=body)
    assert answer.status == 400
    message = answer.json()["errors"][0]["message"]
    assert message == "workflows.api.error.instance.invalid_id"


def test_an_id_in_use_is_refused(small):
    body = {"instance_id": "order-waiting"}
    answer = small.call("POST", "/workflows/checkout/instances", json=body)
    assert error(answer) == (400, 10405)
    assert answer.json()["errors"][0]["message"] == "workflows.api.error.instance.already_exists"


def test_create_in_a_missing_workflow(small):
    assert error(small.call("POST", "/workflows/nope/instances", json={})) == (404, 10200)


def test_an_instance_may_bring_its_own_retention(small, clock):
    body = {"instance_id": "brief", "instance_retention": {"success_retention": "1 minute"}}
    small.call("PUT", "/workflows/f", json={"class_name": "F", "script_name": "shop-worker"})
    small.call("POST", "/workflows/f/instances", json=body)
    clock.advance(30)
    assert small.call("GET", "/workflows/f/instances/brief").json()["result"]["end"]
    clock.advance(60)
    assert small.call("GET", "/workflows/f/instances/brief").status == 404


def test_a_batch_leaves_existing_ids_out(small):
    body = [{"instance_id": "a"}, {"instance_id": "order-waiting"}, {"instance_id": "a"}, {}]
    answer = small.call("POST", "/workflows/checkout/instances/batch", json=body).json()
    assert next(each["id"] for each in answer["result"]) == "a"
    assert len(answer["result"]) == 2


@pytest.mark.parametrize("body", [[], [{}] * 101, {}, [1], [{"instance_id": "a b"}], None])
def test_a_bad_batch_is_refused_whole(small, body):
    before = small.call("GET", "/workflows/checkout").json()["result"]["instances"]
    sent = json.dumps(body).encode()
    answer = small.call("POST", "/workflows/checkout/instances/batch", body=sent)
    assert error(answer) == (400, 10002)
    assert small.call("GET", "/workflows/checkout").json()["result"]["instances"] == before


# --- many at once ---


def test_batch_terminate_counts_those_it_ended_and_is_a_job(crowd):
    ids = ["i001", "i002", "i000", "missing", "i001"]
    answer = crowd.call("POST", "/instances/batch/terminate", json=ids).json()["result"]
    assert answer == {"status": "ok", "instancesTerminated": 2}
    assert crowd.status("i001") == "terminated"
    job = crowd.call("GET", "/instances/terminate").json()["result"]
    assert job == {"status": "running"}
    again = crowd.call("POST", "/instances/batch/terminate", json=["i004"]).json()["result"]
    assert again == {"status": "already_running", "instancesTerminated": 0}
    crowd.clock.advance(5)
    assert crowd.call("GET", "/instances/terminate").json()["result"]["status"] == "not_running"


def test_terminate_all_takes_one_status(crowd):
    crowd.command("pause", "i001")
    answer = crowd.call("PUT", "/instances/terminate", status="paused")
    assert answer.json()["result"] == {"status": "ok"}
    assert crowd.status("i001") == "terminated"
    assert crowd.status("i002") == "waiting"
    crowd.clock.advance(5)
    assert crowd.call("PUT", "/instances/terminate").json()["result"] == {"status": "ok"}
    assert crowd.call("PUT", "/instances/terminate").json()["result"] == {
        "status": "already_running"
    }
    assert crowd.call("GET", "").json()["result"]["instances"]["terminated"] == 120
    assert error(crowd.call("PUT", "/instances/terminate", status="complete")) == (400, 10002)


@pytest.mark.parametrize("body", [[], ["x"] * 101, ["a b"], {}, [1]])
def test_a_bad_batch_terminate_is_refused(crowd, body):
    answer = crowd.call("POST", "/instances/batch/terminate", json=body)
    assert error(answer) == (400, 10002)


def test_batch_delete_answers_each_position(crowd):
    ids = ["i001", "missing", "i001", "*/30 * * * *-1"]
    answer = crowd.call("POST", "/instances/batch/delete", json={"instances": ids}).json()
    assert answer["result"]["deleted"] == [{"id": "i001"}, {"id": "i001"}]
    assert answer["result"]["errors"] == [
        {"id": each, "code": 10400, "message": "workflows.api.error.instance.not_found"}
        for each in ("missing", "*/30 * * * *-1")
    ]
    assert error(crowd.call("GET", "/instances/i001")) == (404, 10400)


def test_a_bad_id_refuses_the_whole_batch_delete(crowd):
    body = {"instances": ["i001", "é"]}
    assert crowd.call("POST", "/instances/batch/delete", json=body).status == 400
    assert crowd.call("GET", "/instances/i001").status == 200
    for body in ({}, {"instances": []}, ["i001"], {"instances": ["x"] * 101}):
        assert error(crowd.call("POST", "/instances/batch/delete", json=body)) == (400, 10002)


# --- one instance ---


def test_the_detail_has_its_documented_fields_and_names(small):
    detail = small.call("GET", "/workflows/checkout/instances/order-complete").json()["result"]
    assert list(detail) == [
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
        "step_count",
        "steps",
    ]
    assert detail["trigger"] == {"source": "api"}
    assert [entry["type"] for entry in detail["steps"]] == [
        "step",
        "step",
        "sleep",
        "waitForEvent",
        "step",
    ]
    assert detail["step_count"] == 5
    assert set(detail["steps"][0]) == {
        "type",
        "name",
        "start",
        "end",
        "success",
        "output",
        "config",
        "attempts",
    }
    assert detail["steps"][1]["config"] == {
        "retries": {"limit": 2, "delay": "1 second", "backoff": "exponential"},
        "timeout": "31 days",
    }


def test_simple_and_order_change_the_steps(small):
    path = "/workflows/checkout/instances/order-complete"
    whole = small.call("GET", path).json()["result"]
    simple = small.call("GET", path, simple="true").json()["result"]
    assert "steps" not in simple
    assert simple["step_count"] == 5
    turned = small.call("GET", path, order="desc", simple="false").json()["result"]
    assert turned["steps"] == whole["steps"][::-1]
    assert error(small.call("GET", path, order="up")) == (400, 10002)
    assert error(small.call("GET", path, simple="1")) == (400, 10002)


def test_ids_with_a_slash_are_found_encoded_or_not(small):
    plain = small.call("GET", "/workflows/nightly-report/instances").json()["result"][0]["id"]
    for made in (plain.replace(" ", "%20"), plain.replace(" ", "%20").replace("*", "%2A")):
        answer = small.call("GET", f"/workflows/nightly-report/instances/{made}")
        assert answer.json()["result"]["schedule"]["cron"] == "0 2 * * *"


@pytest.mark.parametrize(
    "instance_id", ["*/30%20*%20*%20*%20*-1", "%2A%2F30%20%2A%20%2A%20%2A%20%2A-1"]
)
def test_every_route_of_an_instance_takes_a_cron_id(world, instance_id):
    def code(ctx):
        return (yield Wait("go", "go"))

    world.flow(code)
    world.start("*/30 * * * *-1")
    world.clock.advance(1)
    path = f"/instances/{instance_id}"
    assert world.call("GET", path).status == 200
    assert world.call("GET", f"{path}/step", name="go-1", type="waitForEvent").status == 200
    assert world.call("PATCH", f"{path}/status", json={"status": "pause"}).status == 200
    assert world.call("POST", f"{path}/events/go", json={}).status == 200
    assert world.call("DELETE", path).status == 200


def test_long_outputs_are_cut_in_the_detail_and_whole_at_the_step_route(world):
    text = "é" * 3_000

    def code(ctx):
        yield Do("long", ms=10, output=text)
        return text

    world.flow(code)
    world.start()
    detail = world.after(1)
    assert detail["steps"][0]["output"] == ('"' + text)[:1024] + "[truncated output]"
    assert detail["output"] == detail["steps"][0]["output"]
    answer = world.call("GET", "/instances/one/step", name="long-1", type="step")
    assert answer.json()["result"] == {"status": "complete", "error": None, "output": text}


def test_sensitive_outputs_are_redacted_everywhere(world):
    def code(ctx):
        yield Do("secret", ms=10, output="hunter2", sensitive=True)

    world.flow(code)
    world.start()
    detail = world.after(1)
    assert detail["steps"][0]["output"] == "[REDACTED]"
    assert detail["steps"][0]["config"]["sensitive"] == "output"
    answer = world.call("GET", "/instances/one/step", name="secret-1", type="step")
    assert answer.json()["result"]["output"] == "[REDACTED]"


def test_streams_are_described_and_served_raw(world):
    def code(ctx):
        yield Do("zip", ms=10, stream=b"PK\x00\xff" * 5)

    world.flow(code)
    world.start()
    assert world.after(1)["steps"][0]["output"] == "[ReadableStream (binary): 20 bytes]"
    answer = world.call("GET", "/instances/one/step", name="zip-1", type="step")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.body == b"PK\x00\xff" * 5


def test_the_step_route_answers_per_attempt_and_kind(world):
    def code(ctx):
        yield Do("a", ms=10, fails=1, output={"n": 1})
        yield Wait("a", "go")

    world.flow(code)
    world.start()
    world.clock.advance(3)

    def step(**query):
        return world.call("GET", "/instances/one/step", **query)

    first = step(name="a-1", type="step", attempt=1).json()["result"]
    assert first == {
        "status": "errored",
        "error": {"name": "Error", "message": "step failed"},
        "output": None,
    }
    second = step(name="a-1", type="step", attempt=2).json()["result"]
    assert second == {"status": "complete", "error": None, "output": {"n": 1}}
    waiting = step(name="a-1", type="waitForEvent").json()["result"]
    assert waiting == {"status": "waiting", "error": None, "output": None, "event_type": "go"}
    world.event("go", [1])
    assert step(name="a-1", type="waitForEvent").json()["result"]["output"] == [1]
    assert step(name="a-1", type="step", attempt=3).status == 404
    assert step(name="a-9", type="step").status == 404
    assert step(name="a", type="step").status == 404
    for bad in (
        {"name": "a-1"},
        {"type": "step"},
        {"name": "a-1", "type": "sleep"},
        {"name": "a-1", "type": "step", "attempt": 0},
        {"name": "", "type": "step"},
    ):
        assert error(step(**bad)) == (400, 10002)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "stop"},
        {"status": "terminate", "rollback": "yes"},
        {"status": "restart", "from": {}},
        {"status": "restart", "from": {"name": ""}},
        {"status": "restart", "from": {"name": "x" * 257}},
        {"status": "restart", "from": {"name": "a", "count": 0}},
        {"status": "restart", "from": {"name": "a", "type": "step"}},
        {"action": "pause"},
        [],
    ],
)
def test_a_bad_status_body_is_refused_before_the_instance_is_looked_for(small, body):
    for instance_id in ("order-waiting", "missing"):
        path = f"/workflows/checkout/instances/{instance_id}/status"
        assert error(small.call("PATCH", path, json=body)) == (400, 10002)


def test_an_event_without_body_is_refused_before_anything_is_looked_for(small):
    for path in ("checkout/instances/order-waiting", "nope/instances/x"):
        assert error(small.call("POST", f"/workflows/{path}/events/go")) == (400, 10002)
    assert error(small.call("POST", "/workflows/nope/instances/x/events/go", json=1)) == (
        404,
        10200,
    )
    path = "/workflows/checkout/instances/missing/events/go"
    assert error(small.call("POST", path, json=1)) == (404, 10400)
    bad = "/workflows/checkout/instances/order-waiting/events/-no"
    assert error(small.call("POST", bad, json=1)) == (400, 10002)
    too_big = b'"' + b"x" * (1024 * 1024) + b'"'
    path = "/workflows/checkout/instances/order-waiting/events/approve"
    assert error(small.call("POST", path, body=too_big)) == (400, 10002)


def test_an_event_answers_with_a_receipt(small):
    path = "/workflows/checkout/instances/order-waiting/events/approve"
    answer = small.call("POST", path, json={"ok": True}).json()["result"]
    assert answer == {"instanceId": "order-waiting", "timestamp": "2026-11-24T09:00:00.000Z"}


def test_an_event_to_a_finished_instance_is_refused(small):
    path = "/workflows/checkout/instances/order-complete/events/approve"
    assert small.call("POST", path, json=1).status == 400
