from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache

from console.audit.models import Entry
from tests.conftest import logged_in
from tests.factories import PASSWORD, make_user

HOME = "/person/second-factor/"
APP = f"{HOME}app/"
CODES = f"{HOME}codes/"
LOG_IN = "/person/login/"
ASK = f"{HOME}authenticate/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return make_user("ann")


def code_for(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def set_up_app(browser, run) -> str:
    """Switches the app on and returns its secret."""
    page = browser.get(APP).content.decode()
    secret = re.search(r'id="secret" value="([A-Z2-7]+)"', page)[1]
    with run(execute=True):
        answer = browser.post(APP, {"code": code_for(secret)})
    assert answer.headers["Location"] == CODES
    cache.clear()  # a code counts once
    return secret


@pytest.fixture
def secret(ann, django_capture_on_commit_callbacks) -> str:
    return set_up_app(logged_in(ann), django_capture_on_commit_callbacks)


def log_in(client, password=PASSWORD, **values):
    return client.post(LOG_IN, {"login": "ann", "password": password} | values)


def test_without_one_the_page_says_what_is_missing(ann):
    page = logged_in(ann).get(HOME).content.decode()
    assert "Your password is all that protects" in page
    assert "Set up an app" in page


def test_an_app_is_set_up_with_its_first_code(ann, django_capture_on_commit_callbacks):
    browser = logged_in(ann)
    page = browser.get(APP).content.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    secret = re.search(r'id="secret" value="([A-Z2-7]+)"', page)[1]
    wrong = browser.post(APP, {"code": "000000"}).content.decode()
    assert "Incorrect code" in wrong
    assert secret in wrong  # the app that was scanned is still the right one
    assert not Authenticator.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(APP, {"code": code_for(secret)})
    assert {a.type for a in Authenticator.objects.all()} == {"totp", "recovery_codes"}
    codes = browser.get(CODES).content.decode()
    assert "10 of 10 are left" in codes


def test_its_secret_is_sealed(secret, ann):
    kept = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in kept
    assert kept.startswith("gAAAA")


def test_the_password_alone_no_longer_opens(client, secret):
    assert log_in(client).headers["Location"] == ASK
    assert client.get("/connect/").headers["Location"].startswith(LOG_IN)
    assert "Second factor" in client.get(ASK).content.decode()
    assert "Incorrect code" in client.post(ASK, {"code": "123456"}).content.decode()
    assert client.post(ASK, {"code": code_for(secret)}).headers["Location"] == "/"
    assert client.get("/connect/").status_code == 200


def test_a_code_counts_once(client, secret):
    code = code_for(secret)
    log_in(client)
    client.post(ASK, {"code": code})
    client.post("/person/logout/")
    log_in(client)
    assert "Incorrect code" in client.post(ASK, {"code": code}).content.decode()


def test_guessing_codes_is_slowed_down(client, secret):
    log_in(client)
    pages = [client.post(ASK, {"code": f"{n:06}"}).content.decode() for n in range(6)]
    assert "Too many" in pages[-1]
    cheated = client.post(ASK, {"code": code_for(secret)}).content.decode()
    assert "Too many" in cheated


def test_a_recovery_code_opens_once(client, ann, secret):
    browser = logged_in(ann)
    text = browser.get(f"{CODES}download/").content.decode()
    assert "Workflows Console at http://127.0.0.1:8000/" in text
    code = re.findall(r"^\w{8}$", text, re.MULTILINE)[0]
    log_in(client)
    assert client.post(ASK, {"code": code}).headers["Location"] == "/"
    client.post("/person/logout/")
    log_in(client)
    assert "Incorrect code" in client.post(ASK, {"code": code}).content.decode()


def test_new_codes_end_the_old_ones(ann, secret, django_capture_on_commit_callbacks):
    browser = logged_in(ann)
    before = browser.get(CODES).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"{CODES}generate/")
    after = browser.get(CODES).content.decode()
    old, new = (set(re.findall(r"\b\d{8}\b", page)) for page in (before, after))
    assert len(old) == len(new) == 10
    assert not old & new


def test_removing_the_app_takes_the_codes_with_it(ann, secret, client):
    browser = logged_in(ann)
    assert "Remove the app?" in browser.get(f"{APP}remove/").content.decode()
    assert browser.post(f"{APP}remove/").headers["Location"] == HOME
    assert not Authenticator.objects.exists()
    assert log_in(client).headers["Location"] == "/"


def test_nobody_sees_or_removes_anothers_key(ann):
    key = Authenticator.objects.create(user=ann, type="webauthn", data={"name": "Laptop"})
    thief = logged_in(make_user("bob"))
    for url in (f"{HOME}keys/{key.pk}/", f"{HOME}keys/{key.pk}/remove/"):
        assert thief.get(url).status_code == 404
        assert thief.post(url, {"name": "Mine"}).status_code == 404
    assert Authenticator.objects.get().data["name"] == "Laptop"


def test_the_trail_tells_every_step(client, ann, secret, django_capture_on_commit_callbacks):
    log_in(client)
    client.post(ASK, {"code": "123456"})
    client.post(ASK, {"code": code_for(secret)})
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{CODES}generate/")
    client.post(f"{APP}remove/")
    told = [(row.action, row.detail) for row in Entry.objects.order_by("sequence")]
    factor = "user:two_factor"
    assert told[-7:] == [
        (factor, {"change": "added", "factor": "totp"}),
        (factor, {"change": "added", "factor": "recovery_codes"}),
        ("session:log_in_failed", {"factor": "totp"}),
        ("session:log_in", {"by": ["password", "totp"]}),
        (factor, {"change": "generated anew", "factor": "recovery_codes"}),
        (factor, {"change": "removed", "factor": "totp"}),
        (factor, {"change": "removed", "factor": "recovery_codes"}),
    ]
    assert not [row for row in Entry.objects.all() if secret in str(row.__dict__)]


@pytest.mark.parametrize(
    "path",
    ["", "app/", "keys/", "keys/add/", "codes/generate/", "reauthenticate/"],
)
def test_no_page_of_it_looks_foreign(ann, secret, path):
    browser = logged_in(ann)
    if path == "app/":
        Authenticator.objects.all().delete()
    page = browser.get(HOME + path).content.decode()
    assert "Menu:" not in page
    assert "<h1" in page
