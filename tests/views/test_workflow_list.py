from __future__ import annotations

import pytest
from django.utils import timezone

from tests.factories import make_account
from tests.views.ladder import ReadLadder, UpstreamErrorLadder
from tests.views.simulated import SimulatedFragment, polls, soup
from workflows_ui.models import SeenInstance

PATH = "workflows/"


class TestLadder(ReadLadder):
    path = PATH


class TestUpstreamErrors(UpstreamErrorLadder):
    path = PATH


class TestPage(SimulatedFragment):
    path = PATH
    calls = 1
    queries = 7  # which workflows are protected
    fragment = "workflows"

    def test_it_lists_workflows_with_counts_that_lead_to_their_instances(self, viewer_client):
        page = soup(viewer_client.get(self.url))
        row = page.find(id="w-checkout")
        errored = row.find("a", title=lambda text: text and text.startswith("errored"))
        assert errored["href"] == "/a/acme/workflows/checkout/?status=errored"
        assert "0 2 * * *" in page.find(id="w-nightly-report").text

    def test_it_refreshes_while_something_lives(self, viewer_client):
        assert polls(soup(viewer_client.get(self.url)), "workflows")

    def test_where_nothing_lives_it_refreshes_slowly(self, viewer_client):
        page = soup(viewer_client.get(f"{self.url}?q=nightly"))
        assert page.find(id="workflows")["hx-trigger"] == "every 15s"

    def test_a_search_that_finds_nothing_says_so_and_keeps_the_word(self, viewer_client):
        page = soup(viewer_client.get(f"{self.url}?q=zebra"))
        assert "zebra" in page.find(id="workflows").text
        assert page.find(id="id_q")["value"] == "zebra"
        assert not polls(page, "workflows")

    def test_a_search_narrows_the_list(self, viewer_client):
        page = soup(viewer_client.get(f"{self.url}?q=check"))
        assert [row["id"] for row in page.select("tbody tr")] == ["w-checkout"]

    def test_a_page_that_is_not_there_leads_to_the_first(self, viewer_client):
        page = soup(viewer_client.get(f"{self.url}?page=99"))
        assert "no page 99" in page.find(id="workflows").text
        assert viewer_client.get(f"{self.url}?page=x").status_code == 200


@pytest.mark.django_db
def test_a_search_also_finds_instances_that_were_seen(account, simulator, viewer_client):
    account.base_url = simulator.base_url
    account.save()
    other = make_account(account_id="d" * 32)
    for place, workflow, name in (
        (account, "checkout", "inv-1"),
        (account, "billing", "inv-2"),
        (account, "billing", "other"),
        (other, "billing", "inv-3"),
    ):
        SeenInstance.objects.create(
            account=place,
            workflow=workflow,
            instance_id=name,
            status="errored",
            read=timezone.now(),
        )
    page = soup(viewer_client.get("/a/acme/workflows/?q=inv-"))
    assert {link.text for link in page.select("a.mono")} == {"inv-1", "inv-2"}
    assert "begins with" not in soup(viewer_client.get("/a/acme/workflows/?q=zzz")).text
