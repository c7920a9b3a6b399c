from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from console.audit.actor import Actor
from console.audit.models import Entry
from console.vault.services import token_lend
from tests.factories import make_membership, make_token, make_user
from tests.views.simulated import soup
from workflows_ui.models import Dashboard, DashboardLink, Panel, Sampling, SeenInstance
from workflows_ui.queries.panels import KINDS
from workflows_ui.services import dashboards as services
from workflows_ui.watching import wall_board

LIST = "/a/acme/dashboards/"


def sent(**values) -> dict[str, str]:
    return {"key": str(uuid.uuid4()), "label": "hall", "days": "7", **values}


@pytest.fixture(autouse=True)
def _allowed(settings) -> None:
    settings.WALL_LINKS = True


@pytest.fixture
def board(account, admin) -> Dashboard:
    made = Dashboard.objects.create(account=account, owner=admin, title="Hall", shared=True)
    Panel.objects.create(dashboard=made, kind="note", place=0, settings={"text": "hello"})
    return made


@pytest.fixture
def links(board) -> str:
    return f"{LIST}{board.pk}/links/"


@pytest.fixture
def wall(links, admin_client) -> str:
    """The path of a fresh link."""
    page = admin_client.post(links, sent()).content.decode()
    # at CONSOLE_URL, whatever host was asked
    return re.search(r"http://127.0.0.1:8000(/wall/[\w-]{40,}/)", page)[1]


@pytest.mark.django_db
class TestLinks:
    def test_its_address_is_shown_once_and_only_a_digest_stays(self, links, wall, admin_client):
        secret = wall.split("/")[2]
        assert secret not in admin_client.get(links).content.decode()
        assert secret not in DashboardLink.objects.get().digest
        assert secret not in str(list(Entry.objects.values_list()))

    def test_its_address_is_copied_by_a_button_that_is_always_there(self, links, admin_client):
        page = soup(admin_client.post(links, sent()))
        button = page.select_one("[data-copy]")
        assert button.text == "Copy"
        assert "/wall/" in button["data-copy"]
        assert not button.find_parent(class_="copyable")

    def test_making_and_revoking_one_is_told_with_its_label(self, links, wall, admin_client):
        admin_client.post(f"{links}{DashboardLink.objects.get().pk}/revoke/")
        revoked, made, *_ = soup(admin_client.get("/a/acme/trail/")).select("tbody tr")
        for line, said in ((made, "made a link to"), (revoked, "revoked a link to")):
            told = " ".join(line.text.split())
            assert f"{said} the dashboard Hall the link “hall”" in told

    def test_a_form_makes_one_link_however_often_it_is_sent(self, links, admin_client):
        form = sent()
        admin_client.post(links, form)
        again = admin_client.post(links, form, follow=True)
        assert DashboardLink.objects.count() == 1
        assert "shown only once" in again.content.decode()

    def test_only_who_manages_the_account_makes_them(
        self, links, viewer_client, operator_client, outsider_client
    ):
        assert viewer_client.get(links).status_code == 403
        assert operator_client.post(links, sent()).status_code == 403
        assert outsider_client.get(links).status_code == 404
        assert Client().get(links).status_code == 302

    def test_there_are_none_where_they_are_not_allowed(self, links, wall, admin_client, settings):
        settings.WALL_LINKS = False
        assert admin_client.get(links).status_code == 404
        assert Client().get(wall).status_code == 404

    def test_there_are_none_to_a_private_dashboard(self, links, board, admin_client):
        Dashboard.objects.update(shared=False)
        assert admin_client.get(links).status_code == 404

    def test_what_is_missing_is_said(self, links, admin_client):
        answer = admin_client.post(links, sent(label=""))
        assert answer.status_code == 422
        assert not DashboardLink.objects.exists()

    def test_a_link_of_another_dashboard_is_not_revoked_from_here(
        self, links, account, admin, admin_client
    ):
        other = Dashboard.objects.create(account=account, owner=admin, title="B", shared=True)
        link = DashboardLink.objects.create(
            dashboard=other, digest="d", made_by=admin, expires=timezone.now()
        )
        assert admin_client.post(f"{links}{link.pk}/revoke/").status_code == 404


