"""A stolen session alone changes nothing that matters."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.messages import get_messages
from django.utils import timezone

from console.team.models import Account, Invitation
from console.vault.models import ApiToken
from tests.conftest import logged_in
from tests.factories import PASSWORD, make_user
from workflows_ui.models import Dashboard, DashboardLink

pytestmark = pytest.mark.django_db

PAGE = "/a/acme/connection/"
CONFIRM = "/person/reauthenticate/"
ASKING = [
    "/connect/",
    "/connect/cloudflare/",
    "/person/second-factor/app/",
    "/person/second-factor/keys/add/",
    "/person/second-factor/codes/generate/",
]


def goal(response) -> tuple[str, str]:
    url = urlsplit(response.headers["Location"])
    return url.path, parse_qs(url.query)["next"][0]


@pytest.mark.parametrize("url", ASKING)
def test_a_page_that_matters_asks_first_and_leads_back(logged_in_long_ago, url):
    browser = logged_in_long_ago(make_user("ann"))
    assert goal(browser.get(url)) == (CONFIRM, url)
    page = browser.get(f"{CONFIRM}?next={url}").content.decode()
    assert "Confirm that it&#x27;s you" in page or "Confirm that it's you" in page
    wrong = browser.post(CONFIRM, {"password": "no", "next": url})
    assert wrong.status_code == 200
    right = browser.post(CONFIRM, {"password": PASSWORD, "next": url})
    assert right.headers["Location"] == url
    assert browser.get(url).headers.get("Location") != CONFIRM


def test_it_never_leads_to_another_site(logged_in_long_ago):
    browser = logged_in_long_ago(make_user("ann"))
    answer = browser.post(CONFIRM, {"password": PASSWORD, "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("act", ["replace", "remove"])
def test_a_token_is_not_swapped_by_a_stolen_session(viewer, logged_in_long_ago, act, assert_secret):
    before = ApiToken.objects.get(owner=viewer).sealed
    thief = logged_in_long_ago(viewer)
    url = f"{PAGE}{ApiToken.objects.get(owner=viewer).pk}/{act}/"
    answer = thief.post(url, {"token": "cfut-the-token-of-a-thief", "label": "x"})
    assert goal(answer) == (CONFIRM, url)
    assert ApiToken.objects.get(owner=viewer).sealed == before
    assert "Nothing was done yet" in str(next(iter(get_messages(answer.wsgi_request))))
    assert_secret("cfut-the-token-of-a-thief", answer)


def test_the_connection_draws_its_forms_only_for_who_confirmed(viewer, logged_in_long_ago):
    page = logged_in_long_ago(viewer).get(PAGE).content.decode()
    assert 'name="token"' not in page
    assert 'popovertarget="confirm-remove" data-dialog-open' not in page
    assert f"{CONFIRM}?next=%2Fa%2Facme%2Fconnection%2F" in page
    assert 'name="token"' in logged_in(viewer).get(PAGE).content.decode()


def test_nothing_is_connected_by_a_stolen_session(logged_in_long_ago):
    thief = logged_in_long_ago(make_user("ann"))
    for way in ("cloudflare", "local", "demo"):
        assert goal(thief.post(f"/connect/{way}/", {"token": "t" * 20})) == (CONFIRM, "/connect/")


def test_no_door_is_opened_by_a_stolen_session(account, admin, logged_in_long_ago):
    """Neither a link that outlives the session, nor an account that wants no second factor."""
    board = Dashboard.objects.create(account=account, owner=admin, title="Hall", shared=True)
    Account.objects.update(require_second_factor=True)
    Authenticator.objects.create(user=admin, type=Authenticator.Type.WEBAUTHN, data={})
    thief = logged_in_long_ago(admin)
    for path in (f"dashboards/{board.pk}/links/", "team/invite/", "settings/second-factor/"):
        answer = thief.post(f"/a/acme/{path}", {"label": "hall", "days": "7"})
        assert answer.status_code == 302, path
        assert "reauthenticate" in answer.headers["Location"]
    assert not DashboardLink.objects.exists()
    assert not Invitation.objects.exists()
    assert Account.objects.get(pk=account.pk).require_second_factor


def test_a_log_in_counts_for_a_quarter_of_an_hour(client):
    make_user("ann")
    client.post("/person/login/", {"login": "ann", "password": PASSWORD})
    assert client.get("/connect/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=14)):
        assert client.get("/connect/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert goal(client.get("/connect/")) == (CONFIRM, "/connect/")


def test_one_persons_confirmation_is_not_anothers():
    browser = logged_in(make_user("ann"))
    session = browser.session
    session["account_authentication_methods_user"] = str(make_user("bob").pk)
    session.save()
    assert goal(browser.get("/connect/")) == (CONFIRM, "/connect/")
