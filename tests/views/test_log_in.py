from __future__ import annotations

import secrets

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.conftest import logged_in
from tests.factories import PASSWORD, make_user

URL = "/person/login/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return make_user("ann")


def log_in(client, **values):
    return client.post(URL, {"login": "ann", "password": PASSWORD} | values)


def test_one_logs_in_by_name_and_password(client, ann):
    assert "Log in" in client.get(URL).content.decode()
    response = log_in(client)
    assert response.headers["Location"] == "/"
    assert client.get("/").headers["Location"] == reverse("workflows_ui:connect")


@pytest.mark.parametrize("values", [{"password": "wrong horse 1"}, {"login": "bob"}])
def test_a_wrong_name_and_a_wrong_password_look_the_same(client, ann, values):
    page = log_in(client, **values).content.decode()
    assert "are not correct" in page
    assert PASSWORD not in page
    assert client.get("/").status_code == 302
    assert client.get("/").headers["Location"].startswith(URL)


def test_who_is_switched_off_does_not_get_in(client, ann):
    ann.is_active = False
    ann.save()
    log_in(client)
    assert client.get("/connect/").headers["Location"].startswith(URL)


def test_log_in_leads_back_to_where_one_wanted_to_go(client, ann):
    wanted = client.get("/a/acme/workflows/?q=x").headers["Location"]
    assert wanted == f"{URL}?next=/a/acme/workflows/%3Fq%3Dx"
    response = log_in(client, next="/a/acme/workflows/?q=x")
    assert response.headers["Location"] == "/a/acme/workflows/?q=x"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "http://localhost/",
        "http://127.0.0.1:8000/",
        "javascript:alert(1)",
        "/\\evil.example",
        "http:///evil.example",
    ],
)
def test_log_in_never_leads_to_another_site(client, ann, elsewhere):
    assert log_in(client, next=elsewhere).headers["Location"] == "/"


def test_a_fragment_asked_without_log_in_moves_the_whole_page(client, ann):
    response = client.get(
        "/a/acme/workflows/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/a/acme/workflows/?q=x"},
    )
    assert response.headers["HX-Redirect"] == f"{URL}?next=%2Fa%2Facme%2Fworkflows%2F%3Fq%3Dx"


BOARD = "/a/acme/dashboards/1/"


def asked_to_log_in(client, **headers) -> str:
    return client.post(f"{BOARD}share/", headers=headers).headers["Location"]


def test_a_form_sent_after_the_session_leads_back_to_its_page(client, ann):
    where = asked_to_log_in(client, Referer=f"http://testserver{BOARD}edit/?moved=2#panel-2")
    assert where == f"{URL}?next=%2Fa%2Facme%2Fdashboards%2F1%2Fedit%2F%3Fmoved%3D2"


@pytest.mark.parametrize(
    "sent_from",
    [
        "",
        "https://evil.example/",
        "http://testserver.evil.example/",
        "http://testserver@evil.example/",
        "http://testserver:81/",
        "http://testserver//evil.example/",
        "http://testserver/\\evil.example/",
        "//evil.example/",
        "http://testserver",
        "http://[testserver/",
        "javascript:alert(1)",
    ],
)
def test_a_form_sent_from_elsewhere_leads_nowhere_after_the_log_in(client, ann, sent_from):
    assert asked_to_log_in(client, Referer=sent_from) == URL


def test_a_form_of_htmx_leads_back_to_the_page_that_htmx_is_on(client, ann):
    page = f"http://testserver{BOARD}edit/"
    headers = {"HX-Request": "true", "HX-Current-URL": page, "Referer": "http://testserver/x/"}
    answer = client.post(f"{BOARD}share/", headers=headers)
    assert answer.headers["HX-Redirect"] == f"{URL}?next=%2Fa%2Facme%2Fdashboards%2F1%2Fedit%2F"


