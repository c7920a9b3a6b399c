"""Workflows, versions, graphs and settings (API reference, 4.1 to 4.4 and 4.19 to 4.23)."""

from __future__ import annotations

import pytest

from workflows_ui.simulator import Simulator


def error(answer):
    assert answer.json()["success"] is False
    return answer.status, answer.json()["errors"][0]["code"]


def test_workflows_are_listed_in_pages(small):
    first = small.call("GET", "/workflows", per_page=2).json()
    assert [each["name"] for each in first["result"]] == ["batch-import", "checkout"]
    assert first["result_info"] == {
        "count": 2,
        "page": 1,
        "per_page": 2,
        "total_count": 3,
        "total_pages": 2,
    }
    second = small.call("GET", "/workflows", per_page=2, page=2).json()
    assert [each["name"] for each in second["result"]] == ["nightly-report"]
    assert small.call("GET", "/workflows", per_page=2, page=3).json()["result"] == []
    assert small.call("GET", "/workflows").json()["result_info"]["per_page"] == 10


def test_search_filters_by_name(small):
    found = small.call("GET", "/workflows", search="CHECK").json()
    assert [each["name"] for each in found["result"]] == ["checkout"]
    assert found["result_info"]["total_count"] == 1


@pytest.mark.parametrize(
    "query",
    [
        {"page": 0},
        {"page": -1},
        {"page": "x"},
        {"per_page": 0},
        {"per_page": 101},
        {"per_page": 1.5},
        {"search": ""},
        {"search": "x" * 65},
    ],
)
def test_a_bad_query_is_refused(small, query):
    assert error(small.call("GET", "/workflows", **query)) == (400, 10002)


def test_a_workflow_has_its_documented_fields(small):
    found = small.call("GET", "/workflows/checkout").json()["result"]
    assert set(found) == {
        "id",
        "name",
        "class_name",
        "script_name",
        "created_on",
        "modified_on",
        "triggered_on",
        "instances",
    }
    assert found["instances"] == {
        "queued": 0,
        "running": 1,
        "paused": 1,
        "errored": 1,
        "terminated": 1,
        "complete": 1,
        "waitingForPause": 1,
        "waiting": 1,
        "rollingBack": 1,
    }


def test_a_schedule_shows_its_next_instance(small):
    found = small.call("GET", "/workflows/nightly-report").json()["result"]
    assert found["schedules"] == [
        {"cron": "0 2 * * *", "next_instance": "2026-11-25T02:00:00.000Z"}
    ]


BODY = {"class_name": "Sample", "script_name": "shop-worker"}


def test_put_creates_a_workflow_that_runs(small, clock):
    made = small.call("PUT", "/workflows/fresh", json=BODY).json()["result"]
    assert made["name"] == "fresh"
    assert made["triggered_on"] is None
    assert made["is_deleted"] == made["terminator_running"] == 0
    small.call("POST", "/workflows/fresh/instances", json={"instance_id": "a"})
    clock.advance(60)
    detail = small.call("GET", "/workflows/fresh/instances/a").json()["result"]
    assert detail["status"] == "complete"
    assert detail["versionId"] == made["version_id"]
    graph = small.call("GET", f"/workflows/fresh/versions/{made['version_id']}/graph").json()
    assert graph["result"]["graph"]["workflow"]["class_name"] == "Sample"


def test_put_again_makes_a_version_and_may_move_the_workflow(small, clock):
    before = small.call("GET", "/workflows/checkout").json()["result"]
    clock.advance(1)
    body = {
        "class_name": "Checkout",
        "script_name": "import-worker",
        "limits": {"steps": 20_000},
        "concurrency": {"limit": 7},
        "default_retention": {"success_retention": "3 days", "error_retention": 3_600_000},
    }
    after = small.call("PUT", "/workflows/checkout", json=body).json()["result"]
    assert after["id"] == before["id"]
    assert after["created_on"] == before["created_on"]
    assert after["modified_on"] > before["modified_on"]
    assert after["script_name"] == "import-worker"
    newest = small.call("GET", "/workflows/checkout/versions").json()["result"][0]
    assert newest["id"] == after["version_id"]
    assert newest["limits"] == {"steps": 20_000}
    assert newest["concurrency"] == {"limit": 7}
    assert newest["default_retention"] == {
        "success_retention": 259_200_000,
        "error_retention": 3_600_000,
    }


def test_a_put_schedule_really_fires(small, clock):
    body = BODY | {"schedules": [{"cron": "*/5 * * * *"}]}
    small.call("PUT", "/workflows/ticking", json=body)
    clock.advance(16 * 60)
    found = small.call("GET", "/workflows/ticking/instances").json()["result"]
    assert [row["trigger_source"] for row in found] == ["cron"] * 3


