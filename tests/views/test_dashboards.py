from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from console.audit.models import Entry
from console.team.models import Account
from tests.cloudflare import fault_server as faults
from tests.factories import PASSWORD, TOKEN, make_account, make_membership, make_user
from tests.views.simulated import soup
from workflows_ui import panels, watching
from workflows_ui.models import Dashboard, Panel, Sampling, StartPage
from workflows_ui.queries.history import NO_TOKEN

LIST = "/a/acme/dashboards/"
POSTS = ["edit", "share", "unshare", "start", "duplicate", "delete"]


def sent(**values) -> dict[str, str]:
    return {"key": str(uuid.uuid4()), **values}


def marks(page) -> dict[str, str]:
    return {field["name"]: field["value"] for field in page.select("#board input")}


@pytest.fixture
def board(account, operator) -> Dashboard:
    """A private dashboard of the operator's."""
    made = Dashboard.objects.create(account=account, owner=operator, title="On call")
    for place, (kind, settings) in enumerate(
        [("counts", {"workflows": ["check*"], "style": "bars"}), ("note", {"text": "<b>hi</b>"})]
    ):
        Panel.objects.create(dashboard=made, kind=kind, place=place, settings=settings)
    return made


@pytest.fixture
def shared(board) -> Dashboard:
    board.shared = True
    board.save()
    return board


@pytest.fixture
def url(board) -> str:
    return f"{LIST}{board.pk}/"


@pytest.mark.django_db
class TestTheDoor:
    def test_nobody_is_sent_to_log_in(self, url):
        for path in (LIST, url, f"{url}tick/", f"{url}edit/"):
            assert Client().get(path).url.startswith("/person/login/")

    def test_outsiders_and_other_accounts_find_nothing(self, url, shared, outsider_client):
        for path in (LIST, url, f"{url}tick/", f"{url}edit/", f"{url}panels/1/"):
            assert outsider_client.get(path).status_code == 404

    def test_a_private_one_is_nobody_elses(self, url, admin_client):
        for path in (url, f"{url}tick/", f"{url}edit/"):
            assert admin_client.get(path).status_code == 404
        for name in POSTS:
            assert admin_client.post(f"{url}{name}/", sent()).status_code == 404

    def test_a_shared_one_is_seen_by_all_and_changed_by_its_owner_alone(
        self, url, board, shared, viewer_client, admin_client, operator_client
    ):
        panel = f"{url}panels/{board.panels.first().pk}/"
        for client in (viewer_client, admin_client):
            assert "Edit" not in soup(client.get(url)).select_one(".page-head").text
            for path in (f"{url}edit/", f"{panel}edit/", f"{url}panels/new/?kind=note"):
                assert client.get(path).status_code == 403
            form = sent(title="x", size="wide", text="more", to="later")
            for path in ("edit/", "share/", "panels/new/?kind=note"):
                assert client.post(f"{url}{path}", form).status_code == 403
            for path in ("edit/", "move/", "remove/"):
                assert client.post(f"{panel}{path}", form).status_code == 403
        assert operator_client.get(f"{url}edit/").status_code == 200

    def test_who_may_not_change_it_is_told_whose_it_is_and_what_they_can_do(
        self, url, shared, viewer_client
    ):
        page = soup(viewer_client.get(f"{url}edit/")).select_one("main")
        assert "Only its owner changes a dashboard." in page.text
        assert "Ask the-operator, or duplicate it" in page.text
        assert "Your role doesn't allow this" not in page.text
        assert page.select_one(f"a[href='{url}']").text == "The dashboard"
        page = soup(viewer_client.get(f"{url}delete/")).select_one("main")
        assert "Ask the-operator, or an admin of the account." in page.text
        settings = soup(viewer_client.get("/a/acme/settings/"))
        assert "Your role doesn't allow this" in settings.text

    def test_a_viewer_may_copy_a_shared_one_and_no_more(self, url, shared, viewer_client):
        menu = soup(viewer_client.get(url)).select_one(".page-head .menu")
        assert "Duplicate" in menu.text
        assert not {"Make it private", "Delete…"} & set(menu.stripped_strings)
        assert viewer_client.get(f"{url}delete/").status_code == 403
        for name in ("share", "unshare", "delete"):
            assert viewer_client.post(f"{url}{name}/").status_code == 403
        assert Dashboard.objects.get().shared

    def test_an_admin_makes_a_shared_one_private(self, url, board, shared, admin_client):
        menu = soup(admin_client.get(url)).select_one(".page-head .menu")
        assert {"Make it private", "Delete…"} <= set(menu.stripped_strings)
        answer = admin_client.post(f"{url}unshare/", follow=True)
        assert "the-operator alone sees it now" in answer.content.decode()
        board.refresh_from_db()
        assert not board.shared
        assert admin_client.post(f"{url}share/").status_code == 404

    def test_an_admin_deletes_a_shared_one_after_being_asked(self, url, shared, admin_client):
        asked = admin_client.get(f"{url}delete/").content.decode()
        assert "the-operator" in asked
        assert Dashboard.objects.exists()
        admin_client.post(f"{url}delete/")
        assert not Dashboard.objects.exists()

    def test_panels_of_another_dashboard_are_not_reached_through_this_one(
        self, url, board, account, operator_client, operator
    ):
        other = Dashboard.objects.create(account=account, owner=make_user(), title="Theirs")
        foreign = Panel.objects.create(dashboard=other, kind="note", place=0)
        for path in ("", "edit/"):
            assert operator_client.get(f"{url}panels/{foreign.pk}/{path}").status_code == 404
        for path in ("move/", "remove/"):
            assert operator_client.post(f"{url}panels/{foreign.pk}/{path}").status_code == 404
        assert operator_client.get(f"{url}panels/{foreign.pk}/remove/").status_code == 404

    def test_methods_are_kept_apart(self, url, operator_client):
        for name in set(POSTS) - {"delete", "edit", "unshare"}:
            assert operator_client.get(f"{url}{name}/").status_code == 405
        assert operator_client.post(url).status_code == 405
        assert operator_client.post(f"{url}tick/").status_code == 405


