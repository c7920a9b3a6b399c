from __future__ import annotations

import json
from typing import Any

import pytest

from tests.factories import make_account
from workflows_ui import cloudflare as cf
from workflows_ui.models import Snapshot
from workflows_ui.services import snapshots
from workflows_ui.services.snapshots import snapshot_take

pytestmark = pytest.mark.django_db

CUT = "cut…[truncated output]"


class Api:
    """What a snapshot asks of a client; `outputs` by step name."""

    def __init__(self, steps: list[dict[str, Any]], outputs: dict[str, Any], **raw: Any) -> None:
        self.raw = {"status": "errored", "steps": steps, **raw}
        self.outputs = outputs
        self.capabilities = cf.Capabilities()

    def get_instance(self, workflow: str, instance: str) -> cf.InstanceDetail:
        return cf.parse_detail(self.raw)

    def get_step_output(self, workflow: str, instance: str, *, name: str, type: str) -> Any:
        if name not in self.outputs:
            raise cf.NotFound("no such step", status=404)
        output = self.outputs[name]
        if isinstance(output, bytes):
            return cf.StepStream(content=output)
        return cf.StepOutput(status="complete", output=output)


def step(name: str, output: Any = CUT) -> dict[str, Any]:
    return {"type": "step", "name": name, "success": True, "attempts": [], "output": output}


def take(api: Api) -> Snapshot:
    return snapshot_take(
        api=api, account=make_account(), workflow="orders", instance="i-1", attempt_sequence=7
    )


def outputs(kept: Snapshot) -> list[Any]:
    return [entry.get("output") for entry in kept.content["steps"]]


def test_cut_outputs_are_replaced_by_whole_ones():
    kept = take(Api([step("a-1", '"small"'), step("b-1")], {"b-1": {"rows": [1, 2]}}))
    assert [json.loads(text) for text in outputs(kept)] == ["small", {"rows": [1, 2]}]
    assert (kept.step_count, kept.status, kept.missing) == (2, "errored", "")
    assert kept.size > 100


def test_what_cannot_be_had_whole_is_said():
    kept = take(Api([step("a-1"), step("b-1")], {"a-1": b"\0bytes"}))
    assert outputs(kept) == [CUT, CUT]
    assert kept.missing == "The whole output of 2 steps."


def test_only_so_many_outputs_are_asked_for(monkeypatch):
    monkeypatch.setattr(snapshots, "MOST_OUTPUTS", 2)
    names = [f"s-{number}" for number in range(5)]
    kept = take(Api([step(name) for name in names], dict.fromkeys(names, 1)))
    assert outputs(kept) == ["1", "1", CUT, CUT, CUT]
    assert kept.missing == "The whole output of 3 steps."


def test_outputs_stay_cut_where_they_would_not_fit(monkeypatch):
    monkeypatch.setattr(snapshots, "MOST_BYTES", 2_000)
    api = Api([step("a-1"), step("b-1")], {"a-1": "x" * 1_000, "b-1": "y" * 1_000})
    kept = take(api)
    assert len(outputs(kept)[0]) == 1_002
    assert outputs(kept)[1] == CUT
    assert kept.size < 2_500


def test_a_detail_over_the_bound_is_kept_without_outputs(monkeypatch):
    monkeypatch.setattr(snapshots, "MOST_BYTES", 1_000)
    kept = take(Api([step("a-1", "z" * 5_000)], {}))
    assert outputs(kept) == [None]
    assert "outputs of steps" in kept.missing


def test_half_a_megabyte_of_params_survives_and_packs_well():
    big = {"text": "é" * 250_000}
    kept = take(Api([], {}, params=big))
    assert kept.content["params"] == big
    assert len(bytes(kept.packed)) < 10_000


def test_what_looks_like_a_token_is_not_kept():
    token = "cfut_Zk3TokenOfNobody0123"
    kept = take(Api([step("a-1")], {"a-1": {"auth": f"Bearer {token}"}}, params={"t": token}))
    assert token not in json.dumps(kept.content)


def test_an_instance_that_cannot_be_read_leaves_no_copy():
    api = Api([], {})
    api.get_instance = lambda *_: (_ for _ in ()).throw(cf.ServerError("no", status=500))
    with pytest.raises(cf.ServerError):
        take(api)
    assert not Snapshot.objects.exists()
