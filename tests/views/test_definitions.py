from __future__ import annotations

import json

import pytest
from django.test import Client

from console.audit.models import Entry
from console.audit.verify import verify
from console.team.models import Account, Protection
from tests.cloudflare import fault_server as faults
from tests.factories import TOKEN, make_account, make_membership
from tests.views.simulated import soup
from workflows_ui.models import SentForm
from workflows_ui.services import sent_forms
from workflows_ui.simulator import Simulator, SimulatorServer

NEW = "/a/acme/new-workflow/"
SETTINGS = "/a/acme/workflows/checkout/settings/"
GIVEN = {"class_name": "Checkout", "script_name": "shop-worker", "limits_steps": "500"}

MISSING = faults.failure(404, 10200, "workflows.api.error.workflow.not_found")


def sent(**values: str) -> dict[str, str]:
    return {"name": "checkout", **GIVEN, **values}


def acts() -> list[tuple[str, str]]:
    rows = Entry.objects.filter(action="workflow:put").order_by("sequence")
    return list(rows.values_list("action", "outcome"))


def fields_of(answer) -> dict[str, str]:
    """What a browser would send of the page's form."""
    found = {}
    for field in soup(answer).main.select("form input, form textarea, form select"):
        if field.name == "select":
            chosen = field.find("option", selected=True)
            found[field["name"]] = chosen["value"] if chosen else ""
        elif field.name == "textarea":
            found[field["name"]] = field.text.strip("\n")
        elif field.get("type") != "checkbox" or field.has_attr("checked"):
            found[field["name"]] = field.get("value", "")
    return found


def shown(client: Client, url: str, **values: str) -> dict[str, str]:
    """The fields of the differences that a form leads to."""
    answer = client.post(url, sent(**values))
    assert answer.status_code == 200, soup(answer).main.text
    return {**fields_of(answer), "go": "1"}


def rows_of(answer) -> list[list[str]]:
    rows = soup(answer).select("tbody tr")
    return [[cell.text.strip() for cell in row.find_all("td")] for row in rows]


@pytest.fixture
def server():
    """A simulator that a test may change."""
    with SimulatorServer(Simulator(story="small", rate_limit=False)) as running:
        yield running


@pytest.mark.django_db
@pytest.mark.parametrize("url", [NEW, SETTINGS])
class TestTheDoor:
    @pytest.mark.parametrize("role", ["viewer", "operator"])
    def test_only_an_admin_comes_in(self, member, fault_upstream, url, role):
        client = Client()
        client.force_login(member(role))
        assert client.get(url).status_code == 403
        assert client.post(url, sent(go="1")).status_code == 403
        assert fault_upstream.seen == []
        assert acts() == []

    def test_an_outsider_finds_nothing(self, account, outsider_client, url):
        assert outsider_client.get(url).status_code == 404
        assert outsider_client.post(url, sent()).status_code == 404

    def test_nobody_is_sent_to_log_in(self, admin, url):
        assert Client().get(url).url.startswith("/person/login/")

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_other_methods_are_refused(self, admin_client, url, method):
        assert getattr(admin_client, method)(url).status_code == 405

    def test_a_local_engine_has_no_such_page(self, admin, admin_client, url):
        local = make_account(slug="local", kind=Account.Kind.LOCAL, base_url="http://127.0.0.1:9")
        make_membership(local, admin, "admin")
        answer = admin_client.get(url.replace("acme", "local"))
        assert answer.status_code == 404
        assert "configuration file" in answer.content.decode()


