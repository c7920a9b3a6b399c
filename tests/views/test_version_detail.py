from __future__ import annotations

import json

import pytest

from tests.views.ladder import ReadLadder, UpstreamErrorLadder
from tests.views.simulated import soup

PATH = "workflows/orders/versions/7be4f0a1-3f0d-4d39-8a1e-5e0c6b0b9e02/"


class TestLadder(ReadLadder):
    path = PATH


class TestUpstreamErrors(UpstreamErrorLadder):
    path = PATH


@pytest.mark.django_db
class TestPage:
    @pytest.fixture
    def upstream_url(self, simulator) -> str:
        return simulator.base_url

    @pytest.fixture
    def url(self, simulator) -> str:
        newest = simulator.simulator.call("GET", "/workflows/checkout/versions")
        return f"/a/acme/workflows/checkout/versions/{json.loads(newest.body)['result'][0]['id']}/"

    def test_it_shows_the_graph_as_an_outline(self, viewer_client, url):
        page = soup(viewer_client.get(url))
        names = [code.text for code in page.select(".outline code")]
        assert names == ["reserve stock", "charge card", "cool off", "approval", "ship"]
        assert "approve within 24 hours" in page.select_one(".outline").text

    def test_version_and_graph_are_asked_for_once_each(self, viewer_client, url, simulator):
        simulator.simulator.calls.reset()
        viewer_client.get(url)
        viewer_client.get(url)
        assert len(simulator.simulator.calls) == 2

    def test_an_unknown_version_says_so(self, viewer_client):
        unknown = "/a/acme/workflows/checkout/versions/00000000-0000-4000-8000-000000000000/"
        assert viewer_client.get(unknown).status_code == 404
