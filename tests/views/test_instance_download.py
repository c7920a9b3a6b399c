from __future__ import annotations

import json

import pytest

from tests.cloudflare import fault_server as faults
from tests.views.ladder import ReadLadder, UpstreamErrorLadder

PATH = "workflows/orders/instances/order-1/download/?what=params"


class TestLadder(ReadLadder):
    path = PATH


class TestUpstreamErrors(UpstreamErrorLadder):
    path = PATH


@pytest.mark.django_db
class TestDownload:
    @pytest.fixture
    def upstream_url(self, simulator) -> str:
        return simulator.base_url

    def get(self, client, what: str, instance: str = "order-errored"):
        return client.get(f"/a/acme/workflows/checkout/instances/{instance}/download/?what={what}")

    def test_params_and_error_come_as_json_to_save(self, viewer_client):
        assert self.get(viewer_client, "params").json()["order"] == "errored"
        error = self.get(viewer_client, "error")
        assert error.json()["message"] == "declined"
        assert error["Content-Disposition"] == 'attachment; filename="order-errored-error.json"'

    def test_everything_holds_every_step(self, viewer_client):
        detail = self.get(viewer_client, "detail").json()
        assert [step["name"] for step in detail["steps"]] == [
            "reserve stock-1",
            "charge card-1",
            "reserve stock",
        ]

    def test_the_output_of_a_step_can_be_saved(self, viewer_client):
        answer = self.get(viewer_client, "step&place=1")
        assert answer.json() == {"reserve stock": True, "order": "errored"}
        assert "reserve_stock-1" in answer["Content-Disposition"]

    def test_a_step_that_is_not_there_is_not_found(self, viewer_client):
        assert self.get(viewer_client, "step&place=99").status_code == 404
        assert self.get(viewer_client, "step").status_code == 400

    def test_what_nobody_knows_is_refused(self, viewer_client):
        assert self.get(viewer_client, "secrets").status_code == 400

    def test_a_value_too_deep_to_write_says_so(self, viewer_client, fault_upstream, account):
        deep = "[" * 8_000 + "]" * 8_000
        detail = f'{{"status": "complete", "params": {deep}, "steps": []}}'
        body = f'{{"success": true, "errors": [], "messages": [], "result": {detail}}}'
        fault_upstream.answer(faults.http(body))
        account.base_url = f"{fault_upstream.url}/client/v4"
        account.save()
        for what in ("params", "detail"):
            # written out, said to be too deep, or refused when read: never a crash
            assert self.get(viewer_client, what).status_code in (200, 422, 502)

    def test_everything_is_the_apis_own_answer(self, viewer_client, simulator):
        told = simulator.simulator.call("GET", "/workflows/checkout/instances/order-errored")
        assert self.get(viewer_client, "detail").json() == json.loads(told.body)["result"]
