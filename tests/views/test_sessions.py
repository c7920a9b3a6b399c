from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from console.audit.models import Entry
from tests.factories import PASSWORD, make_user

URL = "/person/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return make_user("ann")


def browser_at(address: str, agent: str = FIREFOX, **headers) -> Client:
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=agent, **headers)
    client.post("/person/login/", {"login": "ann", "password": PASSWORD})
    return client


def test_each_log_in_is_listed_and_this_one_marked(ann):
    browser_at("192.0.2.7", "curl/8.1")
    mine = browser_at("2001:db8::5")
    page = mine.get(URL).content.decode()
    for shown in ("192.0.2.7", "2001:db8::5", "Firefox on Linux", "curl"):
        assert shown in page
    assert page.count("this one") == 1


def test_nobody_sees_anothers_sessions(ann):
    browser_at("192.0.2.7")
    make_user("bob")
    other = Client(REMOTE_ADDR="192.0.2.8")
    other.post("/person/login/", {"login": "bob", "password": PASSWORD})
    page = other.get(URL).content.decode()
    assert "192.0.2.7" not in page
    assert "nowhere else" in page


def test_logging_out_the_others_ends_them_at_once(ann):
    lost, mine = browser_at("192.0.2.7"), browser_at("192.0.2.8")
    assert lost.get("/connect/").status_code == 200
    page = mine.post(URL, follow=True).content.decode()
    assert "The other sessions are ended." in page
    assert "192.0.2.7" not in page
    assert lost.get("/connect/").headers["Location"].startswith("/person/login/")
    assert mine.get("/connect/").status_code == 200
    row = Entry.objects.first()
    assert (row.action, row.actor_name, row.detail) == ("session:end", "ann", {"count": 1})
    assert row.address == "192.0.2.8"


def test_a_changed_password_ends_the_others_and_is_in_the_trail(ann):
    lost, mine = browser_at("192.0.2.7"), browser_at("192.0.2.8")
    new = "a longer battery 5"
    values = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    mine.post("/person/password/change/", values)
    assert lost.get("/connect/").status_code == 302
    assert mine.get("/connect/").status_code == 200
    row = Entry.objects.first()
    assert (row.action, row.target, row.detail) == ("user:password", "ann", {"how": "changed"})
    assert not [row for row in Entry.objects.all() if new in str(row.__dict__)]


@pytest.mark.parametrize(
    ("trusted", "shown"),
    [((), "10.0.0.1"), ((ip_network("10.0.0.1"),), "203.0.113.9")],
    ids=["open", "behind a proxy"],
)
def test_behind_a_proxy_the_address_is_what_the_proxy_saw(ann, settings, trusted, shown):
    settings.TRUSTED_PROXIES = trusted
    browser_at("10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.9")
    assert UserSession.objects.get().ip == shown


def test_last_seen_is_written_once_a_minute_at_most(ann, django_assert_max_num_queries):
    mine = browser_at("192.0.2.7")
    mine.get("/connect/")
    with django_assert_max_num_queries(3):
        mine.get("/connect/")
    later = timezone.now() + timedelta(minutes=10)
    with time_machine.travel(later):
        with django_assert_max_num_queries(4):
            mine.get("/connect/")
        assert UserSession.objects.get().last_seen_at >= later - timedelta(seconds=1)


def test_a_session_that_moves_elsewhere_is_listed_there(ann):
    mine = browser_at("192.0.2.7")
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        mine.get("/connect/", REMOTE_ADDR="192.0.2.9")
    assert UserSession.objects.get().ip == "192.0.2.9"
