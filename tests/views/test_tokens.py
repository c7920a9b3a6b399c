from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from console.team.models import Membership
from console.vault.models import ApiToken
from console.vault.sealing import unseal
from tests.cloudflare.fault_server import cut, failure, half, html
from tests.conftest import logged_in
from tests.factories import ACCOUNT_ID, TOKEN, make_account, make_membership, make_user
from tests.fake_api import Token
from workflows_ui.services.accounts import DEMO_ACCOUNT_ID, DEMO_TOKEN

NEW = "cfut-the-new-token-0002"
PAGE = "/a/acme/connection/"
REPLACE, VERIFY, REMOVE = (f"{PAGE}{act}/" for act in ("replace", "verify", "remove"))

pytestmark = pytest.mark.django_db


@pytest.fixture
def upstream_url(api):
    """An API that knows the members' token."""
    api.tokens[TOKEN] = Token(reads={ACCOUNT_ID})
    return api.url


@pytest.fixture
def local():
    return make_account(slug="local", kind="local", base_url="http://127.0.0.1:8787", account_id="")


def kept(user) -> str:
    row = ApiToken.objects.get(owner=user)
    return unseal(row.sealed, owner_id=user.pk, account_id=row.account_id)


# --- The page --------------------------------------------------------------------------------


def test_the_connection_is_shown_without_the_token(
    viewer_client, account, api, assert_secret, django_assert_max_num_queries
):
    with django_assert_max_num_queries(6):
        page = viewer_client.get(PAGE)
    text = page.content.decode()
    for shown in (account.base_url, account.account_id, "Viewer", "…oken", "Cloudflare", "active"):
        assert shown in text
    assert "may also deploy or delete Workers" in text
    assert api.asked == []
    assert_secret(TOKEN, page)


def test_who_is_not_logged_in_sees_no_connection(client, account, viewer):
    assert client.get(PAGE).headers["Location"].startswith("/person/login/")
    htmx = client.post(VERIFY, headers={"HX-Request": "true"})
    assert htmx.headers["HX-Redirect"].startswith("/person/login/")


@pytest.mark.parametrize("url", [PAGE, REPLACE, VERIFY, REMOVE])
def test_a_stranger_finds_nothing(outsider_client, account, viewer, url):
    call = outsider_client.get if url == PAGE else outsider_client.post
    assert call(url).status_code == 404
    assert ApiToken.objects.count() == 1


def test_who_is_no_member_any_more_finds_nothing(viewer, viewer_client):
    Membership.objects.all().delete()
    assert viewer_client.get(PAGE).status_code == 404
    assert viewer_client.post(REPLACE, {"token": NEW}).status_code == 404


@pytest.mark.parametrize("url", [REPLACE, VERIFY, REMOVE])
def test_acts_are_posts_and_the_page_is_not(viewer_client, url):
    assert viewer_client.get(url).status_code == 405
    assert viewer_client.post(PAGE).status_code == 405


@pytest.mark.parametrize(
    ("days", "words"), [(-1, "This token ended"), (6, "This token ends"), (8, None)]
)
def test_an_end_that_is_near_is_told(viewer, viewer_client, days, words):
    end = timezone.now() + timedelta(days=days)
    ApiToken.objects.filter(owner=viewer).update(expires=end)
    page = viewer_client.get(PAGE).content.decode()
    assert ("This token end" in page) is bool(words)
    assert words is None or words in page


def test_a_label_from_outside_stays_text(viewer, viewer_client):
    ApiToken.objects.filter(owner=viewer).update(label="<script>x</script>")
    page = viewer_client.get(PAGE).content.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


# --- Replacing -------------------------------------------------------------------------------


def test_a_token_is_replaced_by_one_that_reaches_the_same_account(
    viewer, viewer_client, api, assert_secret
):
    api.tokens[NEW] = Token(reads={ACCOUNT_ID})
    response = viewer_client.post(REPLACE, {"token": NEW, "label": "Second"})
    assert response.headers["Location"] == PAGE
    page = viewer_client.get(PAGE)
    assert kept(viewer) == NEW
    assert "…0002" in page.content.decode()
    assert "Second" in page.content.decode()
    assert_secret(NEW, response, page)


def test_a_token_of_another_account_is_refused_at_the_field(
    viewer, viewer_client, api, assert_secret
):
    api.tokens[NEW] = Token(reads={"2" * 32})
    response = viewer_client.post(REPLACE, {"token": NEW})
    assert response.status_code == 422
    page = response.content.decode()
    assert 'id="id_token_error"' in page
    assert "does not let it read Workflows" in page
    assert "paste it once more" in page
    assert kept(viewer) == TOKEN
    assert_secret(NEW, response)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (failure(401, 1000, f"Invalid API Token {NEW}"), "does not accept this token"),
        (failure(429, 971, "slow down"), "Too many calls"),
        (html(503), "An error page came"),
        (html(200), "not an answer"),
        (half, "can&#x27;t be reached"),
        (cut, "can&#x27;t be reached"),
    ],
)
def test_a_token_that_could_not_be_tried_changes_nothing(
    viewer, account, fault_upstream, assert_secret, answer, words
):
    fault_upstream.answer(answer)
    account.base_url = f"{fault_upstream.url}/client/v4"
    account.save()
    response = logged_in(viewer).post(REPLACE, {"token": NEW})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert kept(viewer) == TOKEN
    assert_secret(NEW, response)