@pytest.mark.django_db
def test_the_editor_tells_panels_of_a_kind_apart(url, board, operator_client):
    page = soup(operator_client.get(f"{url}edit/"))
    rows = [row.select_one(".cell-main").text for row in page.select("[id^=panel-]")]
    assert rows == ["Status countscheck*", "Note"]


@pytest.mark.django_db
class TestTitle:
    def test_a_new_title_is_kept_and_leads_back_to_the_editor(self, url, board, operator_client):
        answer = operator_client.post(f"{url}edit/", sent(title="Nights"))
        assert answer.url == f"{url}edit/"
        board.refresh_from_db()
        assert board.title == "Nights"

    def test_a_title_that_is_refused_stays_where_it_was_typed(self, url, board, operator_client):
        answer = operator_client.post(f"{url}edit/", sent(title="x" * 81))
        field = soup(answer).find("input", {"name": "title"})
        assert (answer.status_code, field["value"]) == (422, "x" * 81)
        assert field["aria-invalid"] == "true"
        board.refresh_from_db()
        assert board.title == "On call"


@pytest.mark.django_db
class TestLooking:
    @pytest.fixture
    def upstream_url(self, simulator) -> str:
        return simulator.base_url

    def test_panels_are_drawn_with_their_content(self, url, operator_client):
        answer = operator_client.get(url)
        page = soup(answer)
        assert [one["id"] for one in page.select(".board-panel")]
        assert "checkout" in page.select_one(".board-counts").text
        assert "<b>hi</b>" not in answer.content.decode()
        assert TOKEN not in answer.content.decode()

    def test_a_tick_without_change_is_an_empty_204(self, url, operator_client):
        shown = marks(soup(operator_client.get(url)))
        answer = operator_client.get(f"{url}tick/", shown)
        assert (answer.status_code, answer.content) == (204, b"")

    def test_a_tick_answers_only_what_changed(self, url, board, operator_client):
        shown = marks(soup(operator_client.get(url)))
        note = board.panels.get(kind="note")
        form = sent(title="", size="wide", text="new words")
        operator_client.post(f"{url}panels/{note.pk}/edit/", form)
        answer = operator_client.get(f"{url}tick/", shown)
        page = soup(answer)
        assert [one["id"] for one in page.select("section")] == [f"panel-{note.pk}"]
        assert page.section["hx-swap-oob"] == "morph"
        again = operator_client.get(f"{url}tick/", shown | marks_of(page))
        assert again.status_code == 204

    def test_a_tick_says_when_the_worker_can_look_again(
        self, url, shared, account, viewer_client, monkeypatch
    ):
        monkeypatch.setattr(panels, "FRESH_SECONDS", 0)
        Account.objects.update(created=timezone.now() - timedelta(hours=1))
        page = soup(viewer_client.get(url))
        assert "No worker is alive" in page.select_one("#watch").text
        shown = {field["name"]: field["value"] for field in page.select("input[type=hidden]")}
        assert viewer_client.get(f"{url}tick/", shown).status_code == 204
        trouble = "The API can't be reached"
        Sampling.objects.create(account=account, tried=timezone.now(), problem=trouble)
        told = soup(viewer_client.get(f"{url}tick/", shown)).select_one("#watch")
        assert (told["hx-swap-oob"], trouble in told.text) == ("morph", True)
        assert not told.select("a")
        Sampling.objects.update(problem=NO_TOKEN)
        told = soup(viewer_client.get(f"{url}tick/", shown)).select_one("#watch")
        assert (told.a.text, told.a["href"]) == ("Lend a token", "/a/acme/connection/")
        Sampling.objects.update(problem="")
        told = soup(viewer_client.get(f"{url}tick/", shown)).select_one("#watch")
        assert (told.text, told.has_attr("hidden")) == ("", True)

    def test_a_new_account_is_not_looked_at_yet(self, url, board, operator_client, monkeypatch):
        monkeypatch.setattr(panels, "FRESH_SECONDS", 0)

        def told() -> str:
            return soup(operator_client.get(url)).select_one("#watch").text

        assert "Not looked at yet" in told()
        assert "worker" not in told()
        Sampling.objects.create(account=board.account)  # the lease is not taken yet
        assert "Not looked at yet" in told()
        Account.objects.update(created=timezone.now() - timedelta(minutes=3))
        assert "No worker is alive" in told()

    def test_a_panel_alone_says_it_too(self, url, board, operator_client, monkeypatch):
        monkeypatch.setattr(panels, "FRESH_SECONDS", 0)
        Account.objects.update(created=timezone.now() - timedelta(hours=1))
        path = f"{url}panels/{board.panels.get(kind='note').pk}/"
        page = soup(operator_client.get(path))
        assert "No worker is alive" in page.select_one("#watch").text
        fields = page.select("#board input, #watch input")
        shown = {field["name"]: field["value"] for field in fields}
        tick = {"HX-Request": "true", "HX-Target": "tick"}
        assert operator_client.get(path, shown, headers=tick).status_code == 204
        Sampling.objects.create(account=board.account, tried=timezone.now())
        told = soup(operator_client.get(path, shown, headers=tick)).select_one("#watch")
        assert (told["hx-swap-oob"], told.text, told.has_attr("hidden")) == ("morph", "", True)

    def test_a_tick_that_finds_the_door_shut_takes_the_board_off_the_screen(
        self, url, shared, viewer, viewer_client
    ):
        tick = {"HX-Request": "true", "HX-Target": "tick"}
        shown = marks(soup(viewer_client.get(url)))
        assert "HX-Refresh" not in viewer_client.get(f"{url}tick/", shown, headers=tick).headers
        viewer.memberships.all().delete()
        answer = viewer_client.get(f"{url}tick/", shown, headers=tick)
        assert (answer.status_code, answer.headers["HX-Refresh"]) == (404, "true")
        assert "HX-Refresh" not in viewer_client.get(url, headers={"HX-Request": "true"}).headers

    def test_a_panel_alone_is_kept_fresh_by_itself(self, url, board, operator_client):
        one = board.panels.get(kind="note")
        path = f"{url}panels/{one.pk}/"
        page = soup(operator_client.get(path))
        assert page.select_one("#tick")["hx-get"] == path
        tick = {"HX-Request": "true", "HX-Target": "tick"}
        assert operator_client.get(path, marks(page), headers=tick).status_code == 204
        old = dict.fromkeys(marks(page), "old")
        answer = operator_client.get(path, old, headers=tick)
        assert [panel["id"] for panel in soup(answer).select("section")] == [f"panel-{one.pk}"]

    def test_a_tick_after_panels_came_or_went_asks_for_a_reload(self, url, board, operator_client):
        shown = marks(soup(operator_client.get(url)))
        operator_client.post(f"{url}panels/{board.panels.first().pk}/remove/")
        assert operator_client.get(f"{url}tick/", shown).headers["HX-Refresh"] == "true"

    def test_many_panels_and_viewers_cost_one_call(
        self, url, shared, operator_client, simulator, monkeypatch
    ):
        monkeypatch.setattr(watching, "PACE", 600)
        monkeypatch.setattr(panels, "FRESH_SECONDS", 600)
        for place in range(2, 12):
            Panel.objects.create(dashboard=shared, kind="counts", place=place, settings={})
        simulator.simulator.calls.reset()
        for _ in range(5):
            operator_client.get(url)
        assert len(simulator.simulator.calls) == 1

    def test_an_answer_is_fresh_until_who_got_it_asks_again(
        self, url, operator, operator_client, simulator
    ):
        operator_client.get(url)
        simulator.simulator.calls.reset()
        with time_machine.travel(timezone.now() + timedelta(seconds=4)):
            operator_client.get(url)
            assert len(simulator.simulator.calls) == 0
            operator.refresh_seconds = 2
            operator.save()
            panels.region.backend._cache.clear()
            operator_client.get(url)
            assert len(simulator.simulator.calls) == 1

    def test_a_wall_goes_on_for_who_switched_the_refresh_off(
        self, url, board, operator, operator_client
    ):
        operator.refresh_seconds = 0
        operator.save()
        assert not soup(operator_client.get(url)).select("#tick")
        wall = soup(operator_client.get(f"{url}?wall=1"))
        assert wall.select_one("#tick")["hx-trigger"] == "every 5s"
        assert wall.select_one("[data-full-screen]").has_attr("hidden")  # until a script shows it

    def test_what_was_drawn_by_a_clock_that_was_ahead_is_drawn_anew(self, account, board):
        Panel.objects.create(dashboard=board, kind="failures", place=2, settings={})
        watched = watching.wall_board(board)
        now = timezone.now()
        with time_machine.travel(now + timedelta(days=1), tick=False):
            panels.drawn_panels(board, watched)
        with time_machine.travel(now, tick=False):
            assert {one.at for one in panels.drawn_panels(board, watched)} == {now}

    def test_one_panel_has_a_page_of_its_own(self, url, board, operator_client):
        panel = board.panels.first()
        page = soup(operator_client.get(f"{url}panels/{panel.pk}/"))
        assert len(page.select(".board-panel")) == 1

    def test_a_member_without_a_token_sees_what_needs_none(self, url, shared, account):
        guest = make_user("guest")
        make_membership(account, guest)
        client = Client()
        client.force_login(guest)
        page = soup(client.get(url))
        assert "needs a token of yours" in page.text
        assert "hi" in page.text