@pytest.mark.django_db
class TestCreating:
    @pytest.fixture
    def upstream_url(self, server) -> str:
        return server.base_url

    def test_it_is_offered_to_an_admin_alone(self, admin_client, operator_client):
        assert NEW in admin_client.get("/a/acme/workflows/").content.decode()
        assert NEW not in operator_client.get("/a/acme/workflows/").content.decode()

    def test_a_workflow_named_new_workflow_stays_in_reach(self, admin_client, server):
        form = shown(admin_client, NEW, name="new-workflow")
        led_to = admin_client.post(NEW, form).url
        assert led_to == "/a/acme/workflows/new-workflow/"
        assert "new-workflow" in admin_client.get(led_to).content.decode()

    def test_it_is_shown_first_and_then_made(self, admin_client, server):
        answer = admin_client.post(
            NEW, sent(name="refunds", schedules="0 2 * * *", jurisdiction="eu")
        )
        assert ["Step limit", "–", "500"] in rows_of(answer)
        assert len(soup(answer).select("main dd time")) == 3
        assert "can't be changed afterwards" in soup(answer).text
        assert "refunds" not in server.simulator.account.workflows
        assert acts() == []
        made = admin_client.post(NEW, {**fields_of(answer), "go": "1"}, follow=True)
        assert "Created refunds" in made.content.decode()
        workflow = server.simulator.account.workflows["refunds"]
        assert workflow.latest.step_limit == 500
        assert [cron.expression for cron in workflow.crons] == ["0 2 * * *"]
        assert workflow.jurisdiction == "eu"
        assert acts() == [("workflow:put", "attempted"), ("workflow:put", "succeeded")]
        verify()

    def test_what_is_wrong_is_named_and_nothing_typed_is_lost(self, admin_client):
        answer = admin_client.post(NEW, sent(name="re funds", schedules="61 * * * *"))
        assert answer.status_code == 422
        page = soup(answer)
        assert page.find("input", {"name": "name"})["aria-invalid"] == "true"
        assert page.find("input", {"name": "limits_steps"})["value"] == "500"
        assert "Bad minute" in page.text

    def test_one_goes_back_to_the_form_with_all_that_was_typed(self, admin_client):
        form = shown(admin_client, NEW, name="refunds", schedules="0 2 * * *\n0 3 * * *")
        del form["go"]
        back = admin_client.post(NEW, form | {"edit": "1"})
        assert back.status_code == 200
        assert fields_of(back)["schedules"] == "0 2 * * *\n0 3 * * *"
        assert fields_of(back)["name"] == "refunds"

    def test_a_script_that_is_not_there_is_said_at_its_field(self, admin_client, server):
        form = shown(admin_client, NEW, name="refunds", script_name="no-such")
        answer = admin_client.post(NEW, form)
        assert answer.status_code == 422
        page = soup(answer)
        assert page.find("input", {"name": "script_name"})["aria-invalid"] == "true"
        assert "refunds" not in server.simulator.account.workflows
        assert acts()[1] == ("workflow:put", "failed")

    def test_a_jurisdiction_that_is_fixed_is_said_at_its_field(self, admin_client):
        form = shown(admin_client, NEW, jurisdiction="eu")
        answer = admin_client.post(NEW, form)
        assert soup(answer).find("select", {"name": "jurisdiction"})["aria-invalid"] == "true"

    def test_a_name_that_came_to_be_in_between_is_no_surprise(self, admin_client, server):
        form = shown(admin_client, NEW, name="refunds")
        admin_client.post(NEW, shown(admin_client, NEW, name="refunds", limits_steps="9"))
        answer = admin_client.post(NEW, form)
        assert answer.status_code == 422
        assert "changed in the meantime" in answer.content.decode()
        assert "exists already" in answer.content.decode()
        assert server.simulator.account.workflows["refunds"].latest.step_limit == 9


