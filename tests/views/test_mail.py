from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from django.test import Client

from console.audit.models import Entry
from console.team.models import User
from tests.conftest import logged_in
from tests.factories import PASSWORD, make_user

RESET = "/person/password/reset/"
EMAIL = "/person/email/"
NEW = "a longer battery 5"

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.mail_urls")]


@pytest.fixture(autouse=True)
def _sends(settings):
    settings.SENDS_MAIL = True


@pytest.fixture
def ann():
    return make_user("ann", email="ann@example.com")


def link_in(mail) -> str:
    return re.search(r"https?://\S+/reset/\S+", mail.body)[0]


def set_password(client, mail):
    form = client.get(urlsplit(link_in(mail)).path, follow=True)
    action = form.redirect_chain[-1][0]
    return client.post(action, {"password1": NEW, "password2": NEW})


def test_a_forgotten_password_is_set_by_a_link(client, ann, mailoutbox):
    assert RESET in client.get("/person/login/").content.decode()
    stolen = logged_in(ann)
    sent = client.post(RESET, {"email": "Ann@example.com"}, follow=True)
    assert "Look at your mail" in sent.content.decode()
    assert [mail.to for mail in mailoutbox] == [["ann@example.com"]]
    done = set_password(client, mailoutbox[0])
    assert done.headers["Location"] == f"{RESET}done/"
    ann.refresh_from_db()
    assert ann.check_password(NEW)
    assert stolen.get("/connect/").status_code == 302  # every browser is out
    assert client.get("/connect/").status_code == 302  # and the link logs nobody in
    row = Entry.objects.get(action="user:password")
    assert row.detail == {"how": "reset by e-mail"}
    assert "password has been reset" in mailoutbox[1].body


def test_a_link_counts_once_and_leads_to_our_own_address(client, ann, mailoutbox, settings):
    settings.ALLOWED_HOSTS = ["*"]
    Client(HTTP_HOST="evil.example").post(RESET, {"email": "ann@example.com"})
    assert link_in(mailoutbox[0]).startswith("http://127.0.0.1:8000/")
    set_password(client, mailoutbox[0])
    again = Client().get(urlsplit(link_in(mailoutbox[0])).path, follow=True)
    assert "This link is worn out" in again.content.decode()


def test_no_mail_names_the_host_that_was_asked(ann, mailoutbox):
    mine = logged_in(ann)
    values = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    mine.post("/person/password/change/", values, headers={"host": "localhost:6666"})
    Client(HTTP_HOST="localhost:6666").post(RESET, {"email": "ann@example.com"})
    assert len(mailoutbox) == 2
    for mail in mailoutbox:
        assert "localhost" not in f"{mail.subject} {mail.body}"
        assert "http://127.0.0.1:8000/" in mail.body


def test_strangers_get_no_mail_and_learn_nothing(client, ann, mailoutbox):
    known = client.post(RESET, {"email": "ann@example.com"}, follow=True).content.decode()
    unknown = Client().post(RESET, {"email": "bob@example.com"}, follow=True).content.decode()
    strip = re.compile(r'value="[\w-]{20,}"|data-now="\d+"')
    assert strip.sub("", known) == strip.sub("", unknown)
    assert len(mailoutbox) == 1


def test_nobody_gets_a_password_beside_the_issuer(client, ann, mailoutbox):
    ann.set_unusable_password()
    ann.save()
    client.post(RESET, {"email": "ann@example.com"})
    assert mailoutbox == []


def test_asking_for_links_is_limited(client, ann, mailoutbox):
    answers = [client.post(RESET, {"email": "ann@example.com"}) for _ in range(8)]
    assert answers[-1].status_code == 429
    assert len(mailoutbox) <= 5


def test_a_changed_password_and_address_are_told(ann, mailoutbox):
    mine = logged_in(ann)
    values = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    mine.post("/person/password/change/", values)
    assert mailoutbox[0].to == ["ann@example.com"]
    assert "password has been changed" in mailoutbox[0].body
    mine.post(EMAIL, {"email": "lovelace@example.com"})
    assert mailoutbox[1].to == ["ann@example.com"]
    assert "lovelace@example.com" in mailoutbox[1].body
    assert User.objects.get().email == "lovelace@example.com"
    assert Entry.objects.filter(action="user:email", outcome="succeeded").count() == 1


def test_a_stolen_session_changes_no_address(ann, logged_in_long_ago):
    thief = logged_in_long_ago(ann)
    assert thief.get(EMAIL).headers["Location"].startswith("/person/reauthenticate/")
    thief.post(EMAIL, {"email": "eve@evil.example"})
    assert User.objects.get().email == "ann@example.com"


@pytest.mark.parametrize("email", ["no address", "ann@", "BOB@example.com"])
def test_an_address_that_is_none_or_anothers_is_refused_where_it_stands(ann, email):
    make_user("bob", email="bob@example.com")
    answer = logged_in(ann).post(EMAIL, {"email": email})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert 'id="id_email_error"' in text
    assert f'value="{email}"' in text


def test_several_may_have_none(ann):
    make_user("bob", email="")
    assert logged_in(ann).post(EMAIL, {"email": ""}).status_code == 302


def test_where_no_mail_goes_out_no_address_is_asked_for(ann, settings):
    settings.SENDS_MAIL = False
    mine = logged_in(ann)
    assert mine.get(EMAIL).status_code == 404
    assert EMAIL not in mine.get("/person/").content.decode()


def test_a_mail_server_that_is_away_stops_nothing(ann, settings, caplog):
    options = {"host": "127.0.0.1", "port": 1, "timeout": 1}
    settings.MAILERS = {
        "default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}
    }
    values = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert logged_in(ann).post("/person/password/change/", values).status_code == 302
    assert "A mail did not go out" in caplog.text
    ann.refresh_from_db()
    assert ann.check_password(NEW)


@pytest.mark.parametrize("path", [RESET, f"{RESET}sent/", f"{RESET}done/", f"{RESET}x-y/"])
def test_no_page_of_it_looks_foreign(client, ann, path):
    page = client.get(path, follow=True).content.decode()
    assert "<h1" in page
    assert "Menu:" not in page