def marks_of(piece) -> dict[str, str]:
    return {field["name"]: field["value"] for field in piece.select("input")}


@pytest.mark.django_db
class TestTrouble:
    @pytest.fixture
    def upstream_url(self, fault_upstream, settings) -> str:
        settings.UPSTREAM_TIMEOUT = (0.5, 0.3)
        return f"{fault_upstream.url}/client/v4"

    @pytest.mark.parametrize(
        "answer",
        [faults.failure(500, 10001, "internal_server"), faults.html(502), faults.cut, faults.hang],
    )
    def test_a_panel_says_what_is_wrong_and_the_others_stay(
        self, url, operator_client, fault_upstream, answer
    ):
        fault_upstream.answer(answer)
        page = soup(operator_client.get(url))
        assert page.select_one("#board [data-tone=bad]")
        assert "hi" in page.text

    def test_the_last_good_counts_stay_with_their_age(self, url, operator_client, fault_upstream):
        workflow = {
            "name": "checkout",
            "class_name": "C",
            "script_name": "s",
            "instances": {"errored": 3},
        }
        fault_upstream.answer(faults.result([workflow]))
        operator_client.get(url)
        fault_upstream.answer(faults.failure(500, 10001, "internal_server"))
        with time_machine.travel(timezone.now() + timedelta(seconds=9)):
            page = soup(operator_client.get(url))
        assert "errored" in page.select_one(".board-counts").text
        assert re.search("as of", page.text)


