from __future__ import annotations

import pytest

from console.audit.actions import AuditAction
from console.audit.models import Outcome
from console.audit.recording import recording
from tests.factories import make_account
from tests.views.ladder import ReadLadder, UpstreamErrorLadder
from tests.views.simulated import SimulatedFragment, soup
from tests.views.trails import act
from workflows_ui.queries import reads

PATH = "workflows/orders/"


class TestLadder(ReadLadder):
    path = PATH


class TestUpstreamErrors(UpstreamErrorLadder):
    path = PATH


class TestPage(SimulatedFragment):
    path = "workflows/checkout/"
    calls = 2
    # whether it is protected, who triggered what, and for the field "By" members and others
    queries = 10
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

    def test_a_deleted_worker_is_told_beside_the_name(self, viewer_client, simulator):
        assert b"Worker deleted" not in viewer_client.get(self.url).content
        workflow = simulator.simulator.account.workflows["batch-import"]
        workflow.script_deleted = True
        try:
            page = soup(viewer_client.get("/a/acme/workflows/batch-import/"))
        finally:
            workflow.script_deleted = False
        (head,) = page.select(".page-head")
        assert "Worker deleted" in head.select_one(".page-title").text

    def test_a_status_narrows_the_list(self, viewer_client):
        page = soup(viewer_client.get(f"{self.url}?status=errored"))
        assert [row["id"] for row in page.select("tbody tr")] == ["i-order-errored"]

    def test_where_nothing_lives_new_ones_are_still_looked_for(self, viewer_client):
        page = soup(viewer_client.get("/a/acme/workflows/nightly-report/"))
        assert page.find(id="instances")["hx-trigger"] == "every 15s"

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
        assert soup(answer).find(id="instances")["hx-trigger"] == "every 10s"

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


BY = "/a/acme/workflows/checkout/?by="


@pytest.mark.django_db
class TestWhoTriggered:
    @pytest.fixture
    def upstream_url(self, simulator) -> str:
        return simulator.base_url

    def triggered(self, user, account, instance, **facts) -> int:
        given = {"workflow": "checkout", "instance_id": instance} | facts
        return act(user, account, AuditAction.INSTANCE_CREATE, **given)

    def listed(self, answer) -> list[str]:
        return [row["id"].removeprefix("i-") for row in soup(answer).select("tbody tr")]

    def test_a_person_is_named_and_whatever_else_triggered_is(
        self, viewer_client, operator, account
    ):
        self.triggered(operator, account, "order-errored")
        page = soup(viewer_client.get("/a/acme/workflows/checkout/"))
        link = page.find(id="i-order-errored").select_one("td .badge[href]")
        assert (link.text.strip(), link["href"]) == ("the-operator", f"?by={operator.pk}")
        assert "api" in page.find(id="i-order-paused").text

    def test_mine_are_those_i_triggered_and_the_gone_among_them(
        self, operator_client, operator, viewer, account
    ):
        for name in ("order-errored", "order-paused", "order-of-yesterday"):
            self.triggered(operator, account, name)
        self.triggered(viewer, account, "order-waiting")
        self.triggered(operator, account, "order-failed", outcome=Outcome.FAILED)
        answer = operator_client.get(f"{BY}me")
        assert self.listed(answer) == ["order-of-yesterday", "order-paused", "order-errored"]
        gone, paused, _ = soup(answer).select("tbody tr")
        assert gone.select_one(".badge").text == "gone"
        assert "/trail/?workflow=checkout" in gone.a["href"]
        assert "paused" in paused.text

    def test_those_of_a_batch_are_among_them(self, viewer_client, operator, account):
        facts = {"actor": operator, "account": account, "workflow": "checkout"}
        with recording(action=AuditAction.INSTANCE_CREATE_BATCH, **facts) as made:
            made.part(AuditAction.INSTANCE_CREATE, "order-errored", Outcome.SUCCEEDED)
            made.part(AuditAction.INSTANCE_CREATE, "order-paused", Outcome.FAILED)
        assert self.listed(viewer_client.get(f"{BY}{operator.pk}")) == ["order-errored"]

    def test_a_page_of_them_takes_a_call_each_and_leads_on(
        self, viewer_client, operator, account, simulator, django_assert_max_num_queries
    ):
        for n in range(25):
            self.triggered(operator, account, f"gone-{n}")
        simulator.simulator.calls.reset()
        # as the list, with the page from the trail and how far it searched for who triggered what
        with django_assert_max_num_queries(11):
            first = viewer_client.get(f"{BY}{operator.pk}")
        assert len(simulator.simulator.calls) == 21
        assert self.listed(first) == [f"gone-{n}" for n in range(24, 4, -1)]
        older = soup(first).find("a", rel="next")["href"]
        assert f"by={operator.pk}" in older
        second = viewer_client.get(f"/a/acme/workflows/checkout/{older}")
        assert self.listed(second) == [f"gone-{n}" for n in range(4, -1, -1)]

    def test_a_list_of_a_call_each_refreshes_less_often(self, viewer_client, operator, account):
        self.triggered(operator, account, "order-waiting")
        region = soup(viewer_client.get(f"{BY}{operator.pk}")).find(id="instances")
        assert region["hx-trigger"] == "every 30s"

    def test_status_and_time_are_not_mixed_in(self, viewer_client, operator, account):
        self.triggered(operator, account, "order-paused")
        answer = viewer_client.get(f"{BY}{operator.pk}&status=errored")
        assert "Not together with status or time" in soup(answer).text
        assert self.listed(answer) == ["order-errored"]

    def test_nobody_and_nonsense(self, viewer_client, viewer, outsider):
        assert "triggered nothing here" in soup(viewer_client.get(f"{BY}me")).text
        for odd in (outsider.pk, "x", "-1"):
            assert viewer_client.get(f"{BY}{odd}").status_code == 200
        assert viewer_client.get(f"{BY}me&cursor=x").status_code == 200

    def test_nobody_elses_trail_names_them(self, viewer_client, operator, account):
        other = make_account(slug="other", account_id="e" * 32)
        self.triggered(operator, other, "order-errored")
        assert b"the-operator</bdi>" not in viewer_client.get("/a/acme/workflows/checkout/").content
        assert not self.listed(viewer_client.get(f"{BY}{operator.pk}"))
