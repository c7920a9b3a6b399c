from __future__ import annotations

import time
from unittest.mock import patch

import pytest
from django.urls import reverse

from console.team.models import Account, Membership
from console.team.roles import Role
from console.vault.models import ApiToken
from console.vault.sealing import unseal
from tests.cloudflare.fault_server import cut, failure, half, hang, html
from tests.conftest import logged_in
from tests.factories import make_user
from tests.fake_api import Token
from workflows_ui.services.accounts import DEMO_ACCOUNT_ID, DEMO_TOKEN

TOKEN = "cfut-Zk3TokenOfNobody"
ONE, TWO, THREE = "1" * 32, "2" * 32, "3" * 32
CONNECT = "/connect/"
CLOUDFLARE = "/connect/cloudflare/"
LOCAL = "/connect/local/"
DEMO = "/connect/demo/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return make_user("ann")


@pytest.fixture
def browser(ann):
    return logged_in(ann)


def paste(browser, url, **values):
    return browser.post(CLOUDFLARE, {"token": TOKEN, "base_url": url} | values)


def workflows_of(account) -> str:
    return reverse("workflows_ui:workflow-list", args=[account.slug])


# --- The page --------------------------------------------------------------------------------


def test_there_are_three_ways_to_connect(browser):
    page = browser.get(CONNECT).content.decode()
    for url in (CLOUDFLARE, LOCAL, DEMO):
        assert f'action="{url}"' in page
    assert 'type="password"' in page
    assert 'autocomplete="off"' in page


@pytest.mark.parametrize("url", [CONNECT, CLOUDFLARE, LOCAL, DEMO])
def test_who_is_not_logged_in_connects_nothing(client, ann, url):
    assert client.get(url).headers["Location"].startswith("/person/login/")
    assert client.post(url).headers["Location"].startswith("/person/login/")
    htmx = client.post(url, headers={"HX-Request": "true"})
    assert htmx.headers["HX-Redirect"].startswith("/person/login/")


def test_wrong_methods_are_refused(browser):
    assert browser.post(CONNECT).status_code == 405
    assert browser.get(DEMO).status_code == 405
    assert browser.put(CLOUDFLARE).status_code == 405
    assert browser.put(LOCAL).status_code == 405
    for url in (CLOUDFLARE, LOCAL):
        assert browser.get(url).headers["Location"] == CONNECT


# --- Cloudflare ------------------------------------------------------------------------------


def test_a_token_that_reaches_one_account_connects_it(browser, ann, api, assert_secret):
    api.accounts = {ONE: "Acme GmbH"}
    api.tokens[TOKEN] = Token(reads={ONE}, expires_on="2030-01-02T00:00:00Z")
    response = paste(browser, api.url)
    account = Account.objects.get()
    assert response.headers["Location"] == workflows_of(account)
    assert (account.name, account.slug, account.base_url) == ("Acme GmbH", "acme-gmbh", api.url)
    assert Membership.objects.get().role == Role.ADMIN
    row = ApiToken.objects.get()
    assert unseal(row.sealed, owner_id=ann.pk, account_id=account.pk) == TOKEN
    assert row.expires.year == 2030
    assert_secret(TOKEN, response, browser.get(f"/a/{account.slug}/connection/"))


