from __future__ import annotations

import uuid

import pytest
from django.test import Client

from console.audit.models import Entry
from console.team.models import Protection
from tests.cloudflare import fault_server as faults
from tests.views.ladder import HTMX
from tests.views.simulated import soup, started
from workflows_ui.models import Batch, Snapshot

PAGE = "/a/acme/workflows/checkout/"
ACTS = ("restart", "terminate", "delete")


def url(act: str) -> str:
    return f"{PAGE}ticked/{act}/"


def sent(*ids: str, **values) -> dict[str, object]:
    return {"instance": list(ids), "key": str(uuid.uuid4()), "reason": "", **values}


@pytest.mark.django_db
class TestTheDoor:
    @pytest.mark.parametrize("act", ACTS)
    def test_a_viewer_is_refused_before_any_call(self, viewer_client, fault_upstream, act):
        assert viewer_client.post(url(act), sent("a")).status_code == 403
        assert viewer_client.post(url(act), {"instance": ["a"]}).status_code == 403
        assert fault_upstream.seen == []

    @pytest.mark.parametrize("act", ["terminate", "delete"])
    def test_an_operator_may_only_restart(self, operator_client, act):
        assert operator_client.post(url(act), sent("a")).status_code == 403
        assert operator_client.post(url("restart"), {"instance": ["a"]}).status_code == 200

    @pytest.mark.parametrize("act", ACTS)
    def test_an_outsider_finds_nothing(self, account, outsider_client, act):
        assert outsider_client.post(url(act), sent("a")).status_code == 404

    @pytest.mark.parametrize("act", ACTS)
    @pytest.mark.parametrize("method", ["get", "put", "delete"])
    def test_other_methods_are_refused(self, admin_client, method, act):
        assert getattr(admin_client, method)(url(act)).status_code == 405

    def test_a_form_without_the_token_against_forgery_is_refused(self, admin):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(admin)
        assert strict.post(url("delete"), sent("a")).status_code == 403

    def test_what_is_no_id_is_refused(self, admin_client):
        assert admin_client.post(url("delete"), sent("a/../b<")).status_code == 422


@pytest.mark.django_db
class TestOnTheSimulator:
    @pytest.fixture
    def upstream_url(self, simulator) -> str:
        return simulator.base_url

    @pytest.fixture
    def ids(self, simulator) -> list[str]:
        made = [f"tick-{uuid.uuid4().hex[:8]}" for _ in range(3)]
        for one in made:
            started(simulator, "checkout", one, step_seconds=100_000)
        return made

    def test_ticks_are_drawn_with_the_right_only(
        self, viewer_client, operator_client, admin_client, ids
    ):
        assert not soup(viewer_client.get(PAGE)).select("[data-tick]")
        page = soup(operator_client.get(f"{PAGE}?status=running"))
        assert page.select_one(f"#tick-{ids[0]}")["form"] == "ticked"
        assert [b.text.strip() for b in page.select(".tick-bar button")] == ["Restart…"]
        assert len(soup(admin_client.get(PAGE)).select(".tick-bar button")) == 3

    def test_the_question_names_them_as_a_page_and_as_a_dialog(self, admin_client, ids):
        page = admin_client.post(url("delete"), {"instance": ids})
        assert page.status_code == 200
        assert soup(page).h1.text == "Delete 3 instances of checkout?"
        piece = admin_client.post(url("delete"), {"instance": ids}, headers=HTMX)
        assert b"<html" not in piece.content
        assert [line.text for line in soup(piece).select(".named li")] == ids

    def test_many_are_counted_and_folded(self, admin_client):
        many = [f"i-{n}" for n in range(50)]
        page = admin_client.post(url("delete"), {"instance": many})
        assert "and 40 more" in page.content.decode()

    def test_without_a_tick_it_leads_back(self, admin_client):
        answer = admin_client.post(url("delete"), {})
        assert (answer.status_code, answer.url) == (302, PAGE)

    @pytest.mark.parametrize(
        ("act", "status", "done"),
        [("restart", "running", "restarted"), ("terminate", "terminated", "terminated")],
    )
    def test_each_is_acted_on_and_told(self, admin_client, simulator, ids, act, status, done):
        answer = admin_client.post(url(act), sent(*ids, reason="because"))
        page = soup(admin_client.get(answer.url))
        assert [row.find_all("td")[2].text.strip() for row in page.select("tbody tr")] == [done] * 3
        assert Snapshot.objects.filter(instance_id__in=ids).count() == 3
        act_row = Entry.objects.get(action=f"batch:{act}", outcome="attempted")
        assert (act_row.reason, act_row.detail["ids"]) == ("because", ids)

    def test_what_became_of_them_says_why_it_was_done(self, admin_client, viewer_client, ids):
        answer = admin_client.post(url("restart"), sent(*ids, reason="<b>because</b>"))
        for client in (admin_client, viewer_client):
            assert soup(client.get(answer.url)).select_one(".page-head q").text == "<b>because</b>"
        unsaid = admin_client.post(url("terminate"), sent(*ids))
        assert not soup(admin_client.get(unsaid.url)).select(".page-head q")

    def test_deleted_ones_are_gone_and_failures_stand_first(self, admin_client, ids):
        answer = admin_client.post(url("delete"), sent(*ids, "never-there"))
        page = soup(admin_client.get(answer.url))
        words = [row.find_all("td")[2].text.strip() for row in page.select("tbody tr")]
        assert words == ["failed", "deleted", "deleted", "deleted"]
        gone = admin_client.get(f"{PAGE}instances/{ids[0]}/")
        assert gone.status_code == 404

    def test_a_form_sent_twice_acts_once(self, admin_client, ids):
        form = sent(*ids)
        first = admin_client.post(url("restart"), form)
        again = admin_client.post(url("restart"), form)
        assert again.url == first.url
        assert Entry.objects.filter(action="batch:restart", outcome="attempted").count() == 1

    def test_on_a_protected_workflow_reason_and_name_are_asked_for(
        self, admin_client, account, ids
    ):
        Protection.objects.create(account=account, workflow="checkout")
        page = admin_client.post(url("delete"), sent(*ids))
        assert page.status_code == 422
        assert [field["value"] for field in soup(page).select("input[name=instance]")] == ids
        form = sent(*ids, reason="why", typed="checkout")
        assert admin_client.post(url("delete"), form).status_code == 302


@pytest.mark.django_db
class TestTrouble:
    @pytest.fixture
    def upstream_url(self, fault_upstream) -> str:
        return f"{fault_upstream.url}/client/v4"

    def test_a_refusal_keeps_the_form(self, admin_client, fault_upstream):
        fault_upstream.answer(faults.failure(429, 10429, "slow", Retry_After="77"))
        form = sent("a", "b", reason="because", without_snapshot="on")
        page = admin_client.post(url("delete"), form)
        assert page.status_code == 422
        assert "Nothing was done" in page.content.decode()
        assert "because" in page.content.decode()
        assert [f["value"] for f in soup(page).select("input[name=instance]")] == ["a", "b"]
        assert not Batch.objects.exists()
