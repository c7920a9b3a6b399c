from __future__ import annotations

import uuid

import pytest
from django.test import Client

from console.audit.models import Entry
from console.team.models import Protection
from tests.cloudflare import fault_server as faults
from tests.factories import TOKEN, make_account, make_membership
from tests.views.ladder import HTMX
from tests.views.simulated import soup
from workflows_ui.simulator import Simulator, SimulatorServer

ACTS = ["protect", "unprotect", "delete"]
WORKFLOW = "/a/acme/workflows/checkout/"
ABOUT = {
    "name": "checkout",
    "class_name": "Checkout",
    "script_name": "shop-worker",
    "instances": {"running": 1},
}


def url_of(act: str) -> str:
    return f"{WORKFLOW}{act}/"


def sent(**values) -> dict[str, str]:
    return {"key": str(uuid.uuid4()), "reason": "left over", "typed": "checkout", **values}


def acts() -> list[tuple[str, str]]:
    rows = Entry.objects.filter(action__startswith="workflow:").order_by("sequence")
    return list(rows.values_list("action", "outcome"))


@pytest.fixture
def own_simulator():
    """One that a test may empty."""
    with SimulatorServer(Simulator(story="small", rate_limit=False)) as server:
        yield server


@pytest.mark.django_db
@pytest.mark.parametrize("act", ACTS)
class TestTheDoor:
    @pytest.fixture
    def upstream_url(self, fault_upstream) -> str:
        fault_upstream.answer(faults.result(ABOUT))
        return f"{fault_upstream.url}/client/v4"

    @pytest.mark.parametrize("role", ["viewer", "operator"])
    def test_only_an_admin_is_asked_or_may_act(self, member, fault_upstream, act, role):
        client = Client()
        client.force_login(member(role))
        assert client.get(url_of(act)).status_code == 403
        assert client.post(url_of(act), sent()).status_code == 403
        assert fault_upstream.seen == []
        assert acts() == []

    def test_an_outsider_finds_nothing(self, account, outsider_client, act):
        assert outsider_client.get(url_of(act)).status_code == 404
        assert outsider_client.post(url_of(act), sent()).status_code == 404

    def test_nobody_is_sent_to_log_in(self, admin, act):
        assert Client().post(url_of(act), sent()).url.startswith("/person/login/")

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_other_methods_are_refused(self, admin_client, act, method):
        assert getattr(admin_client, method)(url_of(act)).status_code == 405

    def test_it_is_asked_as_a_page_and_as_a_dialog(self, admin_client, act):
        page, piece = admin_client.get(url_of(act)), admin_client.get(url_of(act), headers=HTMX)
        assert soup(page).h1.text == soup(piece).h2.text
        assert b"<html" not in piece.content
        assert TOKEN not in page.content.decode()

    def test_a_form_without_a_key_is_not_taken(self, admin_client, act):
        answer = admin_client.post(url_of(act), sent(key=""))
        assert answer.status_code == 422
        assert "Open it once more" in answer.content.decode()
        assert acts() == []


@pytest.mark.django_db
class TestProtecting:
    @pytest.fixture
    def upstream_url(self, simulator) -> str:
        return simulator.base_url

    def test_it_is_seen_and_asks_for_more_before_destructive_acts(self, admin_client, account):
        answer = admin_client.post(url_of("protect"), sent())
        assert answer.url == WORKFLOW
        assert Protection.objects.get().by.username == "the-admin"
        badge = soup(admin_client.get(WORKFLOW)).select_one(".page-title .badge")
        assert badge.text.strip() == "protected"
        row = soup(admin_client.get("/a/acme/workflows/")).find(id="w-checkout")
        assert "protected" in row.text
        asked = soup(admin_client.get(f"{WORKFLOW}instances/order-waiting/delete/"))
        assert asked.find("input", {"name": "typed"})
        assert acts() == [("workflow:protect", "attempted"), ("workflow:protect", "succeeded")]

    def test_to_protect_twice_changes_nothing(self, admin_client):
        for _ in range(2):
            admin_client.post(url_of("protect"), sent())
        assert Protection.objects.count() == 1

    def test_a_workflow_that_is_not_there_is_not_protected(self, admin_client):
        url = "/a/acme/workflows/no-such/protect/"
        assert admin_client.post(url, sent()).status_code == 404
        assert not Protection.objects.exists()

    def test_to_lift_it_wants_the_name_and_a_reason(self, admin_client, account):
        Protection.objects.create(account=account, workflow="checkout")
        for short in ({"typed": "checkou"}, {"reason": ""}):
            answer = admin_client.post(url_of("unprotect"), sent(**short))
            assert answer.status_code == 422
        assert Protection.objects.exists()
        assert admin_client.post(url_of("unprotect"), sent()).url == WORKFLOW
        assert not Protection.objects.exists()
        assert Entry.objects.filter(action="workflow:unprotect")[0].reason == "left over"

    def test_another_accounts_protection_is_another_matter(self, admin, admin_client, account):
        other = make_account(account_id="f" * 32)
        make_membership(other, admin, "admin")
        Protection.objects.create(account=other, workflow="checkout")
        admin_client.post(url_of("unprotect"), sent())
        assert Protection.objects.count() == 1
        assert not soup(admin_client.get(WORKFLOW)).select_one(".page-title .badge")

    def test_a_viewer_has_no_menu(self, viewer_client, operator_client, admin_client):
        for client, has in ((viewer_client, False), (operator_client, True), (admin_client, True)):
            for path in ("", "versions/"):
                page = soup(client.get(f"{WORKFLOW}{path}"))
                assert bool(page.select("#more-acts a")) is has


