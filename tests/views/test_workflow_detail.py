from __future__ import annotations

from tests.views.ladder import ReadLadder, UpstreamErrorLadder
from tests.views.simulated import SimulatedFragment, polls, soup
from workflows_ui.queries import reads

PATH = "workflows/orders/"


class TestLadder(ReadLadder):
    path = PATH


class TestUpstreamErrors(UpstreamErrorLadder):
    path = PATH


class TestPage(SimulatedFragment):
    path = "workflows/checkout/"
    calls = 2
    queries = 7  # whether it is protected
    fragment = "instances"

    def test_it_lists_instances_with_their_status(self, viewer_client):
        page = soup(viewer_client.get(self.url))
        assert "errored" in page.find(id="i-order-errored").text
        assert "/instances/order-errored/" in page.find(id="i-order-errored").a["href"]

    def test_a_viewer_is_offered_nothing_to_do(self, viewer_client):
        text = viewer_client.get(self.url).content.decode()
        assert "/trigger/" not in text

    def test_an_operator_is_offered_to_trigger_and_to_run_again(self, operator_client):
        page = soup(operator_client.get(self.url))
        again = page.find(id="i-order-errored").find("a", string="Run again")
        assert again["href"].endswith("/checkout/trigger/?from=order-errored")

    def test_a_status_narrows_the_list(self, viewer_client):
        page = soup(viewer_client.get(f"{self.url}?status=errored"))
        assert [row["id"] for row in page.select("tbody tr")] == ["i-order-errored"]

    def test_a_period_without_instances_offers_all(self, viewer_client):
        page = soup(viewer_client.get(f"{self.url}?status=errored&date_end=2020-01-01T00:00"))
        assert "No instance fits" in page.find(id="instances").text

    def test_a_wrong_filter_is_named_and_kept_and_the_list_still_shows(self, viewer_client):
        query = "?status=errored&date_start=2020-01-02T13:00&date_end=2020-01-01T13:00"
        page = soup(viewer_client.get(self.url + query))
        assert "This is before the start." in page.text
        assert page.find("input", {"name": "date_end"})["value"] == "2020-01-01T13:00"
        assert [row["id"] for row in page.select("tbody tr")] == ["i-order-errored"]

    def test_a_cursor_nobody_knows_leads_to_the_newest(self, viewer_client):
        answer = viewer_client.get(f"{self.url}?status=errored&cursor=broken&page=4", follow=True)
        assert answer.redirect_chain == [(f"{self.url}?status=errored", 302)]
        assert "not known any more" in answer.content.decode()

    def test_counts_that_could_not_be_read_are_said_to_be_old(self, viewer_client, simulator):
        viewer_client.get(self.url)
        for kept in reads.region.backend._cache.values():
            kept.metadata["ct"] = 0
        fault = simulator.simulator.faults.add("internal", path="/workflows/checkout$")
        try:
            answer = viewer_client.get(self.url)
        finally:
            simulator.simulator.faults.remove(fault)
        assert "Shown as it was" in answer.content.decode()
        assert not polls(soup(answer), "instances")

    def test_an_id_leads_to_its_instance(self, viewer_client):
        answer = viewer_client.get(f"{self.url}?id=order-paused")
        assert answer.url == "/a/acme/workflows/checkout/instances/order-paused/"

    def test_an_id_that_is_not_there_is_named_where_it_was_typed(self, viewer_client):
        page = soup(viewer_client.get(f"{self.url}?id=order-nine"))
        field = page.find("input", {"name": "id"})
        assert field["value"] == "order-nine"
        assert field["aria-invalid"] == "true"
        assert "no such instance" in page.text

    def test_a_hostile_id_never_reaches_the_upstream(self, viewer_client, simulator):
        simulator.simulator.calls.reset()
        page = viewer_client.get(f"{self.url}?id=..%2F..%2Faccounts%3Cscript%3E")
        assert b"<script>" not in page.content
        assert not [c for c in simulator.simulator.calls.all() if "script" in c.path]

    def test_the_commands_to_copy_hold_no_token(self, viewer_client):
        page = soup(viewer_client.get(self.url))
        texts = [button["data-copy"] for button in page.select("[data-copy]")]
        assert texts[0] == "wrangler workflows instances list checkout"
        assert "$CLOUDFLARE_API_TOKEN" in texts[1]

    def test_the_commands_to_copy_keep_the_filter(self, viewer_client):
        page = soup(viewer_client.get(f"{self.url}?status=errored"))
        texts = [button["data-copy"] for button in page.select("[data-copy]")]
        assert texts[0].endswith("list checkout --status errored")