def test_guessing_is_slowed_down_and_says_so(client, ann):
    answers = [log_in(client, password=f"wrong horse {i}") for i in range(7)]
    assert "Too many failed" in answers[-1].content.decode()
    assert "Location" not in log_in(client).headers


def tries(name, address, count=1):
    client = Client(REMOTE_ADDR=address)
    wrong = {"login": name, "password": "wrong horse 1"}
    return [client.post(URL, wrong).content.decode() for _ in range(count)]


def test_a_name_is_locked_whatever_the_address(ann):
    for number in range(5):
        assert "Too many failed" not in tries("ann", f"192.0.2.{number}")[0]
    assert "Too many failed" in tries("ann", "192.0.2.99")[0]
    assert "Too many failed" in tries("ANN", "192.0.2.98")[0]
    assert "Too many failed" not in tries("bob", "192.0.2.97")[0]


def test_an_address_is_locked_whatever_the_name(ann):
    for number in range(10):
        assert "Too many failed" not in tries(f"user-{number}", "192.0.2.1")[0]
    assert "Too many failed" in tries("ann", "192.0.2.1")[0]
    assert "Too many failed" not in tries("ann", "192.0.2.2")[0]


@pytest.mark.parametrize("page", ["/healthz", URL, "/connect/"])
def test_made_up_sessions_leave_nothing_in_the_cache(ann, page):
    for _ in range(3):
        Client(headers={"cookie": f"sessionid={secrets.token_hex(16)}"}).get(page)
    assert not cache._cache


def test_a_flood_does_not_open_the_lock(ann):
    tries("ann", "192.0.2.1", 5)
    for number in range(400):
        address = f"198.51.{number // 250}.{number % 250}"
        flood = Client(REMOTE_ADDR=address, headers={"cookie": f"sessionid={number:032}"})
        flood.get("/healthz")
        flood.post(URL, {})
    assert "Too many failed" in tries("ann", "192.0.2.2")[0]


def test_a_made_up_forwarded_address_does_not_open_the_lock(ann):
    for number in range(12):
        client = Client(REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
        page = client.post(URL, {"login": f"user-{number}", "password": "x"}).content.decode()
    assert "Too many failed" in page


def test_log_in_itself_is_limited(client, ann):
    response = [log_in(client, password="") for _ in range(35)][-1]
    assert response.status_code == 429
    assert "Too many tries" in response.content.decode()


def test_logging_out_asks_first_and_ends_the_session(ann):
    client = logged_in(ann)
    assert "Log out" in client.get("/person/logout/").content.decode()
    assert client.get("/connect/").status_code == 200
    assert client.post("/person/logout/").headers["Location"] == URL
    assert client.get("/connect/").status_code == 302


def test_the_password_can_be_changed(client, ann):
    page = "/person/password/change/"
    mine = logged_in(ann)
    assert mine.get(page).status_code == 200
    new = "a longer battery 5"
    wrong = {"oldpassword": "no", "password1": new, "password2": new}
    assert "password1" in mine.post(page, wrong).content.decode()
    assert mine.post(page, wrong | {"oldpassword": PASSWORD}).status_code == 302
    assert log_in(client, password=new).headers["Location"] == "/"


def test_nobody_signs_up_by_themselves(client, ann):
    url = "/person/signup/"
    assert "Sign-up is closed" in client.get(url).content.decode()
    values = {"username": "bob", "password1": PASSWORD, "password2": PASSWORD}
    assert "Sign-up is closed" in client.post(url, values).content.decode()
    assert type(ann).objects.count() == 1


@pytest.mark.parametrize("name", ["account_email", "account_reset_password"])
def test_what_needs_mail_has_no_address(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


@pytest.mark.parametrize(
    "path", ["inactive/", "reauthenticate/", "password/change/", "logout/", "sessions/"]
)
def test_no_page_of_the_log_in_looks_foreign(ann, path):
    page = logged_in(ann).get(f"/person/{path}").content.decode()
    assert "Menu:" not in page
    assert "<h1" in page