def test_who_has_no_token_is_led_here_and_adds_one(account, api):
    newcomer = make_user()
    make_membership(account, newcomer)
    browser = logged_in(newcomer)
    led = browser.get("/a/acme/workflows/")
    assert led.headers["Location"] == PAGE
    page = browser.get(PAGE).content.decode()
    assert "Add a token of your own to see Acme" in page
    assert REMOVE not in page
    api.tokens[NEW] = Token(reads={ACCOUNT_ID})
    browser.post(REPLACE, {"token": NEW})
    assert kept(newcomer) == NEW


# --- Verifying -------------------------------------------------------------------------------


def test_verifying_says_that_it_works(viewer_client):
    page = viewer_client.post(VERIFY, follow=True).content.decode()
    assert "The connection works." in page


def test_verifying_finds_out_that_it_does_not(viewer, viewer_client, api):
    api.tokens.clear()
    page = viewer_client.post(VERIFY, follow=True).content.decode()
    assert "does not accept the token" in page
    assert "it expired, was revoked or was rolled" in page
    assert ApiToken.objects.get().status == "refused"


def test_verifying_without_an_answer_notes_nothing(viewer, account, closed_url):
    account.base_url = closed_url
    account.save()
    before = ApiToken.objects.get()
    page = logged_in(viewer).post(VERIFY, follow=True).content.decode()
    assert "Nothing was found out" in page
    assert ApiToken.objects.get().verified == before.verified


def test_verifying_nothing_leads_to_the_page(account):
    newcomer = make_user()
    make_membership(account, newcomer)
    assert logged_in(newcomer).post(VERIFY).headers["Location"] == PAGE


def test_a_token_that_does_not_open_says_so_and_leads_here(viewer_client, settings):
    settings.TOKEN_KEYS = ["b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktb3Q="]
    response = viewer_client.get("/a/acme/workflows/")
    assert response.status_code == 500
    page = response.content.decode()
    assert "can&#x27;t be opened" in page
    assert PAGE in page
    assert viewer_client.get(PAGE).status_code == 200


# --- Removing --------------------------------------------------------------------------------


def test_removing_asks_first_and_takes_only_ones_own(viewer, admin, viewer_client):
    page = viewer_client.get(PAGE).content.decode()
    assert 'popovertarget="confirm-remove"' in page
    assert "<dialog" in page
    assert viewer_client.post(REMOVE).headers["Location"] == PAGE
    assert [row.owner for row in ApiToken.objects.all()] == [admin]
    assert viewer_client.get("/a/acme/workflows/").headers["Location"] == PAGE
    assert viewer_client.post(REMOVE).headers["Location"] == PAGE


# --- Local -----------------------------------------------------------------------------------


def test_a_local_engine_has_no_token_to_show_replace_or_remove(local, outsider):
    make_membership(local, outsider)
    browser = logged_in(outsider)
    page = browser.get("/a/local/connection/").content.decode()
    assert local.base_url in page
    assert "replace/" not in page
    assert browser.post("/a/local/connection/replace/", {"token": NEW}).status_code == 404
    assert browser.post("/a/local/connection/remove/").status_code == 404


def test_a_local_engine_can_be_verified(local, outsider, api):
    make_membership(local, outsider)
    browser = logged_in(outsider)
    verify = "/a/local/connection/verify/"
    local.base_url = api.url.removesuffix("/client/v4")
    local.save()
    assert "Nothing was found out" in browser.post(verify, follow=True).content.decode()
    good = '{"success":true,"errors":[],"messages":[],"result":[]}'
    api.override("/cdn-cgi/local/explorer/api/workflows", 200, good)
    assert "The connection works." in browser.post(verify, follow=True).content.decode()


# --- The demo, whole -------------------------------------------------------------------------


def test_from_the_demo_to_its_workflows(outsider_client, simulator, settings):
    settings.SIMULATOR_URL = simulator.base_url
    listed = outsider_client.post("/connect/demo/", follow=True)
    assert listed.redirect_chain[-1][0] == reverse("workflows_ui:workflow-list", args=["demo"])
    assert listed.status_code == 200
    assert "Demo is connected. Your role: admin." in listed.content.decode()


def test_the_demo_is_what_the_simulator_serves(simulator):
    assert simulator.simulator.token == DEMO_TOKEN
    assert simulator.simulator.account_id == DEMO_ACCOUNT_ID
