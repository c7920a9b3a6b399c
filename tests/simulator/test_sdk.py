"""The official Python SDK as a client: every Workflows method over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import cloudflare
import httpx
import pytest

from workflows_ui.simulator import SimulatorServer
from workflows_ui.simulator.ops import Do, Wait

ACCOUNT = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def sdk(server):
    # Without this, credentials of the machine's environment would travel along.
    http = httpx.Client(trust_env=False)
    with cloudflare.Cloudflare(
        api_token="simulator-token", base_url=server.base_url, http_client=http, max_retries=0
    ) as client:
        yield client


@pytest.fixture
def workflows(sdk):
    return sdk.workflows


def test_workflows_list_get_and_iterate(workflows):
    page = workflows.list(account_id=ACCOUNT, per_page=2)
    assert [each.name for each in page.result] == ["batch-import", "checkout"]
    assert page.result_info.total_count == 3
    names = [each.name for each in workflows.list(account_id=ACCOUNT, per_page=2)]
    assert names == ["batch-import", "checkout", "nightly-report"]
    one = workflows.get("checkout", account_id=ACCOUNT)
    assert one.instances["rollingBack"] == 1
    assert one.triggered_on == datetime(2026, 11, 24, 8, 40, tzinfo=UTC)
    found = workflows.list(account_id=ACCOUNT, search="night").result
    assert found[0].schedules[0].cron == "0 2 * * *"


def test_workflows_update_and_delete(workflows):
    made = workflows.update(
        "fresh",
        account_id=ACCOUNT,
        class_name="Fresh",
        script_name="shop-worker",
        concurrency={"limit": 3},
        limits={"steps": 50},
        default_retention={"success_retention": "1 day", "error_retention": 1000},
        schedules=[{"cron": "0 0 * * *"}],
    )
    version = workflows.versions.get(made.version_id, account_id=ACCOUNT, workflow_name="fresh")
    assert version.limits.steps == 50
    assert workflows.delete("fresh", account_id=ACCOUNT).status == "ok"
    with pytest.raises(cloudflare.NotFoundError) as raised:
        workflows.get("fresh", account_id=ACCOUNT)
    assert raised.value.errors[0].code == 10200


def test_instances_list_and_iterate_to_the_end(server, workflows):
    for number in range(7):
        server.simulator.start("batch-import", f"more-{number}")
    listed = workflows.instances.list("batch-import", account_id=ACCOUNT, per_page=4)
    assert len(listed.result) == 4
    assert listed.result_info.cursor
    ids = [each.id for each in listed]
    assert len(ids) == len(set(ids)) == 9
    paged = workflows.instances.list("batch-import", account_id=ACCOUNT, per_page=4, page=3)
    assert len(paged.result) == 1
    after = workflows.instances.list(
        "batch-import", account_id=ACCOUNT, cursor=listed.result_info.cursor
    )
    assert len(after.result) == 5
    with pytest.raises(cloudflare.BadRequestError):
        list(
            workflows.instances.list(
                "batch-import", account_id=ACCOUNT, per_page=2, cursor=listed.result_info.cursor
            )
        )


def test_instances_list_filters(workflows):
    found = workflows.instances.list(
        "checkout",
        account_id=ACCOUNT,
        status="waitingForPause",
        date_start=datetime(2026, 11, 24, 8, 30, tzinfo=UTC),
        date_end=datetime(2026, 11, 24, 8, 30, tzinfo=UTC),
        direction="asc",
    )
    assert [each.id for each in found.result] == ["order-pausing"]


def test_instances_create_bulk_and_get(workflows):
    made = workflows.instances.create(
        "checkout",
        account_id=ACCOUNT,
        instance_id="from-sdk",
        params='{"order": 5}',
        instance_retention={"success_retention": "2 days"},
        location_hint="eeur",
    )
    assert made.status == "queued"
    detail = workflows.instances.get("from-sdk", account_id=ACCOUNT, workflow_name="checkout")
    assert detail.params == {"order": 5}
    assert detail.version_id == made.version_id
    assert workflows.instances.create("checkout", account_id=ACCOUNT).id != made.id
    bulk = workflows.instances.bulk(
        "checkout", account_id=ACCOUNT, body=[{"instance_id": "b1"}, {"instance_id": "from-sdk"}]
    )
    assert [each.id for each in bulk.result] == ["b1"]
    with pytest.raises(cloudflare.BadRequestError) as raised:
        workflows.instances.create("checkout", account_id=ACCOUNT, instance_id="from-sdk")
    assert raised.value.errors[0].code == 10405


def test_instances_get_simple_ordered_and_by_a_cron_id(workflows):
    get = workflows.instances.get
    simple = get("order-complete", account_id=ACCOUNT, workflow_name="checkout", simple="true")
    assert simple.steps is None
    assert simple.step_count == 5
    turned = get("order-complete", account_id=ACCOUNT, workflow_name="checkout", order="desc")
    assert turned.steps[0].name == "ship-1"
    assert turned.end - turned.start
    listed = workflows.instances.list("nightly-report", account_id=ACCOUNT)
    cron = get(listed.result[0].id, account_id=ACCOUNT, workflow_name="nightly-report")
    assert cron.schedule.cron == "0 2 * * *"
    assert cron.trigger.source == "cron"


def test_every_instance_of_the_small_story_parses(workflows):
    for row in workflows.instances.list("checkout", account_id=ACCOUNT):
        detail = workflows.instances.get(row.id, account_id=ACCOUNT, workflow_name="checkout")
        assert detail.status == row.status
        if row.status == "errored":
            assert detail.error.name == "CardError"
            assert detail.rollback.outcome == "complete"


def test_instances_step(server, workflows):
    answer = workflows.instances.step(
        "order-errored",
        account_id=ACCOUNT,
        workflow_name="checkout",
        name="charge card-1",
        type="step",
        attempt=2,
    )
    assert answer.status == "errored"
    assert answer.error.message == "declined"
    waiting = workflows.instances.step(
        "order-waiting",
        account_id=ACCOUNT,
        workflow_name="checkout",
        name="approval-1",
        type="waitForEvent",
    )
    assert (waiting.status, waiting.event_type) == ("waiting", "approve")


def test_a_streamed_step_is_read_raw(server, sdk):
    def code(ctx):
        yield Do("zip", ms=10, stream=b"PK\x00")

    server.simulator.define("streams", code=code)
    server.simulator.start("streams", "one")
    server.simulator.clock.advance(1)
    raw = sdk.workflows.instances.with_raw_response.step(
        "one", account_id=ACCOUNT, workflow_name="streams", name="zip-1", type="step"
    )
    assert raw.http_response.content == b"PK\x00"


def test_status_edit_and_events_create(server, workflows):
    def code(ctx):
        yield Do("work", ms=1_000)
        return (yield Wait("approval", "approve"))

    server.simulator.define("flow", code=code)
    server.simulator.start("flow", "*/5 * * * *-1")
    address = {"account_id": ACCOUNT, "workflow_name": "flow"}
    edit = workflows.instances.status.edit
    server.simulator.clock.advance(0.5)
    assert edit("*/5 * * * *-1", status="pause", **address).status == "waitingForPause"
    assert edit("*/5 * * * *-1", status="resume", **address).status == "running"
    server.simulator.clock.advance(2)
    receipt = workflows.instances.events.create(
        "approve", instance_id="*/5 * * * *-1", body={"ok": True}, **address
    )
    assert receipt.instance_id == "*/5 * * * *-1"
    detail = workflows.instances.get("*/5 * * * *-1", **address)
    assert detail.output == '{"ok":true}'
    restarted = edit("*/5 * * * *-1", status="restart", from_={"name": "work"}, **address)
    assert restarted.status == "queued"
    assert (
        edit("*/5 * * * *-1", status="terminate", rollback=True, **address).status == "terminated"
    )
    with pytest.raises(cloudflare.BadRequestError) as raised:
        edit("*/5 * * * *-1", status="terminate", **address)
    assert raised.value.errors[0].code == 10401
    with pytest.raises(cloudflare.ConflictError):
        edit("*/5 * * * *-1", status="restart", from_={"name": "nope"}, **address)


def test_versions_list_get_and_graph(workflows):
    listed = workflows.versions.list("checkout", account_id=ACCOUNT, per_page=1)
    ids = [each.id for each in listed]
    assert len(ids) == 2
    one = workflows.versions.get(ids[0], account_id=ACCOUNT, workflow_name="checkout")
    assert one.has_dag is True
    graph = workflows.versions.graph(ids[0], account_id=ACCOUNT, workflow_name="checkout").graph
    assert [node.type for node in graph.workflow.nodes] == [
        "step_do",
        "step_do",
        "step_sleep",
        "step_wait_for_event",
        "step_do",
    ]
    with pytest.raises(cloudflare.NotFoundError) as raised:
        workflows.versions.get("nope", account_id=ACCOUNT, workflow_name="checkout")
    assert raised.value.errors[0].code == 10300


def test_other_routes_by_the_generic_calls(sdk):
    root = f"/accounts/{ACCOUNT}/workflows/checkout/instances"
    answer = sdk.post(
        f"{root}/batch/delete", body={"instances": ["order-paused", "x"]}, cast_to=object
    )
    assert answer["result"]["deleted"] == [{"id": "order-paused"}]
    assert answer["result"]["errors"][0]["code"] == 10400
    gone = sdk.delete(f"{root}/order-running", cast_to=object)
    assert gone["result"]["instanceId"] == "order-running"


def test_accounts_and_tokens(sdk):
    assert [each.id for each in sdk.accounts.list()] == [ACCOUNT]
    assert sdk.user.tokens.verify().status == "active"
    assert sdk.accounts.tokens.verify(account_id=ACCOUNT).status == "active"


@pytest.mark.parametrize(
    ("token", "error"),
    [
        ("stranger", cloudflare.AuthenticationError),
        ("simulator-forbidden-token", cloudflare.PermissionDeniedError),
    ],
)
def test_refused_tokens(server, token, error):
    http = httpx.Client(trust_env=False)
    with (
        cloudflare.Cloudflare(api_token=token, base_url=server.base_url, http_client=http) as sdk,
        pytest.raises(error),
    ):
        sdk.workflows.list(account_id=ACCOUNT)


def test_the_sdk_repeats_what_fails_three_requests_in_all(server: SimulatorServer):
    server.simulator.faults.add("status", status=503, count=2)
    http = httpx.Client(trust_env=False)
    with cloudflare.Cloudflare(
        api_token="simulator-token", base_url=server.base_url, http_client=http
    ) as sdk:
        assert sdk.workflows.list(account_id=ACCOUNT).result
    assert [call.status for call in server.simulator.calls.all()] == [503, 503, 200]