@pytest.mark.django_db
class TestChanging:
    @pytest.fixture
    def upstream_url(self, server) -> str:
        return server.base_url

    def test_the_form_starts_from_what_is_told(self, admin_client):
        form = fields_of(admin_client.get(SETTINGS))
        assert (form["class_name"], form["script_name"]) == ("Checkout", "shop-worker")
        assert "jurisdiction" not in form
        page = soup(admin_client.get("/a/acme/workflows/nightly-report/settings/"))
        assert page.find("textarea", {"name": "schedules"}).text.strip() == "0 2 * * *"
        assert len(page.select("#runs time")) == 3

    def test_one_that_is_not_there_is_not_found(self, admin_client):
        assert admin_client.get("/a/acme/workflows/no-such/settings/").status_code == 404

    def test_only_what_changes_is_shown_and_sent(self, admin_client, server):
        server.simulator.calls.reset()
        answer = admin_client.post(SETTINGS, sent())
        assert rows_of(answer) == [["Step limit", "not told", "500"]]
        assert "wrangler deploy" in soup(answer).main.text
        assert [call.method for call in server.simulator.calls.all()] == ["GET", "GET"]
        done = admin_client.post(SETTINGS, {**fields_of(answer), "go": "1"})
        assert done.url == "/a/acme/workflows/checkout/"
        assert server.simulator.account.workflows["checkout"].latest.step_limit == 500
        detail = Entry.objects.filter(action="workflow:put").last().detail
        assert detail["before"]["script_name"] == detail["after"]["script_name"] == "shop-worker"

    def test_nothing_to_change_is_said(self, admin_client):
        answer = admin_client.post(SETTINGS, sent(limits_steps=""))
        assert answer.status_code == 422
        assert "Nothing differs" in answer.content.decode()

    def test_a_form_acts_once_however_often_it_is_sent(self, admin_client, server):
        form = shown(admin_client, SETTINGS)
        answers = [admin_client.post(SETTINGS, form) for _ in range(2)]
        assert answers[0].url == answers[1].url
        assert len(server.simulator.account.workflows["checkout"].versions) == 3
        assert len(acts()) == 2

    def test_a_form_under_way_leads_to_its_workflow(self, admin, admin_client, server, monkeypatch):
        monkeypatch.setattr(sent_forms, "PAUSE", 0)
        form = shown(admin_client, SETTINGS)
        SentForm.objects.create(user=admin, key=form["key"])
        assert admin_client.post(SETTINGS, form).url == "/a/acme/workflows/checkout/"
        assert acts() == []

    def test_a_change_in_between_is_shown_before_anything_is_done(self, admin_client, server):
        form = shown(admin_client, SETTINGS)
        admin_client.post(SETTINGS, shown(admin_client, SETTINGS, limits_steps="9"))
        answer = admin_client.post(SETTINGS, form)
        assert answer.status_code == 422
        assert "changed in the meantime" in answer.content.decode()
        assert rows_of(answer) == [["Step limit", "9", "500"]]
        assert server.simulator.account.workflows["checkout"].latest.step_limit == 9
        again = admin_client.post(SETTINGS, {**fields_of(answer), "go": "1"})
        assert again.status_code == 302
        assert server.simulator.account.workflows["checkout"].latest.step_limit == 500

    def test_a_made_up_mark_is_not_believed(self, admin_client, server):
        form = shown(admin_client, SETTINGS) | {"seen": "0" * 32}
        assert admin_client.post(SETTINGS, form).status_code == 422
        assert acts() == []

    def test_a_takeover_names_both_scripts_and_is_refused_without_its_tick(
        self, admin_client, server
    ):
        answer = admin_client.post(SETTINGS, sent(script_name="import-worker"))
        assert "shop-worker" in soup(answer).select_one(".panel").text
        assert "import-worker" in soup(answer).select_one(".panel").text
        form = {**fields_of(answer), "go": "1"}
        refused = admin_client.post(SETTINGS, form)
        assert refused.status_code == 422
        assert "Tick this" in refused.content.decode()
        assert server.simulator.account.workflows["checkout"].script_name == "shop-worker"
        assert acts() == []
        assert admin_client.post(SETTINGS, form | {"tick": "on"}).status_code == 302
        assert server.simulator.account.workflows["checkout"].script_name == "import-worker"

    def test_a_takeover_that_came_up_in_between_wants_its_tick_too(self, admin_client, server):
        form = shown(admin_client, SETTINGS)
        server.simulator.account.workflows["checkout"].script_name = "import-worker"
        answer = admin_client.post(SETTINGS, form | {"tick": "on"})
        assert answer.status_code == 422
        assert "takes the workflow over" in answer.content.decode()
        assert not soup(answer).find("input", {"name": "tick"}).has_attr("checked")

    def test_a_protected_one_wants_a_reason(self, admin_client, account):
        Protection.objects.create(account=account, workflow="checkout")
        form = shown(admin_client, SETTINGS)
        assert admin_client.post(SETTINGS, form).status_code == 422
        assert admin_client.post(SETTINGS, form | {"reason": "bigger"}).status_code == 302
        assert Entry.objects.filter(action="workflow:put")[0].reason == "bigger"

    def test_the_menu_leads_here(self, admin_client, operator_client):
        page = "/a/acme/workflows/checkout/"
        assert SETTINGS in admin_client.get(page).content.decode()
        assert SETTINGS not in operator_client.get(page).content.decode()