@pytest.mark.django_db
class TestDeleting:
    @pytest.fixture
    def upstream_url(self, own_simulator) -> str:
        return own_simulator.base_url

    def test_the_question_names_the_counts_and_where_to_look(self, admin_client):
        page = soup(admin_client.get(url_of("delete")))
        assert "8 instances go" in page.main.text
        assert page.main.find("a", href=f"{WORKFLOW}?status=errored")
        assert "keeps no copies" in page.main.text
        assert "Type its name: checkout" in page.main.text

    @pytest.mark.parametrize("short", [{"typed": ""}, {"typed": "Checkout"}, {"reason": " "}])
    def test_without_name_or_reason_nothing_is_done(self, admin_client, own_simulator, short):
        answer = admin_client.post(url_of("delete"), sent(**short))
        assert answer.status_code == 422
        assert "checkout" in own_simulator.simulator.account.workflows
        assert "8 instances go" in answer.content.decode()
        assert acts() == []

    def test_it_is_gone_once_and_written_down(self, admin_client, own_simulator):
        form = sent()
        answers = [admin_client.post(url_of("delete"), form) for _ in range(2)]
        assert [answer.url for answer in answers] == ["/a/acme/workflows/"] * 2
        assert "checkout" not in own_simulator.simulator.account.workflows
        assert acts() == [("workflow:delete", "attempted"), ("workflow:delete", "succeeded")]
        attempt = Entry.objects.filter(action="workflow:delete").last()
        assert attempt.detail["instances"]["errored"] == 1
        assert attempt.reason == "left over"
        page = soup(admin_client.get("/a/acme/workflows/"))
        assert not page.find(id="w-checkout")
        assert "may take minutes" in page.text


@pytest.mark.django_db
class TestTrouble:
    @pytest.fixture
    def upstream_url(self, fault_upstream, settings) -> str:
        settings.UPSTREAM_TIMEOUT = (0.5, 0.3)
        return f"{fault_upstream.url}/client/v4"

    def test_a_refusal_is_said_and_what_was_typed_stays(self, admin_client, fault_upstream):
        refused = faults.failure(403, 10000, "Authentication error")
        fault_upstream.answer(faults.result(ABOUT), refused)
        form = sent()
        answer = admin_client.post(url_of("delete"), form)
        assert answer.status_code == 422
        assert "Nothing was done" in answer.content.decode()
        assert soup(answer).find("input", {"name": "typed"})["value"] == "checkout"
        assert soup(answer).find("input", {"name": "key"})["value"] == form["key"]
        assert acts()[1] == ("workflow:delete", "failed")

    def test_a_lost_answer_is_said_to_be_unknown(self, admin_client, fault_upstream):
        fault_upstream.answer(faults.result(ABOUT), faults.cut)
        form = sent()
        answer = admin_client.post(url_of("delete"), form)
        assert "not known" in answer.content.decode()
        assert soup(answer).find("input", {"name": "key"})["value"] != form["key"]
        assert [seen.method for seen in fault_upstream.seen] == ["GET", "DELETE"]
        assert acts()[1] == ("workflow:delete", "unknown")

    def test_counts_that_can_not_be_read_stop_nobody(self, admin_client, fault_upstream):
        fault_upstream.answer(faults.failure(403, 10000, "no"), faults.result({"status": "ok"}))
        assert admin_client.post(url_of("delete"), sent()).status_code == 302
        assert acts()[1] == ("workflow:delete", "succeeded")
