from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from console.team.models import Membership
from console.vault.models import ApiToken
from console.vault.sealing import unseal
from console.vault.services import MOST_TOKENS
from tests.cloudflare.fault_server import cut, failure, half, html
from tests.conftest import logged_in
from tests.factories import ACCOUNT_ID, TOKEN, make_account, make_membership, make_user
from tests.fake_api import Token
from tests.views.simulated import soup
from workflows_ui.services.accounts import DEMO_ACCOUNT_ID, DEMO_TOKEN

NEW = "cfut-the-new-token-0002"
PAGE = "/a/acme/connection/"
ADD = f"{PAGE}add/"
ACTS = ("replace", "verify", "choose", "lend", "recall", "remove")

pytestmark = pytest.mark.django_db


@pytest.fixture
def upstream_url(api):
    """An API that knows the members' token."""
    api.tokens[TOKEN] = Token(reads={ACCOUNT_ID})
    return api.url


@pytest.fixture
def local():
    return make_account(slug="local", kind="local", base_url="http://127.0.0.1:8787", account_id="")


def at(user, act: str) -> str:
    """The address of an act on the user's one token."""
    return f"{PAGE}{ApiToken.objects.get(owner=user).pk}/{act}/"


def kept(user) -> str:
    row = ApiToken.objects.get(owner=user)
    return unseal(row.sealed, owner_id=user.pk, account_id=row.account_id)


def test_a_token_in_the_wrong_field_is_refused_there(viewer, viewer_client, assert_secret):
    answer = viewer_client.post(ADD, {"token": NEW, "label": NEW})
    assert answer.status_code == 422
    page = soup(answer)
    assert "looks like an API token" in page.select_one("#id_label_error").text
    assert page.select_one("#id_label")["value"] == "[redacted]"
    assert kept(viewer) == TOKEN
    assert_secret(NEW, answer)


# --- The page --------------------------------------------------------------------------------


def test_who_has_no_token_is_led_to_the_dashboards(account):
    guest = make_user("guest")
    make_membership(account, guest)
    page = soup(logged_in(guest).get(PAGE)).select_one("main")
    assert "You have no token here" in page.text
    assert "Shared dashboards are open to you already" in page.text
    assert page.find("a", string="Dashboards")["href"] == "/a/acme/dashboards/"


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
    htmx = client.post(at(viewer, "verify"), headers={"HX-Request": "true"})
    assert htmx.headers["HX-Redirect"].startswith("/person/login/")


@pytest.mark.parametrize("act", ACTS)
def test_nobody_else_reaches_a_token(outsider_client, admin_client, viewer, act):
    """Not a stranger, not an admin of the account, not an admin of another one."""
    url = at(viewer, act)
    for browser in (outsider_client, admin_client):
        assert browser.post(url, {"token": NEW, "lent": "team", "sure": "on"}).status_code == 404
    other = make_account(slug="other", account_id="1" * 32)
    make_membership(other, admin := make_user(), "admin")
    for slug in ("acme", "other"):
        moved = url.replace("acme", slug)
        assert logged_in(admin).post(moved, {"lent": "team", "sure": "on"}).status_code == 404
    row = ApiToken.objects.get(owner=viewer)
    assert (row.lent, row.is_default, kept(viewer)) == ("none", True, TOKEN)


def test_a_stranger_finds_nothing(outsider_client, account, viewer):
    assert outsider_client.get(PAGE).status_code == 404
    assert outsider_client.post(ADD, {"token": NEW}).status_code == 404
    assert ApiToken.objects.count() == 1


def test_who_is_no_member_any_more_finds_nothing(viewer, viewer_client):
    Membership.objects.all().delete()
    assert viewer_client.get(PAGE).status_code == 404
    for act in ACTS:
        assert viewer_client.post(at(viewer, act), {"token": NEW}).status_code == 404


def test_acts_are_posts_and_the_page_is_not(viewer, viewer_client):
    for url in (ADD, *(at(viewer, act) for act in ("verify", "choose", "recall"))):
        assert viewer_client.get(url).status_code == 405
    assert viewer_client.post(PAGE).status_code == 405


@pytest.mark.parametrize(
    ("days", "words"), [(-1, "This token has ended"), (6, "This token ends soon"), (8, None)]
)
def test_an_end_that_is_near_is_told(viewer, viewer_client, days, words):
    end = timezone.now() + timedelta(days=days)
    ApiToken.objects.filter(owner=viewer).update(expires=end)
    page = viewer_client.get(PAGE).content.decode()
    assert ("This token" in page) is bool(words)
    assert words is None or words in page
    mark = soup(viewer_client.get("/a/acme/team/")).select_one('.rail [data-key="c"] .badge')
    assert bool(mark) is bool(words)


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
    response = viewer_client.post(at(viewer, "replace"), {"token": NEW, "label": "Second"})
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
    response = viewer_client.post(at(viewer, "replace"), {"token": NEW})
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
    response = logged_in(viewer).post(at(viewer, "replace"), {"token": NEW})
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
    assert "/remove/" not in page
    api.tokens[NEW] = Token(reads={ACCOUNT_ID})
    browser.post(ADD, {"token": NEW})
    assert kept(newcomer) == NEW


# --- Verifying -------------------------------------------------------------------------------


def test_verifying_says_that_it_works(viewer, viewer_client):
    page = viewer_client.post(at(viewer, "verify"), follow=True).content.decode()
    assert "The connection works." in page


def test_verifying_finds_out_that_it_does_not(viewer, viewer_client, api):
    api.tokens.clear()
    page = viewer_client.post(at(viewer, "verify"), follow=True).content.decode()
    assert "does not accept the token" in page
    assert "it expired, was revoked or was rolled" in page
    assert ApiToken.objects.get().status == "refused"


