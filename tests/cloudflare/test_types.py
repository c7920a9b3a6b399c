"""From JSON to the types: what must be there, what may be missing, what is new."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cloudflare.test_errors import JSON
from workflows_ui import cloudflare as cf
from workflows_ui.cloudflare import parsing
from workflows_ui.cloudflare.graphs import MAX_DEPTH, parse_node, parse_version_graph
from workflows_ui.cloudflare.steps import Steps, awaits_event, parse_failure, parse_step
from workflows_ui.cloudflare.values import moment, whole

PARSERS = [
    parsing.parse_account,
    parsing.parse_token_status,
    parsing.parse_workflow,
    parsing.parse_workflow_deleted,
    parsing.parse_row,
    parsing.parse_created,
    parsing.parse_detail,
    parsing.parse_step_output,
    parsing.parse_status_changed,
    parsing.parse_event_sent,
    parsing.parse_instance_deleted,
    parsing.parse_instances_terminated,
    parsing.parse_instances_deleted,
    parsing.parse_job_status,
    parsing.parse_version,
    parsing.parse_settings,
    parse_version_graph,
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_example_of_a_workflow_is_read_whole(api_example):
    workflow = parsing.parse_workflow(api_example("workflow")["result"])
    assert workflow.name == "order-flow"
    assert workflow.instances["complete"] == 14
    assert workflow.triggered_on == at("2026-11-23T22:15:03.087Z")
    assert workflow.schedules == (
        cf.Schedule(cron="*/30 * * * *", next_instance=at("2026-11-24T00:30:00Z")),
    )
    assert (workflow.script_deleted, workflow.jurisdiction, workflow.extra) == (False, None, {})


def test_the_example_of_a_row_is_read_whole(api_example):
    row = parsing.parse_row(api_example("row")["result"][0])
    assert (row.id, row.status, row.trigger_source) == ("order-8841", "waiting", "api")
    assert row.ended_on is None
    assert row.started_on == at("2026-11-23T22:15:03.290Z")


def test_the_example_of_a_detail_is_read_whole(api_example):
    detail = parsing.parse_detail(api_example("detail")["result"])
    assert (detail.status, detail.success, detail.step_count) == ("errored", False, 4)
    assert detail.error == cf.Failure(name="Error", message="card declined")
    assert detail.trigger_source == "api"
    assert detail.version_id == "7be4f0a1-3f0d-4d39-8a1e-5e0c6b0b9e02"
    reserve, sleep, wait, charge = detail.steps
    assert reserve.output == '{"reserved":true}'
    assert reserve.config == cf.StepConfig(
        retries_limit=5, retries_delay=1000, retries_backoff="exponential", timeout="10 minutes"
    )
    assert (sleep.type, sleep.finished, sleep.attempts) == ("sleep", True, ())
    assert (wait.type, wait.event_type) == ("waitForEvent", "approve")
    assert [a.success for a in charge.attempts] == [False, False]
    assert charge.attempts[1].error == cf.Failure(name="Error", message="card declined")


def test_the_example_of_a_graph_is_read_whole(api_example):
    graph = parse_version_graph(api_example("graph")["result"]).graph
    reserve, parallel, branch = graph.nodes
    assert (reserve.type, reserve.name) == ("step_do", "reserve")
    assert reserve.fields["config"]["timeout"] == "10 minutes"
    assert [node.type for node in parallel.nodes] == ["step_wait_for_event", "step_sleep"]
    assert parallel.fields == {"kind": "all"}
    assert [b.condition for b in branch.branches] == ["ok", None]
    assert branch.branches[1].nodes[0].fields == {"kind": "return"}
    assert graph.functions["notify"].nodes[0].name == "mail"
    assert graph.payload["type"] == "object"


def test_the_smaller_examples_are_read(api_example):
    assert parsing.parse_step_output(api_example("step")["result"]).output == {"reserved": True}
    changed = parsing.parse_status_changed(api_example("status")["result"])
    assert changed == cf.StatusChanged(
        status="waitingForPause", timestamp=at("2026-11-23T22:15:10Z")
    )
    sent = parsing.parse_event_sent(api_example("event")["result"])
    assert sent.instance_id == "order-8841"


@pytest.mark.parametrize(
    ("parse", "data", "missing"),
    [
        (parsing.parse_row, {"id": "a", "status": "running"}, "id"),
        (parsing.parse_row, {"id": "a", "status": "running"}, "status"),
        (parsing.parse_detail, {"status": "running"}, "status"),
        (parsing.parse_workflow, {"name": "a"}, "name"),
        (parsing.parse_created, {"id": "a"}, "id"),
        (parsing.parse_version, {"id": "a"}, "id"),
        (parsing.parse_account, {"id": "a"}, "id"),
        (parsing.parse_token_status, {"status": "active"}, "status"),
        (parsing.parse_job_status, {"status": "running"}, "status"),
        (parsing.parse_instances_terminated, {"status": "ok"}, "status"),
        (parse_version_graph, {"id": "a"}, "id"),
    ],
)
def test_a_required_field_is_enough_and_missed(parse, data, missing):
    parse(data)
    for bad in ({k: v for k, v in data.items() if k != missing}, data | {missing: 7}):
        with pytest.raises(cf.BadResponse) as caught:
            parse(bad)
        assert missing in caught.value.message


def test_new_words_and_fields_survive():
    detail = parsing.parse_detail({"status": "hibernating", "shard": 4, "steps": [{"type": "nap"}]})
    assert (detail.status, detail.extra) == ("hibernating", {"shard": 4})
    assert detail.steps[0].type == "nap"
    assert parse_step({"type": "step", "cpu_ms": 3}).extra == {"cpu_ms": 3}
    assert parsing.parse_row({"id": "a", "status": "s", "z": 1}).extra == {"z": 1}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-20T10:15:30.123Z", datetime(2026, 11, 20, 10, 15, 30, 123000, UTC)),
        ("2026-11-20T10:15:30.123", datetime(2026, 11, 20, 10, 15, 30, 123000, UTC)),
        ("2026-11-20T12:15:30+02:00", datetime(2026, 11, 20, 10, 15, 30, tzinfo=UTC)),
        (1786001400000, datetime(2026, 8, 6, 7, 30, tzinfo=UTC)),
        (-1, None),
        ("9999-12-31T23:00:00Z", None),
        ("", None),
        ("soon", None),
        ("0001-01-01T00:00:00+23:59", None),
        (True, None),
        (10**30, None),
        (10**400, None),
        (float("inf"), None),
        (None, None),
        ([], None),
    ],
)
def test_a_time_is_read_or_is_none(value, expected):
    assert moment(value) == expected


def test_a_cron_run_has_its_moment_in_milliseconds():
    schedule = {"cron": "*/30 * * * *", "scheduledTime": 1786001400000}
    detail = parsing.parse_detail({"status": "running", "schedule": schedule})
    assert detail.schedule.scheduled_time == datetime(2026, 8, 6, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3), (3.0, 3), (3.5, None), (True, None), ("3", None), (float("inf"), None)],
)
def test_a_count_is_whole_or_none(value, expected):
    assert whole(value) == expected


def test_an_error_of_another_shape_is_kept_as_text():
    assert parse_failure("boom") == cf.Failure(name="", message="boom")
    assert parse_failure({"message": {"a": 1}}) == cf.Failure(name="", message='{"a": 1}')
    assert parse_failure(None) is None


def test_retention_comes_as_milliseconds_or_as_text():
    settings = parsing.parse_settings(
        {"default_retention": {"success_retention": 1000.0, "error_retention": "3 days"}}
    )
    assert settings.default_retention == cf.Retention(
        success_retention=1000, error_retention="3 days"
    )


class Untouchable(dict):
    """An entry that must not be read."""

    def get(self, *args):
        raise AssertionError("parsed too early")


def test_steps_are_parsed_only_when_looked_at():
    steps = Steps([Untouchable(type="step"), {"type": "sleep", "name": "nap-1"}])
    assert len(steps) == 2
    assert len(steps[1:]) == 1
    assert steps[-1].name == "nap-1"
    assert steps.raw(0)["type"] == "step"
    assert repr(steps) == "<Steps of 2 entries>"


def test_steps_are_a_sequence():
    steps = Steps([{"type": "step", "name": f"s-{n}"} for n in range(5)])
    assert [s.name for s in steps[1:4:2]] == ["s-1", "s-3"]
    assert [s.name for s in reversed(steps)] == ["s-4", "s-3", "s-2", "s-1", "s-0"]
    assert steps[:2] == Steps([{"type": "step", "name": "s-0"}, {"type": "step", "name": "s-1"}])
    with pytest.raises(IndexError):
        steps[5]


@pytest.mark.parametrize("entry", [None, 7, "text", [1, 2], True])
def test_an_entry_that_is_no_object_is_shown_as_unknown(entry):
    steps = Steps([entry])
    assert steps[0] == cf.StepEntry(type="unknown", output=entry)
    assert steps.raw(0)["output"] == entry


def test_a_deep_graph_ends_at_the_bound():
    node: dict = {"type": "leaf"}
    for _ in range(MAX_DEPTH + 20):
        node = {"type": "block", "nodes": [node]}
    parsed, depth = parse_node(node), 0
    while parsed.nodes:
        parsed, depth = parsed.nodes[0], depth + 1
    assert depth == MAX_DEPTH
    assert "nodes" in parsed.fields


def test_a_try_has_only_the_blocks_that_are_there():
    node = parse_node(
        {
            "type": "try",
            "try_block": {"type": "block", "nodes": [{"type": "step_do", "name": "a"}]},
            "catch_block": {"type": "block", "nodes": []},
            "finally_block": None,
        }
    )
    assert list(node.blocks) == ["try", "catch"]
    assert node.blocks["try"][0].name == "a"


def test_odd_nodes_are_kept():
    assert parse_node("x") == cf.Node(type="unknown", fields={"value": "x"})
    branch = parse_node({"type": "switch", "branches": [{"condition": 3, "nodes": [1]}, "odd"]})
    assert branch.branches[0].condition == "3"
    assert branch.branches[0].nodes[0].type == "unknown"


FIELDS = st.sampled_from(
    [
        "id",
        "name",
        "status",
        "steps",
        "params",
        "trigger",
        "error",
        "output",
        "rollback",
        "schedule",
        "instances",
        "schedules",
        "graph",
        "workflow",
        "nodes",
        "functions",
        "branches",
        "try_block",
        "deleted",
        "errors",
        "attempts",
        "config",
        "retries",
        "type",
        "default_retention",
        "limits",
        "concurrency",
        "start",
        "end",
        "success",
        "step_count",
        "created_on",
    ]
)
SHAPED = st.recursive(
    JSON,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELDS, inner, max_size=6),
    max_leaves=20,
)


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__name__)
@given(data=SHAPED)
def test_any_json_is_parsed_or_is_a_bad_response(parse, data):
    try:
        parsed = parse(data)
    except cf.BadResponse:
        return
    for step in getattr(parsed, "steps", ()):
        assert isinstance(step.type, str)


@pytest.mark.parametrize(
    ("page", "per_page", "total", "more"),
    [(1, 10, 11, True), (2, 10, 20, False), (1, 10, None, False), (1, 10, 0, False)],
)
def test_a_page_knows_whether_another_follows(page, per_page, total, more):
    assert cf.Page(items=(), page=page, per_page=per_page, total_count=total).has_next is more


def test_params_that_were_never_set_are_an_empty_object():
    new = cf.NewInstance(instance_id="a")
    assert new.params == {}
    assert new.params is cf.NOTHING
    with pytest.raises(TypeError):
        new.params["a"] = 1


def test_whether_an_event_is_awaited_is_told_without_parsing():
    done, open_ = ({"type": "waitForEvent", "finished": told} for told in (True, False))
    nap = {"type": "sleep", "finished": False}
    assert awaits_event(Steps([nap, open_, done]))
    assert not awaits_event(Steps([nap, done]))
    assert awaits_event((parse_step(done), parse_step(open_)))
    assert not awaits_event((parse_step(done), parse_step(nap)))
