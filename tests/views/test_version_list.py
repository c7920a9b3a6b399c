from __future__ import annotations

from tests.views.ladder import ReadLadder, UpstreamErrorLadder
from tests.views.simulated import SimulatedFragment, soup

PATH = "workflows/orders/versions/"


class TestLadder(ReadLadder):
    path = PATH


class TestUpstreamErrors(UpstreamErrorLadder):
    path = PATH


class TestPage(SimulatedFragment):
    path = "workflows/checkout/versions/"
    calls = 2
    queries = 7  # whether it is protected
    fragment = "versions"

    def test_the_newest_is_first_and_marked(self, viewer_client):
        rows = soup(viewer_client.get(self.url)).select("tbody tr")
        assert len(rows) == 2
        assert "latest" in rows[0].text
        assert "latest" not in rows[1].text

    def test_a_page_that_is_not_there_says_so(self, viewer_client):
        assert "no page 7" in viewer_client.get(f"{self.url}?page=7").content.decode()