@pytest.mark.django_db
class TestTheWall:
    def test_it_is_seen_without_a_log_in_and_holds_no_way_in(self, wall):
        answer = Client().get(wall)
        page = soup(answer)
        assert answer.status_code == 200
        assert "hello" in page.text
        assert page.find("time", {"data-clock": True})
        assert not page.select("form, .rail, .bar")
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "no-store" in answer.headers["Cache-Control"]

    def test_no_panel_holds_a_link_into_the_console(self, wall, board, admin, admin_client):
        token_lend(make_token(admin, board.account), lent="dashboards")
        rows = {"workflow": "checkout", "created": timezone.now(), "started": timezone.now()}
        rows |= {"account": board.account, "read": timezone.now()}
        failed = {"status": "errored", "fingerprint": "f1", "ended": timezone.now()}
        SeenInstance.objects.create(**rows, **failed, instance_id="i-1")
        SeenInstance.objects.create(**rows, status="waiting", waits_for="go", instance_id="i-2")
        for place, kind in enumerate(KINDS):
            Panel.objects.create(dashboard=board, kind=kind, place=place, settings={})
        links = {a["href"] for a in soup(Client().get(wall)).select("a[href]")}
        assert links == {"#main"}
        own = {a["href"] for a in soup(admin_client.get(f"{LIST}{board.pk}/")).select("#board a")}
        assert "/a/acme/workflows/checkout/instances/i-1/" in own
        assert "/a/acme/failures/f1/?period=24h" in own

    def test_it_is_kept_fresh_by_a_tick_of_its_own(self, wall, board, account, admin):
        shown = {
            field["name"]: field["value"]
            for field in soup(Client().get(wall)).select("#board input")
        }
        panel = board.panels.get()
        assert Client().get(f"{wall}tick/", shown).status_code == 204
        actor, said = Actor(user=admin, account=account), {"text": "news"}
        services.panel_change(panel, actor=actor, title="", size="wide", settings=said)
        assert "news" in Client().get(f"{wall}tick/", shown).content.decode()

    def test_it_says_since_when_nobody_looks_and_nothing_of_workers(self, wall, board, account):
        then = timezone.now() - timedelta(hours=2)
        problem = "Nobody lends a token to the worker."
        Sampling.objects.create(account=account, tried=then, sampled=then, problem=problem)
        shown = {f"p{panel.pk}": "other" for panel in board.panels.all()} | {"watch": "other"}
        answer = Client().get(f"{wall}tick/", shown)
        assert answer.status_code == 200
        assert "Not watched since" in answer.text
        assert not {"worker", "token"} & set(answer.text.split())

    def test_its_age_is_that_of_the_oldest_it_shows(self, wall, board, account):
        then = timezone.now() - timedelta(hours=2)
        Sampling.objects.create(account=account, tried=timezone.now(), sampled=then)
        Panel.objects.create(dashboard=board, kind="failures", place=1, settings={})
        page = soup(Client().get(wall))
        aged = page.select_one("[data-heard]")["datetime"]
        assert datetime.fromisoformat(aged) == then
        shown = {field["name"]: field["value"] for field in page.select("#board input")}
        answer = Client().get(f"{wall}tick/", shown)
        assert answer.status_code == 204
        assert answer["Data-As-Of"] == then.isoformat()

    def test_a_wall_that_stays_open_is_known_to_be_in_use(self, wall):
        Client().get(wall)
        DashboardLink.objects.update(used=timezone.now() - timedelta(days=9))
        Client().get(f"{wall}tick/")
        assert timezone.now() - DashboardLink.objects.get().used < timedelta(minutes=1)

    @pytest.mark.parametrize("method", ["post", "put", "delete"])
    def test_nothing_can_be_sent_to_it(self, wall, method):
        assert getattr(Client(), method)(wall).status_code == 405

    def test_it_ends_when_it_is_revoked(self, links, wall, admin_client):
        link = DashboardLink.objects.get()
        admin_client.post(f"{links}{link.pk}/revoke/")
        assert Client().get(wall).status_code == 404
        assert Client().get(f"{wall}tick/").status_code == 404

    def test_it_ends_with_its_time_with_sharing_and_with_its_maker(self, wall, board, admin):
        DashboardLink.objects.update(expires=timezone.now() - timedelta(seconds=1))
        assert Client().get(wall).status_code == 404
        DashboardLink.objects.update(expires=timezone.now() + timedelta(days=1))
        assert Client().get(wall).status_code == 200
        Dashboard.objects.update(shared=False)
        assert Client().get(wall).status_code == 404
        Dashboard.objects.update(shared=True)
        make_membership(board.account, make_user(), "admin")
        admin.memberships.all().delete()
        assert Client().get(wall).status_code == 404

    def test_whose_owner_is_gone_reads_with_nobodys_token(self, wall, board, account, admin):
        leaver = make_user()
        make_membership(account, leaver, "admin")
        token_lend(make_token(leaver, account), lent="team")
        board.owner = leaver
        board.save()
        assert wall_board(board).api
        leaver.is_active = False
        leaver.save()
        assert wall_board(board).api is None
        leaver.is_active = True
        leaver.save()
        leaver.memberships.all().delete()
        assert wall_board(board).api is None
        assert "hello" in Client().get(wall).text

    def test_an_ended_revoked_or_made_up_one_says_the_same_calmly(self, links, wall, admin_client):
        tick = {"HX-Request": "true", "HX-Target": "tick"}

        def told(path: str) -> str:
            assert Client().get(f"{path}tick/", headers=tick).headers["HX-Refresh"] == "true"
            page = soup(Client().get(path))
            assert {a["href"] for a in page.select("a[href]")} == {"#main"}
            assert not page.select("form, #tick")
            return page.select_one("main").text

        DashboardLink.objects.update(expires=timezone.now() - timedelta(days=1))
        ended = told(wall)
        admin_client.post(f"{links}{DashboardLink.objects.get().pk}/revoke/")
        assert "This link has ended" in ended
        assert ended == told(wall) == told("/wall/x/")

    def test_a_wrong_secret_is_no_different_from_none(self, wall):
        assert Client().get("/wall/x/").status_code == 404
        assert Client().get(wall[:-2] + "/").status_code == 404
