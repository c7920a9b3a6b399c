from __future__ import annotations

import pytest

from tests.views.ladder import ReadLadder, UpstreamErrorLadder
from tests.views.simulated import soup, started

PATH = "workflows/orders/instances/order-1/step/?name=charge-1&type=step"


class TestLadder(ReadLadder):
    path = PATH


class TestUpstreamErrors(UpstreamErrorLadder):
    path = PATH


@pytest.mark.django_db
class TestPage:
    path = "workflows/checkout/instances/order-complete/step/?name=reserve+stock-1&type=step"

    @pytest.fixture
    def upstream_url(self, simulator) -> str:
        return simulator.base_url

    @property
    def url(self) -> str:
        return f"/a/acme/{self.path}"

    def test_it_shows_the_whole_output(self, viewer_client):
        assert "reserve stock" in soup(viewer_client.get(self.url)).find("main").text

    def test_it_can_be_saved(self, viewer_client):
        answer = viewer_client.get(f"{self.url}&download=1")
        assert answer.json() == {"reserve stock": True, "order": "complete"}
        assert answer["Content-Disposition"].startswith('attachment; filename="order-complete-')

    def test_a_stream_is_saved_as_bytes_and_never_shown(self, viewer_client, simulator):
        started(simulator, "checkout", "order-stream", step_seconds=0, stream_bytes=5_000)
        path = "workflows/checkout/instances/order-stream/step/?name=reserve+stock-1&type=step"
        answer = viewer_client.get(f"/a/acme/{path}")
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment")
        assert len(answer.content) == 5_000

    def test_a_question_without_a_step_is_refused(self, viewer_client):
        url = "/a/acme/workflows/checkout/instances/order-complete/step/"
        assert viewer_client.get(url).status_code == 400
        assert viewer_client.get(f"{url}?name=x&type=sleep").status_code == 400

    def test_an_unknown_step_says_so(self, viewer_client):
        url = "/a/acme/workflows/checkout/instances/order-complete/step/?name=no-1&type=step"
        assert viewer_client.get(url).status_code == 404
