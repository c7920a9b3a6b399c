from __future__ import annotations

import uuid

import pytest
from django.test import Client

from console.audit.models import Entry
from tests.cloudflare import fault_server as faults
from tests.conftest import logged_in
from tests.factories import TOKEN, make_membership, make_token, make_user
from tests.views.ladder import HTMX, ReadLadder
from tests.views.simulated import soup, started
from workflows_ui.models import Sweep
from workflows_ui.simulator import Simulator, SimulatorServer

PAGE = "/a/acme/workflows/checkout/"
START = f"{PAGE}terminate-all/?status=running"
IDLE = faults.result({"status": "not_running"})


def form(status: str = "running", **values) -> dict[str, str]:
    return {"status": status, "key": str(uuid.uuid4()), "reason": "", **values}


class TestLadder(ReadLadder):
    path = "workflows/checkout/terminate-all/?status=running"


@pytest.fixture
def another_admin(account, admin) -> Client:
    user = make_user("another-admin")
    make_membership(account, user, "admin")
    make_token(user, account, TOKEN)
    return logged_in(user)


@pytest.fixture
def sweep_url(admin_client) -> str:
    return admin_client.post(f"{PAGE}terminate-all/", form(reason="because")).url


@pytest.mark.django_db
class TestTheDoor:
    def test_an_operator_is_refused_before_any_call(self, operator_client, fault_upstream):
        assert operator_client.get(START).status_code == 403
        assert operator_client.post(START, form()).status_code == 403
        assert fault_upstream.seen == []
        assert not Sweep.objects.exists()

    @pytest.mark.parametrize("act", ["round/", "stop/"])
    def test_who_may_go_on(
        self, sweep_url, viewer_client, operator_client, outsider_client, admin_client, act
    ):
        assert viewer_client.post(f"{sweep_url}{act}").status_code == 403
        assert operator_client.post(f"{sweep_url}{act}").status_code == 403
        assert outsider_client.post(f"{sweep_url}{act}").status_code == 404
        assert admin_client.get(f"{sweep_url}{act}").status_code == 405
        assert Sweep.objects.get().ended is None

    def test_another_admin_looks_and_may_stop_it_but_not_go_on(self, sweep_url, another_admin):
        page = soup(another_admin.get(sweep_url))
        assert "paused until the-admin goes on" in page.text
        assert not page.find(id="sweep").has_attr("hx-post")
        assert another_admin.post(f"{sweep_url}round/").status_code == 403
        another_admin.post(f"{sweep_url}stop/")
        assert Entry.objects.first().detail["stopped_by"] == "another-admin"

    def test_one_who_is_no_admin_any_more_does_not_go_on(self, sweep_url, admin, admin_client):
        admin.memberships.update(role="operator")
        assert admin_client.post(f"{sweep_url}round/").status_code == 403

    @pytest.mark.parametrize("status", ["", "complete", "x"])
    def test_only_statuses_that_do_not_end_by_themselves(self, admin_client, status):
        start = f"{PAGE}terminate-all/"
        assert admin_client.get(f"{start}?status={status}").status_code == 400
        assert admin_client.post(start, form(status)).status_code == 400

    def test_it_belongs_to_its_workflow(self, sweep_url, admin_client):
        assert admin_client.get(sweep_url.replace("checkout", "orders")).status_code == 404


@pytest.fixture
def own_simulator():
    with SimulatorServer(Simulator(story="small", rate_limit=False)) as server:
        yield server


@pytest.mark.django_db
class TestOnTheSimulator:
    @pytest.fixture
    def upstream_url(self, own_simulator) -> str:
        return own_simulator.base_url

    def test_the_question_names_workflow_status_and_count(self, admin_client, own_simulator):
        for n in range(3):
            started(own_simulator, "checkout", f"long-{n}", step_seconds=100_000)
        listed = soup(admin_client.get(f"{PAGE}?status=running"))
        assert listed.find("a", href=START)
        page = soup(admin_client.get(START))
        assert page.h1.text == "Terminate all running instances of checkout?"
        assert "instances as last counted" in page.text

    def test_it_goes_on_round_by_round_to_the_end(self, admin_client, own_simulator, sweep_url):
        for n in range(120):
            started(own_simulator, "checkout", f"long-{n}", step_seconds=100_000)
        Sweep.objects.update(started="2100-01-01T00:00:00Z")
        assert soup(admin_client.get(sweep_url)).find(id="sweep")["hx-post"].endswith("/round/")
        piece = admin_client.post(f"{sweep_url}round/", headers=HTMX)
        assert piece.status_code == 200
        assert Sweep.objects.get().terminated == 100
        waits = admin_client.post(f"{sweep_url}round/", headers=HTMX)
        assert "the API works on the last round" in waits.content.decode()
        assert Sweep.objects.get().rounds == 1
        for _ in range(2):
            with own_simulator.simulator._lock:
                own_simulator.simulator.account.workflows["checkout"].job_until = 0
            answer = admin_client.post(f"{sweep_url}round/")
            assert (answer.status_code, answer.url) == (302, sweep_url)
        with own_simulator.simulator._lock:
            own_simulator.simulator.account.workflows["checkout"].job_until = 0
        admin_client.post(f"{sweep_url}round/")
        sweep = Sweep.objects.get()
        assert sweep.ended
        assert sweep.left == 0
        page = soup(admin_client.get(sweep_url))
        assert not page.find(id="sweep").has_attr("hx-post")

    def test_the_workflow_leads_to_one_that_is_not_ended(
        self, admin_client, viewer_client, sweep_url
    ):
        assert sweep_url in admin_client.get(PAGE).content.decode()
        assert sweep_url not in viewer_client.get(PAGE).content.decode()
        admin_client.post(f"{sweep_url}stop/")
        assert sweep_url not in admin_client.get(PAGE).content.decode()

    def test_for_whoever_switched_refresh_off_it_waits_for_a_press(
        self, admin, admin_client, sweep_url
    ):
        type(admin).objects.filter(pk=admin.pk).update(refresh_seconds=0)
        region = soup(admin_client.get(sweep_url)).find(id="sweep")
        assert not region.has_attr("hx-post")
        assert region.find("button", string="Go on").find_parent("noscript") is None

    def test_a_viewer_sees_it(self, viewer_client, sweep_url):
        page = soup(viewer_client.get(sweep_url))
        assert "because" in page.text
        assert not page.select("main form")


@pytest.mark.django_db
class TestTrouble:
    @pytest.fixture
    def upstream_url(self, fault_upstream) -> str:
        return f"{fault_upstream.url}/client/v4"

    def test_a_pause_says_when_it_goes_on(self, admin_client, fault_upstream, sweep_url):
        fault_upstream.answer(IDLE, faults.failure(429, 10429, "slow", Retry_After="77"))
        piece = admin_client.post(f"{sweep_url}round/", headers=HTMX)
        region = soup(piece).find(id="sweep")
        seconds = int(region["hx-trigger"].removeprefix("every ").removesuffix("s"))
        assert seconds >= 77
        assert "goes on when the API takes calls again" in region.text
        assert "1 m 17 s" in region.text

    def test_any_other_trouble_waits_for_a_person(self, admin_client, fault_upstream, sweep_url):
        fault_upstream.answer(IDLE, faults.failure(403, 10000, "Authentication error"))
        page = admin_client.post(f"{sweep_url}round/")
        region = soup(page).find(id="sweep")
        assert page.status_code == 502
        assert not region.has_attr("hx-trigger")
        assert region.find("button", string="Go on")
