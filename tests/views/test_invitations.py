from __future__ import annotations

import logging
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from console.audit.models import Entry
from console.team.models import Invitation, Membership, User
from console.team.roles import Role
from tests.conftest import logged_in
from tests.factories import PASSWORD, make_account, make_membership
from tests.views.simulated import soup

TEAM, INVITE, JOIN = "/a/acme/team/", "/a/acme/team/invite/", "/join/"
NEW = {"username": "newcomer", "password1": PASSWORD, "password2": PASSWORD}

pytestmark = pytest.mark.django_db


def form(**values) -> dict[str, object]:
    return {"role": "operator", "days": 7, "key": str(uuid.uuid4()), **values}


@pytest.fixture
def link(admin_client) -> str:
    """The path of a fresh link."""
    answer = admin_client.post(INVITE, form(note="Bob", limits="billing-*"))
    assert answer.status_code == 200
    shown = soup(answer).select_one(".code-body").text.strip()
    assert shown.startswith("http://127.0.0.1:8000/join/")  # CONSOLE_URL, whatever host was asked
    return shown.removeprefix("http://127.0.0.1:8000")


def opened(link: str, browser: Client | None = None) -> Client:
    """A browser that followed the link."""
    browser = browser or Client()
    led = browser.get(link)
    assert (led.status_code, led["Location"]) == (302, JOIN)
    return browser


# --- Making and withdrawing ------------------------------------------------------------------


def test_the_link_is_shown_once_and_lasts_a_week(admin_client, link):
    secret = link.split("/")[2]
    invitation = Invitation.objects.get()
    assert (invitation.role, invitation.limits) == (Role.OPERATOR, ["billing-*"])
    left = invitation.expires - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
    page = admin_client.get(TEAM).content.decode()
    assert "Bob" in page
    assert secret not in page
    assert invitation.digest not in page


def test_a_form_that_is_sent_twice_makes_one_invitation(admin_client):
    sent = form()
    admin_client.post(INVITE, sent)
    again = admin_client.post(INVITE, sent, follow=True)
    assert "shown only once" in again.content.decode()
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"role": "owner"}, {"days": 0}, {"days": 31}, {"limits": "["}])
def test_a_wrong_form_is_named_and_stays_typed(admin_client, wrong):
    answer = admin_client.post(INVITE, form(note="For Bob", **wrong))
    assert answer.status_code == 422
    assert "For Bob" in answer.content.decode()
    assert not Invitation.objects.exists()


def test_an_invitation_is_withdrawn(admin_client, link):
    page = f"{TEAM}invitations/{Invitation.objects.get().pk}/withdraw/"
    assert page in admin_client.get(TEAM).content.decode()
    assert "Bob as operator" in admin_client.get(page).content.decode()
    assert admin_client.post(page)["Location"] == TEAM
    assert admin_client.post(page).status_code == 404
    assert opened(link).get(JOIN).status_code == 404


def test_nobody_else_withdraws_it(link, operator_client, outsider, outsider_client):
    path = f"team/invitations/{Invitation.objects.get().pk}/withdraw/"
    make_membership(make_account(slug="other", account_id="1" * 32), outsider, Role.ADMIN)
    assert operator_client.post(f"/a/acme/{path}").status_code == 403
    for slug in ("acme", "other"):
        assert outsider_client.post(f"/a/{slug}/{path}").status_code == 404
    assert Invitation.objects.get().withdrawn is None


# --- Accepting -------------------------------------------------------------------------------


def test_the_link_hides_its_secret_at_once(link):
    browser = Client()
    led = browser.get(link)
    assert led["Location"] == JOIN
    assert led["Referrer-Policy"] == "no-referrer"
    cookie = led.cookies["invitation"]
    assert cookie["httponly"]
    assert (cookie["path"], cookie["samesite"]) == (JOIN, "Lax")
    page = browser.get(JOIN)
    assert link.split("/")[2] not in page.content.decode()
    assert "the-admin invites you as <strong>operator</strong>" in page.content.decode()
    assert Invitation.objects.get().used is None


def test_a_period_behind_a_pasted_link_does_no_harm(link):
    assert opened(link.rstrip("/") + "./").get(JOIN).status_code == 200


