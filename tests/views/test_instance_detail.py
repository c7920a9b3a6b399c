from __future__ import annotations

import pytest

from tests.views.ladder import ReadLadder, UpstreamErrorLadder
from tests.views.simulated import SimulatedFragment, polls, soup, started

PATH = "workflows/orders/instances/order-1/"


class TestLadder(ReadLadder):
    path = PATH


class TestUpstreamErrors(UpstreamErrorLadder):
    path = PATH


class TestPage(SimulatedFragment):
    path = "workflows/checkout/instances/order-errored/"
    calls = 1
    fragment = "instance"

    def test_an_errored_one_says_why_and_where(self, viewer_client):
        page = soup(viewer_client.get(self.url))
        panel = page.find("section", {"aria-label": "Error"})
        assert "declined" in panel.text
        assert panel.find("a")["href"].endswith("#step-2")
        assert not polls(page, "instance")

    def test_every_attempt_of_a_step_is_there(self, viewer_client):
        page = soup(viewer_client.get(self.url))
        step = page.find(id="step-2")
        assert step["data-status"] == "errored"
        assert len(step.select(".timeline li")) == 3

    def test_a_waiting_one_counts_down_and_refreshes(self, viewer_client):
        page = soup(viewer_client.get("/a/acme/workflows/checkout/instances/order-waiting/"))
        waiting = page.select_one('.step[data-status="waiting"]')
        assert "approve" in waiting.text
        assert waiting.find("time", {"data-live": "until"})
        assert polls(page, "instance")

    def test_rollback_entries_show(self, viewer_client):
        url = "/a/acme/workflows/checkout/instances/order-rolling-back/"
        page = soup(viewer_client.get(url))
        assert "rollingBack" in page.find(id="instance").text
        assert "rollback" in page.select_one(".steps").text

    def test_steps_can_be_filtered_and_turned_around(self, viewer_client):
        errored = soup(viewer_client.get(f"{self.url}?status=errored"))
        assert [step["id"] for step in errored.select(".step")] == ["step-2"]
        turned = soup(viewer_client.get(f"{self.url}?order=desc"))
        assert [step["id"] for step in turned.select(".step")] == ["step-3", "step-2", "step-1"]
        assert "No step fits" in soup(viewer_client.get(f"{self.url}?q=zebra")).text

    def test_an_unknown_one_says_so(self, viewer_client):
        answer = viewer_client.get("/a/acme/workflows/checkout/instances/order-nine/")
        assert answer.status_code == 404
        assert "10400" in answer.content.decode()

    def test_a_cron_made_id_has_an_address(self, viewer_client, simulator):
        listed = soup(viewer_client.get("/a/acme/workflows/nightly-report/"))
        link = listed.select_one("#instances .row-link")
        assert link["title"].startswith("0 2 * * *-")
        page = soup(viewer_client.get(link["href"]))
        assert page.h1.text == link["title"]
        assert "cron" in page.find(id="instance").text

    def test_hostile_params_stay_text(self, viewer_client, simulator):
        hostile = {"note": "<script>alert(1)</script>", "simulate": {"step_seconds": 0}}
        with simulator.simulator._lock:
            simulator.simulator.start("checkout", "order-hostile", params=hostile)
        url = "/a/acme/workflows/checkout/instances/order-hostile/"
        assert b"<script>alert" not in viewer_client.get(url).content


@pytest.fixture
def long_instance(simulator, account) -> str:
    account.base_url = simulator.base_url
    account.save()
    simulator.simulator.define("long-run")
    started(simulator, "long-run", "long-1", steps=10_000, step_seconds=0)
    return "/a/acme/workflows/long-run/instances/long-1/"


@pytest.mark.django_db
def test_ten_thousand_steps_are_shown_in_windows(viewer_client, long_instance):
    page = soup(viewer_client.get(long_instance))
    assert len(page.select(".step")) == 100
    assert "1–100 of 10,000" in page.select_one(".section-head").text
    last = soup(viewer_client.get(f"{long_instance}?start=9990"))
    assert [step["id"] for step in last.select(".step")] == [
        f"step-{number}" for number in range(9_991, 10_001)
    ]
    found = soup(viewer_client.get(f"{long_instance}?q=step+9999"))
    assert [step["id"] for step in found.select(".step")] == ["step-9999"]
