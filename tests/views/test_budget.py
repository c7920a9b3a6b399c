from __future__ import annotations

import pytest
from django.utils import timezone

from console.vault.models import ApiToken
from tests.conftest import logged_in
from tests.factories import TOKEN, make_account, make_membership, make_user
from tests.views.ladder import HTMX, ReadLadder
from tests.views.simulated import soup
from workflows_ui import cloudflare as cf
from workflows_ui.access import reader_of
from workflows_ui.budget import Meter, count
from workflows_ui.watching import sampling_board

URL = "/a/acme/budget/"


class TestLadder(ReadLadder):
    path = "budget/"


@pytest.fixture
def upstream_url(simulator) -> str:
    return simulator.base_url


def record(path: str = "", **values) -> cf.CallRecord:
    given = {"method": "GET", "path": f"/accounts/a/workflows{path}", "status": 200, "seconds": 0}
    return cf.CallRecord(**given | values)


def meter_of(user, person=None) -> Meter:
    token = ApiToken.objects.get(owner=user)
    return Meter(reader=reader_of(token), person=person or user.pk)


def test_calls_of_pages_are_counted_by_what_they_were_for(viewer_client, simulator):
    viewer_client.get("/a/acme/workflows/")
    viewer_client.get("/a/acme/workflows/checkout/")
    text = soup(viewer_client.get(URL)).find(id="budget").get_text(" ", strip=True)
    assert "Counted here 3 in 5 m" in text
    assert "Workflows 2" in text
    assert "Lists of instances 1" in text
    assert "Told by Cloudflare" in text
    assert "nothing lately" not in text


def test_a_viewer_sees_their_own_token_alone(viewer_client, operator):
    meter_of(operator).after(record())
    page = viewer_client.get(URL).content.decode()
    assert page.count('<section class="card"') == 1
    assert "the-operator" not in page
    assert TOKEN not in page


def test_an_admin_sees_all_by_owner_their_own_first(admin_client, operator, viewer):
    heads = [head.text for head in soup(admin_client.get(URL)).select(".card h2")]
    assert heads == ["Your token", "the-operator", "the-viewer"]


def test_who_else_used_a_token_is_named(admin_client, operator, viewer):
    meter_of(operator).after(record())
    meter_of(operator, person=viewer.pk).after(record("/shop/instances"))
    text = soup(admin_client.get(URL)).find(id="budget").get_text(" ", strip=True)
    assert "the-viewer 1" in text


def test_background_sampling_is_nobodys_use(account, admin, admin_client, operator):
    ApiToken.objects.filter(owner=admin).update(lent="dashboards", lent_since=timezone.now())
    admin_client.get("/a/acme/workflows/")
    sampling_board(account).api.list_workflows()
    card = soup(admin_client.get(URL)).select_one("#budget .card").get_text(" ", strip=True)
    assert "Counted here 2 in 5 m" in card
    assert "Background sampling 1" in card
    assert "Workflows 1" in card
    assert "the-admin" not in card


def test_a_member_sees_the_lent_token_they_act_with(account, admin):
    user = make_user()
    make_membership(account, user)
    ApiToken.objects.filter(owner=admin).update(lent="team", lent_since=timezone.now())
    client = logged_in(user)
    client.get("/a/acme/workflows/")
    text = soup(client.get(URL)).find(id="budget").get_text(" ", strip=True)
    assert text.startswith("the-admin")
    assert f"{user.username} 1" in text


def test_a_member_without_a_token_is_told_why_nothing_is_counted(account):
    user = make_user()
    make_membership(account, user)
    assert "no token here" in logged_in(user).get(URL).content.decode()


def test_a_local_engine_has_no_budget(viewer, viewer_client):
    local = make_account(slug="here", kind="local", base_url="http://127.0.0.1:9")
    make_membership(local, viewer)
    assert "as many calls as come" in viewer_client.get("/a/here/budget/").content.decode()


def test_the_piece_is_the_region_alone(viewer_client):
    piece = viewer_client.get(URL, headers=HTMX)
    assert b"<html" not in piece.content
    assert soup(piece).find(id="budget")


@pytest.mark.parametrize(
    ("calls", "tone", "label"), [(0, None, ""), (700, "warn", "left"), (1000, "bad", "left")]
)
def test_the_bar_is_quiet_while_there_is_plenty(viewer, viewer_client, calls, tone, label):
    for _ in range(calls):
        count(meter_of(viewer).reader, "")
    bar = soup(viewer_client.get("/a/acme/workflows/")).find(class_="bar-budget")
    assert bar.get("data-tone") == tone
    assert bar.text.endswith(label)
    assert bool(bar.text) is bool(label)


def test_while_the_api_wants_to_be_left_alone_nothing_is_sent_and_all_say_so(
    viewer, viewer_client, operator, simulator
):
    viewer_client.get("/a/acme/workflows/")
    meter_of(viewer).after(record(status=429, retry_after=40))
    simulator.simulator.calls.reset()
    page = viewer_client.get("/a/acme/workflows/checkout/")
    assert page.status_code == 503
    assert "Too many calls to the API" in page.content.decode()
    assert 38 <= int(page.headers["Retry-After"]) <= 40
    assert "paused" in soup(page).find(class_="bar-budget").text
    assert "paused" in viewer_client.get(URL).content.decode()
    assert len(simulator.simulator.calls) == 0


def test_what_others_called_with_is_told_apart(operator_client, operator, settings):
    rate = cf.CallRate(remaining=1_100, quota=1_200, reset=200)
    meter_of(operator).after(record(rate=rate))
    text = soup(operator_client.get(URL)).find(id="budget").get_text(" ", strip=True)
    assert "Counted elsewhere 99" in text
    assert "this console's worker" in text
    settings.CACHE_URL = "redis://127.0.0.1:1/0"
    meter_of(operator).after(record(rate=cf.CallRate(remaining=1_198, quota=1_200, reset=200)))
    assert "elsewhere" not in soup(operator_client.get(URL)).find(id="budget").text