@pytest.mark.parametrize(
    "change",
    [
        {"class_name": ""},
        {"class_name": None},
        {"class_name": "x" * 256},
        {"script_name": 7},
        {"limits": {"steps": 0}},
        {"limits": {"steps": 25_001}},
        {"limits": []},
        {"concurrency": {"limit": 0}},
        {"schedules": ["0 2 * * *"]},
        {"schedules": [{"cron": "never"}]},
        {"schedules": [{"cron": "0 0 * * *" + " " * 256}]},
        {"default_retention": {"success_retention": "soon"}},
        {"default_retention": {"success_retention": "31 days"}},
        {"jurisdiction": "moon"},
    ],
)
def test_a_bad_put_body_is_refused(small, change):
    assert error(small.call("PUT", "/workflows/fresh", json=BODY | change)) == (400, 10002)
    assert error(small.call("GET", "/workflows/fresh")) == (404, 10200)


def test_put_refuses_bad_names_missing_bodies_and_unknown_scripts(small):
    for name in ("x" * 65, "-x", "a.b", "a%20b"):
        assert error(small.call("PUT", f"/workflows/{name}", json=BODY)) == (400, 10002)
    assert error(small.call("PUT", "/workflows/fresh")) == (400, 10002)
    unknown = BODY | {"script_name": "nobody"}
    assert error(small.call("PUT", "/workflows/fresh", json=unknown)) == (500, 10001)


def test_a_jurisdiction_is_fixed_at_creation(small):
    made = small.call("PUT", "/workflows/local", json=BODY | {"jurisdiction": "eu"})
    assert made.status == 200
    assert small.call("GET", "/workflows/local").json()["result"]["jurisdiction"] == "eu"
    moved = small.call("PUT", "/workflows/local", json=BODY | {"jurisdiction": "us"})
    assert error(moved) == (400, 10209)


def test_delete_removes_the_workflow_and_its_instances(small):
    answer = small.call("DELETE", "/workflows/checkout").json()["result"]
    assert answer == {"status": "ok", "success": True}
    assert error(small.call("GET", "/workflows/checkout")) == (404, 10200)
    assert error(small.call("GET", "/workflows/checkout/instances/order-waiting")) == (404, 10200)
    assert error(small.call("DELETE", "/workflows/checkout")) == (404, 10200)
    small.call("PUT", "/workflows/checkout", json=BODY)
    assert small.call("GET", "/workflows/checkout/instances").json()["result"] == []


def test_versions_come_newest_first_in_pages(small):
    both = small.call("GET", "/workflows/checkout/versions").json()
    assert both["result_info"]["per_page"] == 50
    assert both["result"][0]["created_on"] > both["result"][1]["created_on"]
    second = small.call("GET", "/workflows/checkout/versions", per_page=1, page=2).json()
    assert second["result"] == both["result"][1:]
    assert small.call("GET", "/workflows/checkout/versions", page=2).json()["result"] == []
    version_id = both["result"][0]["id"]
    one = small.call("GET", f"/workflows/checkout/versions/{version_id}").json()["result"]
    assert one == both["result"][0]
    assert one["has_dag"] is True
    assert one["language"] == "javascript"


@pytest.mark.parametrize("tail", ["", "/graph", "/dag"])
def test_a_missing_version_is_10300(small, tail):
    path = f"/workflows/checkout/versions/00000000-0000-0000-0000-000000000000{tail}"
    assert error(small.call("GET", path)) == (404, 10300)


def test_a_python_version_has_no_graph(clock):
    simulator = Simulator(clock=clock)
    [version, *_] = simulator.call("GET", "/workflows/ml-scoring/versions").json()["result"]
    assert version["has_dag"] is False
    assert version["language"] == "python"
    for kind in ("graph", "dag"):
        path = f"/workflows/ml-scoring/versions/{version['id']}/{kind}"
        assert simulator.call("GET", path).json()["result"][kind] is None


def test_settings_are_merged(small):
    assert small.call("GET", "/workflows/settings").json()["result"] == {}
    first = {"default_retention": {"success_retention": "2 days"}}
    small.call("PATCH", "/workflows/settings", json=first)
    second = {"default_retention": {"error_retention": 60_000}}
    answer = small.call("PATCH", "/workflows/settings", json=second).json()["result"]
    assert answer == {
        "default_retention": {"success_retention": 172_800_000, "error_retention": 60_000}
    }
    bad = {"default_retention": {"error_retention": "40 days"}}
    assert error(small.call("PATCH", "/workflows/settings", json=bad)) == (400, 10002)
    assert small.call("GET", "/workflows/settings").json()["result"] == answer