def test_of_several_accounts_the_person_chooses(browser, api, assert_secret):
    api.accounts = {ONE: "Acme", TWO: "<b>Bolt</b>", THREE: "Cog"}
    api.tokens[TOKEN] = Token(reads={ONE, THREE})
    response = paste(browser, api.url)
    assert response.headers["Location"] == CLOUDFLARE
    page = browser.get(CLOUDFLARE)
    text = page.content.decode()
    assert f'value="{ONE}"' in text
    assert f'value="{TWO}"' not in text
    assert "&lt;b&gt;Bolt&lt;/b&gt;" in text
    assert "lacks a permission" in text
    assert_secret(TOKEN, response, page)

    none = browser.post(CLOUDFLARE, {})
    assert none.status_code == 422
    assert "Choose at least one" in none.content.decode()
    foreign = browser.post(CLOUDFLARE, {"accounts": [TWO]})
    assert foreign.status_code == 422
    assert not Account.objects.exists()

    done = browser.post(CLOUDFLARE, {"accounts": [ONE, THREE]})
    assert done.headers["Location"] == "/"
    assert {account.name for account in Account.objects.all()} == {"Acme", "Cog"}
    assert ApiToken.objects.count() == 2
    assert_secret(TOKEN, none, foreign, done)
    assert browser.get(CLOUDFLARE).headers["Location"] == CONNECT
    assert "pending_token" not in browser.session


def test_a_token_that_an_account_owns_needs_the_account_named(browser, api, assert_secret):
    api.tokens[TOKEN] = Token(reads={ONE}, lists=False, owned_by_account=True)
    assert paste(browser, api.url).headers["Location"] == CLOUDFLARE
    page = browser.get(CLOUDFLARE)
    assert 'name="account_id"' in page.content.decode()
    shape = browser.post(CLOUDFLARE, {"account_id": "acme"})
    assert "32 characters" in shape.content.decode()
    wrong = browser.post(CLOUDFLARE, {"account_id": TWO})
    assert wrong.status_code == 422
    assert "does not let it read Workflows" in wrong.content.decode()
    right = browser.post(CLOUDFLARE, {"account_id": ONE})
    assert right.headers["Location"] == workflows_of(Account.objects.get())
    assert_secret(TOKEN, page, shape, wrong, right)


def test_the_account_may_be_named_at_once(browser, api):
    api.tokens[TOKEN] = Token(reads={ONE}, lists=False, owned_by_account=True)
    response = paste(browser, api.url, account_id=ONE.upper())
    assert response.headers["Location"] == workflows_of(Account.objects.get(account_id=ONE))


def test_a_token_nobody_knows_connects_nothing(browser, api, assert_secret):
    assert paste(browser, api.url).headers["Location"] == CLOUDFLARE
    response = browser.post(CLOUDFLARE, {"account_id": ONE})
    assert response.status_code == 422
    assert "does not accept this token" in response.content.decode()
    assert not Account.objects.exists()
    assert_secret(TOKEN, response)


def test_a_second_person_joins_as_viewer_with_a_token_of_their_own(browser, api):
    api.accounts = {ONE: "Acme"}
    api.tokens[TOKEN] = Token(reads={ONE})
    paste(browser, api.url)
    bob = make_user("bob")
    paste(logged_in(bob), api.url)
    assert Account.objects.count() == 1
    assert Membership.objects.get(user=bob).role == Role.VIEWER


def test_a_pasted_token_waits_ten_minutes_and_no_longer(browser, api):
    api.accounts = {ONE: "Acme", TWO: "Bolt"}
    api.tokens[TOKEN] = Token(reads={ONE, TWO})
    with patch("time.time", return_value=time.time() - 601):
        paste(browser, api.url)
    response = browser.post(CLOUDFLARE, {"accounts": [ONE]})
    assert response.headers["Location"] == CONNECT
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("answer", "field", "words"),
    [
        (cut, "base_url", "can&#x27;t be reached"),
        (half, "base_url", "can&#x27;t be reached"),
        (html(200), "base_url", "not an answer of the Workflows API"),
        (html(503), "token", "An error page came"),
        (failure(429, 971, "slow down"), "token", "Too many calls"),
        (failure(500, 1, f"no good: {TOKEN}"), "token", "problem of its own"),
    ],
)
def test_an_upstream_that_fails_says_so_at_the_field(
    browser, fault_upstream, assert_secret, answer, field, words
):
    fault_upstream.answer(answer)
    response = paste(browser, f"{fault_upstream.url}/client/v4")
    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    assert f'id="id_{field}_error"' in page
    assert "paste it once more" in page
    assert not Account.objects.exists()
    assert_secret(TOKEN, response)


