from __future__ import annotations

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from console.team.models import User
from tests.conftest import logged_in
from tests.factories import make_account, make_membership, make_user
from workflows_ui import cloudflare as cf
from workflows_ui.budget import count
from workflows_ui.presenters.trouble import trouble_of

URL = "/person/"
VALUES = {
    "time_zone": "Asia/Tokyo",
    "theme": "dark",
    "density": "comfortable",
    "refresh_seconds": "15",
    "default_account": "",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return make_user("ann")


@pytest.fixture
def two_accounts(ann):
    accounts = [make_account(slug=slug, account_id=slug) for slug in ("acme", "bolt")]
    for account in accounts:
        make_membership(account, ann)
    return accounts


def test_it_is_for_whoever_is_logged_in(client, ann):
    assert client.get(URL).headers["Location"].startswith("/person/login/")
    assert logged_in(ann).put(URL).status_code == 405


def test_what_is_chosen_holds_in_every_browser(ann):
    answer = logged_in(ann).post(URL, VALUES, follow=True)
    assert "Kept." in answer.content.decode()
    page = logged_in(ann).get("/connect/").content.decode()
    assert 'data-theme="dark"' in page
    assert 'data-density="comfortable"' in page
    ann.refresh_from_db()
    assert (ann.time_zone, ann.refresh_seconds) == ("Asia/Tokyo", 15)
    page = logged_in(ann).get(URL).content.decode()
    assert '<option value="Asia/Tokyo" selected>' in page
    assert '<option value="15" selected>' in page


def test_the_chosen_zone_comes_before_the_browsers(ann, rf):
    from workflows_ui.middleware import viewer_zone

    request = rf.get("/")
    request.COOKIES["timezone"] = "Europe/Berlin"
    request.user = ann
    assert str(viewer_zone(request)) == "Europe/Berlin"
    ann.time_zone = "Asia/Tokyo"
    assert str(viewer_zone(request)) == "Asia/Tokyo"
    ann.time_zone = "Mars/Olympus"  # gone from the zones meanwhile
    assert str(viewer_zone(request)) == "UTC"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Olympus"),
        ("theme", "pink"),
        ("density", '"><script>'),
        ("refresh_seconds", "1"),
        ("refresh_seconds", "-5"),
    ],
)
def test_what_is_not_offered_is_refused_where_it_stands(ann, field, value):
    answer = logged_in(ann).post(URL, VALUES | {field: value})
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    ann.refresh_from_db()
    assert (ann.theme, ann.density, ann.refresh_seconds) == ("auto", "dense", None)


def test_home_opens_where_one_likes_to_start(ann, two_accounts):
    mine = logged_in(ann)
    assert mine.get("/").status_code == 200
    mine.post(URL, VALUES | {"default_account": two_accounts[1].pk})
    assert mine.get("/").headers["Location"] == "/a/bolt/workflows/"
    assert mine.get("/?all").status_code == 200
    ann.memberships.filter(account=two_accounts[1]).delete()
    make_membership(make_account(slug="cog", account_id="cog"), ann)
    assert mine.get("/").status_code == 200


def test_nobody_starts_at_an_account_of_others(ann):
    foreign = make_account(slug="foreign", name="Foreign Ltd")
    mine = logged_in(ann)
    assert "Foreign Ltd" not in mine.get(URL).content.decode()
    assert mine.post(URL, VALUES | {"default_account": foreign.pk}).status_code == 422


def test_the_theme_of_the_menu_is_kept_with_the_person(ann):
    logged_in(ann).post("/preferences/", {"theme": "dark"})
    assert 'data-theme="dark"' in logged_in(ann).get("/connect/").content.decode()


def polled(refresh: int | None, call: str, *, reader: str = "", stale: object = None) -> str:
    request = RequestFactory().get("/a/acme/workflows/?q=<x>")
    request.user, request.reader = User(username="ann", refresh_seconds=refresh), reader
    template = Template("{% load console %}{% " + call + " %}")
    return template.render(Context({"request": request, "stale": stale}))


@pytest.mark.parametrize(
    ("refresh", "call", "said"),
    [
        (None, "poll 5", "every 5s"),
        (2, "poll 5", "every 2s"),
        (60, "poll 5", "every 60s"),
        (2, "poll 10 heavy=True", "every 10s"),
        (60, "poll 10 heavy=True", "every 60s"),
    ],
)
def test_a_page_asks_again_at_the_persons_rate(refresh, call, said):
    text = polled(refresh, call)
    assert f'hx-trigger="{said}"' in text
    assert 'hx-get="/a/acme/workflows/?q=%3Cx%3E"' in text or "<x>" not in text


def test_a_page_asks_less_often_as_the_call_budget_falls():
    for _ in range(700):
        count("t1.1", "")
    assert 'hx-trigger="every 10s"' in polled(None, "poll 5", reader="t1.1")
    assert 'hx-trigger="every 4s"' in polled(2, "poll 5", reader="t1.1")
    assert 'hx-trigger="every 5s"' in polled(None, "poll 5", reader="t2.1")


@pytest.mark.parametrize(
    ("error", "said"),
    [(cf.TimedOut("slow"), "every 10s"), (cf.RateLimited("429", retry_after=40), "every 41s")],
)
def test_a_page_goes_on_asking_while_the_api_fails(error, said):
    assert said in polled(None, "poll 3", stale=trouble_of(error))


def test_a_page_can_be_told_to_stand_still():
    assert polled(0, "poll 5") == ""


@pytest.mark.parametrize("path", ["", "second-factor/", "sessions/", "password/change/"])
def test_the_pages_of_a_person_hang_together(ann, path):
    page = logged_in(ann).get(URL + path).content.decode()
    assert page.count('aria-current="page"') == 1
    for other in ("second-factor/", "sessions/", "password/change/"):
        assert f'href="{URL}{other}"' in page