def test_verifying_without_an_answer_notes_nothing(viewer, account, closed_url):
    account.base_url = closed_url
    account.save()
    before = ApiToken.objects.get()
    page = logged_in(viewer).post(at(viewer, "verify"), follow=True).content.decode()
    assert "Nothing was found out" in page
    assert ApiToken.objects.get().verified == before.verified


def test_a_token_that_does_not_open_says_so_and_leads_here(viewer, viewer_client, settings):
    settings.TOKEN_KEYS = ["b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXktb3Q="]
    response = viewer_client.get("/a/acme/workflows/")
    assert response.status_code == 500
    page = response.content.decode()
    assert "can&#x27;t be opened" in page
    assert PAGE in page
    assert viewer_client.get(PAGE).status_code == 200
    assert viewer_client.post(at(viewer, "verify")).status_code == 500
    assert viewer_client.post("/a/acme/workflows/orders/trigger/").status_code in (403, 500)


# --- Removing --------------------------------------------------------------------------------


def test_removing_asks_first_and_takes_only_ones_own(viewer, admin, viewer_client):
    remove = at(viewer, "remove")
    assert remove in viewer_client.get(PAGE).content.decode()
    assert "until you revoke it there" in viewer_client.get(remove).content.decode()
    assert viewer_client.post(remove).headers["Location"] == PAGE
    assert [row.owner for row in ApiToken.objects.all()] == [admin]
    assert viewer_client.get("/a/acme/workflows/").headers["Location"] == PAGE
    assert viewer_client.post(remove).status_code == 404


# --- Several ---------------------------------------------------------------------------------


def test_of_several_tokens_one_is_acted_with(viewer, viewer_client, api):
    api.tokens[NEW] = Token(reads={ACCOUNT_ID})
    viewer_client.post(ADD, {"token": NEW, "label": "Second"})
    first, second = ApiToken.objects.filter(owner=viewer)
    assert (first.is_default, second.is_default) == (True, False)
    assert viewer_client.post(f"{PAGE}{second.pk}/choose/").headers["Location"] == PAGE
    page = viewer_client.get(PAGE).content.decode()
    assert page.index("Second") < page.index("API token")
    viewer_client.get("/a/acme/workflows/")
    assert api.bearers[-1] == NEW
    viewer_client.post(f"{PAGE}{second.pk}/remove/")
    viewer_client.get("/a/acme/workflows/")
    assert api.bearers[-1] == TOKEN


def test_there_is_an_end_to_tokens(viewer, viewer_client, api):
    api.tokens[NEW] = Token(reads={ACCOUNT_ID})
    answers = [viewer_client.post(ADD, {"token": NEW}).status_code for _ in range(MOST_TOKENS)]
    assert answers == [302] * (MOST_TOKENS - 1) + [422]
    assert ApiToken.objects.filter(owner=viewer).count() == MOST_TOKENS


# --- Lending ---------------------------------------------------------------------------------

LEND = {"lent": "team", "sure": "on"}


@pytest.fixture
def bare(account):
    """A member without a token, in a browser."""
    user = make_user("bare")
    make_membership(account, user, "operator")
    return logged_in(user)


def test_who_has_none_acts_with_what_is_lent_until_it_is_taken_back(admin, admin_client, bare, api):
    assert bare.get("/a/acme/workflows/").headers["Location"] == PAGE
    asked = admin_client.get(at(admin, "lend")).content.decode()
    assert "acts with it within their role" in asked
    assert "done by me" in asked
    assert admin_client.post(at(admin, "lend"), LEND).headers["Location"] == PAGE
    page = bare.get("/a/acme/workflows/")
    assert page.status_code == 200
    assert "of the-admin, lent to the team" in page.content.decode()
    assert "the-admin lends you a token" in bare.get(PAGE).content.decode()
    assert "lent by the-admin" in bare.get("/a/acme/team/").content.decode()
    assert bare.post(at(admin, "verify")).status_code == 404
    admin_client.post(at(admin, "recall"))
    assert bare.get("/a/acme/workflows/").headers["Location"] == PAGE
    assert TOKEN not in page.content.decode()


def test_trouble_with_a_lent_token_is_its_owners_to_mend(admin, bare, api):
    ApiToken.objects.update(lent="team")
    api.tokens.clear()
    page = bare.get("/a/acme/workflows/")
    assert page.status_code == 502
    assert "lent by the-admin: tell them" in page.content.decode()


@pytest.mark.parametrize("wrong", [{"lent": "team"}, {"lent": "dashboards"}, {"lent": "world"}, {}])
def test_lending_wants_a_choice_and_a_confirmation(admin, admin_client, wrong):
    assert admin_client.post(at(admin, "lend"), wrong).status_code == 422
    assert ApiToken.objects.get().lent == "none"


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_only_an_admin_lends_to_the_team(request, role, bare):
    user, browser = (request.getfixturevalue(f"{role}{end}") for end in ("", "_client"))
    assert "acts with it within" not in browser.get(at(user, "lend")).content.decode()
    assert browser.post(at(user, "lend"), LEND).status_code == 422
    assert browser.post(at(user, "lend"), LEND | {"lent": "dashboards"}).status_code == 302
    assert bare.get("/a/acme/workflows/").headers["Location"] == PAGE


def test_lending_asks_who_it_is_and_taking_back_does_not(admin, logged_in_long_ago):
    browser = logged_in_long_ago(admin)
    assert "/person/" in browser.post(at(admin, "lend"), LEND).headers["Location"]
    ApiToken.objects.update(lent="team")
    assert browser.post(at(admin, "recall")).headers["Location"] == PAGE
    assert ApiToken.objects.get().lent == "none"


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