def test_an_upstream_that_never_answers_is_given_up(browser, fault_upstream, settings):
    settings.UPSTREAM_TIMEOUT = (1.0, 0.2)
    fault_upstream.answer(hang)
    response = paste(browser, f"{fault_upstream.url}/client/v4")
    assert "did not answer in time" in response.content.decode()


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "https://169.254.169.254/", "ftp://a.example/", "nonsense", ""]
)
def test_addresses_that_are_not_allowed_are_refused_at_the_field(browser, url):
    response = paste(browser, url)
    assert response.status_code == 422
    assert 'id="id_base_url_error"' in response.content.decode()


@pytest.mark.parametrize("token", ["", "with space inside", "tök-en-tök-en", "new\nline-token"])
def test_what_is_no_token_goes_nowhere(browser, api, token):
    response = paste(browser, api.url, token=token)
    assert response.status_code == 422
    assert api.asked == []


# --- Local -----------------------------------------------------------------------------------

ENGINE = "/cdn-cgi/local/explorer/api/workflows"


def engine(api) -> str:
    api.override(ENGINE, 200, '{"success":true,"errors":[],"messages":[],"result":[]}')
    return api.url.removesuffix("/client/v4")


def test_a_local_engine_is_connected_by_its_address(browser, api):
    response = browser.post(LOCAL, {"url": engine(api) + "/", "name": "Workbench"})
    account = Account.objects.get()
    assert response.headers["Location"] == workflows_of(account)
    assert (account.name, account.kind) == ("Workbench", Account.Kind.LOCAL)


@pytest.mark.parametrize(
    ("answer", "words"), [(cut, "Nothing answers"), (html(200), "no Workflows engine")]
)
def test_what_is_no_engine_says_so_at_the_field(browser, fault_upstream, answer, words):
    fault_upstream.answer(answer)
    response = browser.post(LOCAL, {"url": fault_upstream.url})
    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    assert 'id="id_url_error"' in page
    assert not Account.objects.exists()


def test_nothing_at_a_local_address_says_so(browser, closed_url):
    response = browser.post(LOCAL, {"url": closed_url.removesuffix("/client/v4")})
    assert "Nothing answers" in response.content.decode()


@pytest.mark.parametrize("url", ["http://192.168.1.5:8787", "https://example.com", "", "x"])
def test_a_local_engine_is_on_this_machine(browser, url):
    response = browser.post(LOCAL, {"url": url})
    assert response.status_code == 422
    assert 'id="id_url_error"' in response.content.decode()


# --- Demo ------------------------------------------------------------------------------------


def test_the_demo_is_one_click(browser, ann, api, settings):
    settings.SIMULATOR_URL = api.url
    api.tokens[DEMO_TOKEN] = Token(reads={DEMO_ACCOUNT_ID})
    response = browser.post(DEMO)
    account = Account.objects.get()
    assert response.headers["Location"] == workflows_of(account)
    assert (account.name, account.account_id) == ("Demo", DEMO_ACCOUNT_ID)
    assert Membership.objects.get(user=ann).role == Role.ADMIN
    bob = make_user("bob")
    logged_in(bob).post(DEMO)
    assert Membership.objects.get(user=bob).role == Role.VIEWER


def test_a_demo_that_does_not_run_says_how_to_start_it(browser, closed_url, settings):
    settings.SIMULATOR_URL = closed_url
    response = browser.post(DEMO)
    assert response.status_code == 422
    assert "manage.py simulator" in response.content.decode()
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("status", "words"), [("expired", "has expired"), ("disabled", "disabled")]
)
def test_a_token_that_is_not_active_is_refused_at_its_field(browser, api, status, words):
    api.accounts = {ONE: "Acme GmbH"}
    api.tokens[TOKEN] = Token(reads={ONE}, status=status)
    page = paste(browser, api.url)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not Account.objects.exists()
