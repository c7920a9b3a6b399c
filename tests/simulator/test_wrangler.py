"""wrangler as a client: every `wrangler workflows` command, as a person would type it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from workflows_ui.simulator import Simulator, SimulatorServer

MODULES = Path(__file__).parents[2] / "var" / "node" / "node_modules"
WRANGLER = Path(
    os.environ.get("WRANGLER_BIN", MODULES / "wrangler" / "wrangler-dist" / "cli.js")
).resolve()
NODE = Path(os.environ.get("NODE_BIN", MODULES / "node" / "bin" / "node"))

pytestmark = [
    pytest.mark.wrangler,
    pytest.mark.skipif(
        not (WRANGLER.exists() and NODE.exists()),
        reason="wrangler is missing: run `make node-tools` or set WRANGLER_BIN and NODE_BIN",
    ),
]


@pytest.fixture
def upstream():
    # wrangler compares with the machine's clock, so this account lives in real time.
    with SimulatorServer(Simulator(story="small")) as server:
        yield server


@pytest.fixture
def run(upstream, tmp_path):
    def run(*arguments, token="simulator-token", fails=False):  # noqa: S107
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path),
            "CI": "1",
            "NO_COLOR": "1",
            "FORCE_COLOR": "0",
            "WRANGLER_SEND_METRICS": "false",
            "WRANGLER_HIDE_BANNER": "true",
            "WRANGLER_LOG_PATH": str(tmp_path / "log"),
            "npm_config_registry": "http://127.0.0.1:9",
            "CLOUDFLARE_API_BASE_URL": upstream.base_url,
            "CLOUDFLARE_ACCOUNT_ID": upstream.simulator.account_id,
            "CLOUDFLARE_API_TOKEN": token,
        }
        program = [NODE, "--no-warnings", WRANGLER] if WRANGLER.suffix == ".js" else [WRANGLER]
        done = subprocess.run(
            [*program, "workflows", *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def detail(upstream, instance_id, workflow="checkout"):
    answer = upstream.simulator.call("GET", f"/workflows/{workflow}/instances/{instance_id}")
    return answer.json().get("result")


def test_list_and_describe(run):
    listed = run("list")
    assert "checkout" in listed
    assert "nightly-report" in listed
    described = run("describe", "checkout")
    assert "shop-worker" in described
    assert "Latest Version" in described
    assert "10200" in run("describe", "nope", fails=True)


def test_instances_list_in_pages_and_with_filters(run):
    page = json.loads(
        run("instances", "list", "checkout", "--per-page", "3", "--page", "3", "--json")
    )
    assert [row["id"] for row in page] == ["order-errored", "order-complete"]
    assert "order-complete" in run("instances", "list", "checkout", "--status", "complete")
    none = run("instances", "list", "checkout", "--date-end", "2020-01-01")
    assert "matched the provided filters" in none


def test_describe_instances_latest_by_id_and_by_a_cron_id(run, upstream):
    assert "order-rolling-back" in run("instances", "describe", "checkout", "latest")
    assert "approval-1" in run("instances", "describe", "checkout", "order-waiting")
    rows = upstream.simulator.call("GET", "/workflows/nightly-report/instances").json()["result"]
    assert "Cron" in run("instances", "describe", "nightly-report", rows[0]["id"])
    upstream.simulator.start("checkout", "*/30 * * * *-1786001400000")
    name = "*/30 * * * *-1786001400000"
    assert json.loads(run("instances", "describe", "checkout", name, "--json"))["id"] == name
    assert "10400" in run("instances", "describe", "checkout", "nope", fails=True)


def test_trigger(run, upstream):
    run("trigger", "checkout", '{"order": 9}', "--id", "from-wrangler")
    assert detail(upstream, "from-wrangler")["params"] == {"order": 9}
    assert "queued successfully" in run("trigger", "checkout")
    assert "10405" in run("trigger", "checkout", "--id", "from-wrangler", fails=True)


def test_pause_resume_and_send_event(run, upstream):
    run("instances", "pause", "checkout", "order-waiting")
    assert detail(upstream, "order-waiting")["status"] == "paused"
    run("instances", "resume", "checkout", "order-waiting")
    assert detail(upstream, "order-waiting")["status"] in ("queued", "running", "waiting")
    run(
        *("instances", "send-event", "checkout", "order-waiting"),
        *("--type", "approve", "--payload", '{"ok": 1}'),
    )
    approval = detail(upstream, "order-waiting")["steps"][3]
    assert approval["output"] == '{"ok":1}'


def test_restart_whole_and_from_a_step(run, upstream):
    answer = run(
        *("instances", "restart", "checkout", "order-complete", "--json"),
        *("--from-step-name", "approval", "--from-step-type", "waitForEvent"),
    )
    assert json.loads(answer)["status"] == "queued"
    assert len(detail(upstream, "order-complete")["steps"]) >= 3
    missing = ("--from-step-name", "nope")
    assert "cannot_restart" in run(
        "instances", "restart", "checkout", "order-complete", *missing, fails=True
    )
    run("instances", "restart", "checkout", "order-errored")
    assert detail(upstream, "order-errored")["end"] is None


def test_terminate_with_and_without_rollback(run, upstream):
    run("instances", "terminate", "checkout", "order-waiting", "--rollback")
    assert detail(upstream, "order-waiting")["status"] in ("rollingBack", "terminated")
    run("instances", "terminate", "checkout", "order-running")
    assert detail(upstream, "order-running")["status"] == "terminated"
    assert "10401" in run("instances", "terminate", "checkout", "order-errored", fails=True)


def test_terminate_all(run, upstream):
    answer = run("instances", "terminate-all", "checkout", "--status", "waiting")
    assert "has been started" in answer
    assert detail(upstream, "order-waiting")["status"] == "terminated"
    assert detail(upstream, "order-paused")["status"] == "paused"


def test_terminate_all_whatever_the_status(run, upstream):
    run("instances", "terminate-all", "checkout")
    for name in ("paused", "waiting", "running", "rolling-back"):
        assert detail(upstream, f"order-{name}")["status"] == "terminated"


def test_delete_instances_and_a_workflow(run, upstream):
    answer = run("instances", "delete", "checkout", "order-paused", "nope", fails=True)
    assert "nope" in answer
    assert detail(upstream, "order-paused") is None
    run("instances", "delete", "checkout", "latest")
    assert detail(upstream, "order-rolling-back") is None
    run("delete", "checkout")
    assert upstream.simulator.call("GET", "/workflows/checkout").status == 404


def test_refusals_are_told_with_their_code(run):
    assert "Authentication error" in run("list", token="stranger", fails=True)
    assert "10000" in run("trigger", "checkout", token="simulator-read-token", fails=True)


def test_a_list_that_fails_once_is_tried_again(run, upstream):
    upstream.simulator.faults.add("internal", path="/instances", count=1)
    assert "order-complete" in run("instances", "list", "checkout")