@pytest.mark.django_db
class TestRuns:
    URL = "/a/acme/new-workflow/runs/"

    def test_what_is_typed_so_far_is_told_when_it_fires(self, admin_client, fault_upstream):
        answer = admin_client.get(self.URL, {"schedules": "0 2 * * *\n61 * * * *"})
        assert len(soup(answer).find_all("time")) == 3
        assert "Bad minute" in answer.content.decode()
        assert fault_upstream.seen == []

    def test_markup_that_is_typed_stays_text(self, admin_client):
        answer = admin_client.get(self.URL, {"schedules": "<script>alert(1)</script>"})
        assert "<script>" not in answer.content.decode()

    def test_it_is_for_admins(self, operator_client, outsider_client):
        assert operator_client.get(self.URL).status_code == 403
        assert outsider_client.get(self.URL).status_code == 404
        assert operator_client.post(self.URL).status_code == 405


@pytest.mark.django_db
class TestTrouble:
    @pytest.fixture
    def upstream_url(self, fault_upstream, settings) -> str:
        settings.UPSTREAM_TIMEOUT = (0.5, 0.3)
        return f"{fault_upstream.url}/client/v4"

    @pytest.fixture
    def form(self, admin_client, fault_upstream) -> dict[str, str]:
        fault_upstream.answer(MISSING)
        return shown(admin_client, NEW)

    def test_a_reading_that_fails_loses_nothing(self, admin_client, fault_upstream):
        fault_upstream.answer(faults.failure(403, 10000, "Authentication error"))
        answer = admin_client.post(SETTINGS, sent())
        assert answer.status_code == 422
        assert "lacks a permission" in answer.content.decode()
        assert fields_of(answer)["limits_steps"] == "500"
        assert TOKEN not in answer.content.decode()

    def test_schedules_on_a_free_plan_are_said_at_their_field(
        self, admin_client, fault_upstream, form
    ):
        plan = faults.failure(403, 10208, "workflows.api.error.workflow.cron_requires_paid_plan")
        fault_upstream.answer(MISSING, MISSING, plan)
        answer = admin_client.post(NEW, form)
        assert answer.status_code == 422
        assert "need a paid plan" in answer.content.decode()
        assert soup(answer).find("textarea", {"name": "schedules"})["aria-invalid"] == "true"
        assert acts()[1] == ("workflow:put", "failed")

    def test_a_lost_answer_is_said_to_be_unknown(self, admin_client, fault_upstream, form):
        fault_upstream.answer(MISSING, MISSING, faults.cut, MISSING)
        answer = admin_client.post(NEW, form)
        assert answer.status_code == 422
        assert "not known" in answer.content.decode()
        assert fields_of(answer)["key"] != form["key"]
        bodies = [seen.body for seen in fault_upstream.seen if seen.method == "PUT"]
        assert [json.loads(body)["class_name"] for body in bodies] == ["Checkout"]
        assert acts()[1] == ("workflow:put", "unknown")
