from __future__ import annotations

import pytest

from console.audit.actions import AuditAction
from console.audit.models import Outcome
from console.audit.recording import recording
from tests.factories import make_account
from tests.views.ladder import HTMX, ReadLadder, UpstreamErrorLadder
from tests.views.simulated import SimulatedFragment, polls, soup, started
from tests.views.trails import act

PATH = "workflows/orders/instances/order-1/"


class TestLadder(ReadLadder):
    path = PATH


class TestUpstreamErrors(UpstreamErrorLadder):
    path = PATH


class TestPage(SimulatedFragment):
    path = "workflows/checkout/instances/order-errored/"
    calls = 1
    queries = 8  # what was done to it, and whether any of that is still open
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


STORY = "/a/acme/workflows/checkout/instances/order-errored/"


@pytest.mark.django_db
class TestStory:
    @pytest.fixture
    def upstream_url(self, simulator) -> str:
        return simulator.base_url

    def did(self, user, account, action, outcome=Outcome.SUCCEEDED, **facts) -> int:
        given = {"workflow": "checkout", "instance_id": "order-errored"} | facts
        return act(user, account, action, outcome, **given)

    def told(self, answer) -> list[str]:
        story = soup(answer).find("section", {"aria-labelledby": "story"})
        return [" ".join(item.text.split()) for item in story.select("li")]

    def test_without_an_act_it_is_the_engines_own(self, viewer_client):
        told = self.told(viewer_client.get(STORY))
        assert told[0].startswith("Triggered through the API, not by this console")
        assert told[1].startswith("Started")
        assert told[2].startswith("Errored")

    def test_it_names_who_did_what_and_why_in_order_with_links(
        self, viewer_client, operator, admin, account
    ):
        created = self.did(operator, account, AuditAction.INSTANCE_CREATE)
        restarted = self.did(admin, account, AuditAction.INSTANCE_RESTART, reason="<b>stuck</b>")
        self.did(
            operator,
            account,
            AuditAction.INSTANCE_TERMINATE,
            Outcome.FAILED,
            answer={"status": 409},
        )
        account.snapshots.create(
            workflow="checkout",
            instance_id="order-errored",
            attempt_sequence=restarted,
            status="errored",
            size=9,
            packed=b"",
        )
        answer = viewer_client.get(STORY)
        acts = [line for line in self.told(answer) if "the-" in line]
        assert acts[0].startswith("the-operator triggered it")
        assert acts[1].startswith("the-admin restarted it")
        assert "<b>stuck</b>" in acts[1]
        assert acts[1].endswith("Earlier run")
        assert acts[2].startswith("the-operator could not terminate it")
        assert acts[2].endswith("failed: status 409")
        assert not any("not by this console" in line for line in self.told(answer))
        links = [a["href"] for a in soup(answer).select(".timeline a[href*='/trail/']")]
        assert links[:2] == [f"/a/acme/trail/{created}/", f"/a/acme/trail/{restarted}/"]
        assert viewer_client.get(links[2]).status_code == 200

    def test_a_long_story_is_cut_and_leads_to_all_of_it(self, viewer_client, operator, account):
        for _ in range(15):
            self.did(operator, account, AuditAction.INSTANCE_PAUSE)
        answer = viewer_client.get(STORY)
        told = self.told(answer)
        assert (len(told), told[0]) == (13, "6 earlier")
        all_of_it = soup(answer).find("a", string="6 earlier")["href"]
        assert all_of_it == "/a/acme/trail/?workflow=checkout&instance=order-errored"

    def test_a_part_of_a_batch_is_in_it(self, viewer_client, operator, account):
        facts = {"actor": operator, "account": account, "workflow": "checkout"}
        with recording(action=AuditAction.BATCH_TERMINATE, **facts) as made:
            made.part(AuditAction.INSTANCE_TERMINATE, "order-errored", Outcome.SUCCEEDED)
        page = soup(viewer_client.get(STORY))
        (link,) = page.select(".timeline a")
        assert link.text == "the-operator terminated it"
        assert link["href"] == f"/a/acme/trail/{made.sequence}/"

    def test_it_leaves_an_unchanged_fragment_unchanged(self, viewer_client, operator, account):
        self.did(operator, account, AuditAction.INSTANCE_PAUSE)
        mark = viewer_client.get(STORY, headers=HTMX)["ETag"]
        again = viewer_client.get(STORY, headers={**HTMX, "If-None-Match": mark})
        assert again.status_code == 204
        self.did(operator, account, AuditAction.INSTANCE_RESUME)
        assert viewer_client.get(STORY, headers={**HTMX, "If-None-Match": mark}).status_code == 200

    def test_another_accounts_acts_are_not_in_it(self, viewer_client, operator, account):
        other = make_account(slug="other", account_id="e" * 32)
        self.did(operator, other, AuditAction.INSTANCE_PAUSE)
        assert len(self.told(viewer_client.get(STORY))) == 3
