from __future__ import annotations

import pytest

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

    def test_what_nobody_knows_is_refused(self, viewer_client):
        assert self.get(viewer_client, "secrets").status_code == 400