def test_who_is_logged_in_joins_with_the_role(link, outsider, outsider_client):
    assert "Join as the-outsider" in opened(link, outsider_client).get(JOIN).content.decode()
    led = outsider_client.post(JOIN)
    assert led["Location"] == "/a/acme/"
    joined = Membership.objects.get(user=outsider)
    assert (joined.role, joined.limits) == (Role.OPERATOR, ["billing-*"])
    assert led.cookies["invitation"].value == ""


def test_who_has_a_user_logs_in_first_and_comes_back(link, outsider):
    browser = opened(link)
    log_in = soup(browser.get(JOIN)).find("a", string="Log in to join")["href"]
    led = browser.post(log_in, {"login": "the-outsider", "password": PASSWORD})
    assert led["Location"] == JOIN
    assert browser.post(JOIN)["Location"] == "/a/acme/"
    assert Membership.objects.filter(user=outsider).exists()


def test_who_has_none_makes_one_and_is_in(link):
    browser = opened(link)
    assert browser.post(JOIN, NEW)["Location"] == "/a/acme/"
    assert Membership.objects.get(user__username="newcomer").role == Role.OPERATOR
    assert browser.get(TEAM).status_code == 200
    assert browser.get("/connect/").status_code == 200


def test_where_nobody_logs_in_by_password_nobody_is_made_by_one(link, settings):
    settings.PASSWORD_LOGIN = False
    browser = opened(link)
    for page in (browser.get(JOIN), browser.post(JOIN, NEW)):
        assert "Log in to join" in page.content.decode()
        assert not soup(page).find("input", type="password")
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"password1": "1234567890", "password2": "1234567890"},
        {"password2": "another horse battery"},
        {"username": "the-admin"},
        {"username": "no spaces"},
    ],
)
def test_the_rules_for_users_are_those_of_all(link, wrong):
    browser = opened(link)
    answer = browser.post(JOIN, NEW | wrong)
    assert answer.status_code == 422
    assert soup(answer).select(".errors")
    assert User.objects.count() == 1
    assert Invitation.objects.get().used is None


def test_a_member_who_opens_it_keeps_what_they_are(link, admin, admin_client):
    page = opened(link, admin_client).post(JOIN, follow=False)
    assert page["Location"] == "/a/acme/"
    assert Membership.objects.get().role == Role.ADMIN
    assert Invitation.objects.get().used is None


def void_in_every_way(link: str, admin: User) -> list[str]:
    pages = [Client().get(JOIN), opened("/join/" + "x" * 43 + "/").get(JOIN)]
    first = Invitation.objects.get()
    for change in (
        {"expires": timezone.now() - timedelta(days=1)},
        {"expires": first.expires, "withdrawn": timezone.now()},
        {"withdrawn": None, "used": timezone.now()},
    ):
        Invitation.objects.update(**change)
        pages.append(opened(link).get(JOIN))
        pages.append(opened(link).post(JOIN, NEW))
    Invitation.objects.update(used=None)
    Membership.objects.filter(user=admin).update(role=Role.OPERATOR)
    pages.append(opened(link).get(JOIN))
    assert {page.status_code for page in pages} == {404}
    return [soup(page).main.get_text() for page in pages]


def test_every_link_that_leads_nowhere_gives_the_same_page(link, admin):
    assert len(set(void_in_every_way(link, admin))) == 1
    assert User.objects.count() == 1


def test_no_log_and_no_trail_holds_the_secret(link, caplog, outsider):
    caplog.set_level(logging.DEBUG)
    secret = link.split("/")[2]
    opened(link, logged_in(outsider)).post(JOIN)
    opened(link).get(JOIN)
    assert secret not in caplog.text
    assert not any(secret in str(list(row.values())) for row in Entry.objects.values())


def test_links_are_not_tried_by_the_thousand(link):
    wrong, right = opened("/join/" + "x" * 43 + "/"), opened(link)
    answers = [wrong.get(JOIN).status_code for _ in range(25)]
    assert answers[0] == 404
    assert answers[-1] == 429
    assert right.post(JOIN, NEW).status_code == 429


def test_other_methods_are_refused(link):
    assert Client().post(link).status_code == 405
    assert Client().put(JOIN).status_code == 405