@pytest.mark.django_db
class TestEditing:
    def test_a_new_one_starts_from_a_preset(self, account, viewer_client, viewer):
        page = soup(viewer_client.get(f"{LIST}new/?preset=overview"))
        assert page.find("input", {"name": "title"})["value"] == "Overview"
        form = sent(title="Mine")
        first = viewer_client.post(f"{LIST}new/?preset=overview", form)
        second = viewer_client.post(f"{LIST}new/?preset=overview", form)
        assert first.url == second.url
        made = Dashboard.objects.get()
        assert (made.owner, made.shared, made.panels.count() > 0) == (viewer, False, True)

    def test_an_empty_title_is_said_where_it_was_typed(self, account, viewer_client):
        answer = viewer_client.post(f"{LIST}new/", sent(title=""))
        assert answer.status_code == 422
        assert "required" in answer.content.decode()

    @pytest.mark.parametrize("title", ["\u200b", "\u202e \u2066", "x" * 200, " \t"])
    def test_a_title_is_a_line_with_something_to_read(self, account, viewer_client, title):
        answer = viewer_client.post(f"{LIST}new/?preset=empty", sent(title=title))
        assert answer.status_code == 422
        assert soup(answer).select(".errors")

    def test_a_title_turns_nothing_around(self, account, viewer_client):
        viewer_client.post(f"{LIST}new/?preset=empty", sent(title="On\u202ecall \u200b now"))
        assert Dashboard.objects.get().title == "On call now"

    def test_a_panel_is_added_changed_moved_and_removed(self, url, board, operator_client):
        form = sent(title="Hello", size="wide", text="# words")
        assert operator_client.post(f"{url}panels/new/?kind=note", form).status_code == 302
        assert operator_client.post(f"{url}panels/new/?kind=note", form).status_code == 302
        panel = board.panels.last()
        assert (board.panels.count(), panel.settings) == (3, {"text": "# words"})
        path = f"{url}panels/{panel.pk}/"
        page = soup(operator_client.get(f"{path}edit/"))
        assert page.find("textarea", {"name": "text"}).text.strip() == "# words"
        operator_client.post(f"{path}edit/", sent(title="", size="full", text="more"))
        operator_client.post(f"{path}move/", {"to": "earlier"})
        assert list(board.panels.values_list("pk", flat=True))[1] == panel.pk
        operator_client.post(f"{path}remove/")
        assert board.panels.count() == 2

    def test_a_panel_that_was_one_too_many_is_sent_again_as_it_is(
        self, url, board, operator_client
    ):
        for place in range(2, 24):
            Panel.objects.create(dashboard=board, kind="note", place=place)
        form = sent(size="small", text="the last one")
        answer = operator_client.post(f"{url}panels/new/?kind=note", form)
        assert answer.status_code == 422
        assert "at most 24 panels" in answer.content.decode()
        board.panels.first().delete()
        assert operator_client.post(f"{url}panels/new/?kind=note", form).status_code == 302
        assert board.panels.filter(settings={"text": "the last one"}).exists()

    def test_a_full_one_offers_no_more_panels(self, url, board, operator_client):
        def offered():
            page = soup(operator_client.get(f"{url}edit/"))
            return bool(page.select("a.board-kind")), "at most 24 panels" in page.text

        assert offered() == (True, False)
        for place in range(2, 24):
            Panel.objects.create(dashboard=board, kind="note", place=place)
        assert offered() == (False, True)
        assert operator_client.get(f"{url}panels/new/?kind=note").url == f"{url}edit/"

    def test_what_is_wrong_with_a_panel_is_said_at_its_field(self, url, operator_client):
        form = sent(title="", size="wide", workflows="ok-*\nno/slash", style="bars")
        answer = operator_client.post(f"{url}panels/new/?kind=counts", form)
        assert answer.status_code == 422
        assert "no/slash" in answer.content.decode()
        assert operator_client.get(f"{url}panels/new/?kind=other").status_code == 404

    def test_sharing_is_said_and_written_down(self, url, board, operator_client):
        operator_client.post(f"{url}share/")
        board.refresh_from_db()
        assert board.shared
        assert Entry.objects.filter(action="dashboard:share", outcome="succeeded").exists()
        operator_client.post(f"{url}unshare/")
        board.refresh_from_db()
        assert not board.shared

    def test_who_makes_it_private_is_asked_when_links_end_with_that(
        self, url, shared, operator, operator_client
    ):
        def control():
            form = "form[action$='/unshare/'], a[href$='/unshare/']"
            return soup(operator_client.get(f"{url}edit/")).select_one(form).name

        assert control() == "form"
        for days, digest in ((1, "a"), (1, "b"), (-1, "c")):
            expires = timezone.now() + timedelta(days=days)
            shared.links.create(digest=digest, made_by=operator, expires=expires)
        assert control() == "a"
        assert "2 secret links to it will end" in operator_client.get(f"{url}unshare/").text
        assert shared.links.count() == 3
        answer = operator_client.post(f"{url}unshare/", follow=True)
        assert "You alone see it now. 2 secret links ended." in answer.text
        assert not shared.links.exists()

    def test_a_private_one_is_not_made_private_again(self, url, board, operator_client):
        for answer in (
            operator_client.get(f"{url}unshare/"),
            operator_client.post(f"{url}unshare/"),
        ):
            assert answer.url == f"{url}edit/"
        assert not Entry.objects.filter(action="dashboard:unshare").exists()

    def test_the_budget_is_in_the_bar_where_nothing_is_read(self, url, board, operator_client):
        for path in (LIST, f"{url}edit/", "/a/acme/trail/"):
            assert soup(operator_client.get(path)).select_one(".bar-budget")

    def test_there_is_no_budget_in_the_bar_where_no_call_counts(self, viewer, viewer_client):
        here = make_account(slug="here", kind="local", base_url="http://127.0.0.1:9")
        bare = make_account(slug="bare", account_id="1" * 32)
        for place in (here, bare):
            make_membership(place, viewer)
            made = Dashboard.objects.create(account=place, owner=viewer, title="Here")
            one = Panel.objects.create(dashboard=made, kind="note", place=0)
            path = f"/a/{place.slug}/dashboards/{made.pk}/"
            for page in (path, f"{path}panels/{one.pk}/"):
                answer = viewer_client.get(page)
                assert answer.status_code == 200
                assert not soup(answer).select_one(".bar-budget")

    def test_who_removes_a_panel_is_asked_first(self, url, board, operator_client):
        path = f"{url}panels/{board.panels.first().pk}/remove/"
        link = soup(operator_client.get(f"{url}edit/")).select_one(f"a[href='{path}']")
        assert (link["hx-get"], link["hx-target"]) == (path, "#ask")
        asked = soup(operator_client.get(path)).select_one("main")
        assert "Remove the panel Status counts?" in asked.h1.text
        assert asked.select_one("form")["action"] == path
        assert asked.find("a", string="Cancel")["href"] == f"{url}edit/"
        piece = operator_client.get(path, headers={"HX-Request": "true"}).text
        assert "<html" not in piece
        assert board.panels.count() == 2
        operator_client.post(path)
        assert board.panels.count() == 1

    def test_its_editor_gives_no_id_twice(self, url, board, operator_client):
        page = soup(operator_client.get(f"{url}edit/"))
        ids = [one["id"] for one in page.select("[id]")]
        assert len(ids) == len(set(ids))
        assert len(page.select("input[name=key]")) == 2

    def test_a_removed_panel_is_named(self, url, board, operator_client):
        panel = board.panels.first()
        answer = operator_client.post(f"{url}panels/{panel.pk}/remove/", follow=True)
        assert "Removed the panel Status counts." in answer.text

    def test_the_arrow_that_moved_a_panel_has_the_focus_afterwards(
        self, url, board, operator_client
    ):
        Panel.objects.create(dashboard=board, kind="note", place=2, settings={"text": "x"})
        first = board.panels.first()

        def focused(to: str) -> str:
            path = f"{url}panels/{first.pk}/move/"
            answer = operator_client.post(path, {"to": to}, follow=True)
            assert "#" not in answer.redirect_chain[-1][0]
            (arrow,) = soup(answer).select("[autofocus]:not([disabled])")
            assert arrow.find_parent("tr")["id"] == f"panel-{first.pk}"
            return arrow["value"]

        assert focused("later") == "later"
        assert focused("later") == "earlier"  # it is the last now

    def test_a_shared_one_can_be_copied_by_anybody(self, url, shared, viewer_client, viewer):
        viewer_client.post(f"{url}duplicate/", sent())
        copy = Dashboard.objects.get(owner=viewer)
        assert (copy.title, copy.shared, copy.panels.count()) == ("Copy of On call", False, 2)

    def test_a_start_page_is_where_the_account_opens(self, url, board, operator_client):
        operator_client.post(f"{url}start/", {"start": "yes"})
        assert StartPage.objects.get().dashboard == board
        for path in ("/a/acme/", "/"):
            assert operator_client.get(path).url == url
        operator_client.post(f"{url}start/", {"start": "no"})
        for path in ("/a/acme/", "/"):
            assert operator_client.get(path).url == "/a/acme/workflows/"

    def test_a_log_in_leads_to_the_start_page(self, url, board, operator):
        StartPage.objects.create(user=operator, account=board.account, dashboard=board)
        answer = Client().post(
            "/person/login/", {"login": operator.username, "password": PASSWORD}, follow=True
        )
        assert answer.redirect_chain[-1][0] == url

    def test_who_only_sees_it_starts_with_it_and_takes_it_back(self, url, shared, viewer_client):
        def offered():
            page = soup(viewer_client.get(url))
            return page.select_one(".page-head"), page.select_one(".menu [name=start]")["value"]

        head, value = offered()
        assert (value, "start page" in head.text) == ("yes", False)
        viewer_client.post(f"{url}start/", {"start": value})
        head, value = offered()
        assert (value, "start page" in head.text) == ("no", True)
        assert "Your start page" in soup(viewer_client.get(LIST)).select_one("tbody").text
        viewer_client.post(f"{url}start/", {"start": value})
        assert "Your start page" not in soup(viewer_client.get(LIST)).select_one("tbody").text

    def test_its_editor_says_what_one_starts_with(self, url, board, operator, operator_client):
        def form():
            return soup(operator_client.get(f"{url}edit/")).select_one("form[action$='/start/']")

        assert "You start with the workflows." in form().text
        StartPage.objects.create(user=operator, account=board.account, dashboard=board)
        assert "You start with this one." in form().text
        assert form().select_one("button")["value"] == "no"

    def test_it_is_deleted_with_its_panels(self, url, board, operator_client):
        operator_client.post(f"{url}delete/")
        assert not Panel.objects.exists()
