"""The whole log-in through a real issuer, and every way to cheat on it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from console.audit.models import Entry
from console.team.models import Membership, User
from console.team.roles import Role
from tests import issuer
from tests.conftest import logged_in
from tests.factories import PASSWORD, make_account, make_membership, make_user

pytestmark = pytest.mark.django_db

EVE = {"email": "eve@evil.example", "email_verified": True}
ANN = {"email": "ann@example.com", "email_verified": True, "preferred_username": "ann"}


@pytest.fixture(scope="module")
def url():
    with issuer.running() as address:
        yield address


@pytest.fixture(autouse=True)
def at_issuer(url, settings):
    """Tells the console of the issuer; values as for `Issuer`."""

    def tell(**values):
        settings.ISSUER = issuer.issuer_at(url, **values)
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {"APPS": [settings.ISSUER.as_provider()]}
        }

    tell()
    make_user("first")  # else the console waits for its first user
    issuer.set_claims(url, "ann", **ANN)
    return tell


def is_in(client: Client) -> bool:
    return client.get("/connect/").status_code == 200


# --- In --------------------------------------------------------------------------------------


def test_whom_the_issuer_knows_gets_a_user(client):
    assert "Log in with Example" in client.get("/person/login/").content.decode()
    answer = issuer.log_in(client, "ann", next="/connect/")
    assert answer.headers["Location"] == "/connect/"
    assert is_in(client)
    ann = User.objects.get(username="ann")
    assert ann.email == "ann@example.com"
    assert not ann.has_usable_password()
    assert not ann.is_staff
    assert not ann.is_superuser
    told = [(row.action, row.actor_name, row.detail) for row in Entry.objects.all()]
    assert ("user:create", "ann", {"by": "issuer"}) in told
    assert ("session:log_in", "ann", {"by": ["issuer"]}) in told


def test_the_same_person_keeps_their_user(client):
    issuer.log_in(client, "ann")
    issuer.log_in(Client(), "ann")
    assert User.objects.filter(username__startswith="ann").count() == 1


def test_a_taken_name_makes_another_one_unique(client):
    theirs = make_user("ann")
    issuer.log_in(client, "ann")
    other = User.objects.get(email="ann@example.com")
    assert other != theirs
    assert other.username.startswith("ann")
    assert client.session["_auth_user_id"] == str(other.pk)


@pytest.mark.parametrize("name", ["", "x" * 300, "a b<script>", "\u202eadmin", "名前"])
def test_any_name_gives_a_user(client, url, name):
    issuer.set_claims(url, "odd", preferred_username=name, name=name)
    assert issuer.log_in(client, "odd").status_code == 302
    assert is_in(client)
    User.objects.latest("pk").full_clean(exclude=["password"])


def test_who_is_switched_off_does_not_get_in(client):
    issuer.log_in(client, "ann")
    User.objects.filter(username="ann").update(is_active=False)
    again = Client()
    assert issuer.log_in(again, "ann").headers["Location"] == "/person/inactive/"
    assert not is_in(again)


def test_no_claims_are_kept_but_those_that_are_used(client, url):
    issuer.set_claims(url, "ann", **ANN, birthdate="1815-12-10", secret_note="hush")
    issuer.log_in(client, "ann")
    kept = SocialAccount.objects.get().extra_data
    assert set(kept) <= {"iss", "sub", "email", "email_verified", "preferred_username"}


# --- Not in ----------------------------------------------------------------------------------


def test_another_domain_is_refused_and_no_user_made(client, url, at_issuer):
    at_issuer(domains=frozenset({"example.com"}))
    issuer.set_claims(url, "eve", **EVE)
    answer = issuer.log_in(client, "eve")
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "Not from one of our domains" in page
    assert "eve@evil.example" in page
    assert not is_in(client)
    assert User.objects.count() == 1


@pytest.mark.parametrize("verified", [False, "false", None])
def test_a_domain_counts_only_when_the_address_is_verified(client, url, at_issuer, verified):
    at_issuer(domains=frozenset({"example.com"}))
    issuer.set_claims(url, "eve", email="eve@example.com", email_verified=verified)
    answer = issuer.log_in(client, "eve")
    assert answer.status_code == 403
    assert "say that it verified it" in answer.content.decode()
    assert User.objects.count() == 1


def test_the_operator_may_vouch_for_the_addresses(client, url, at_issuer):
    at_issuer(domains=frozenset({"example.com"}), trusts_email=True)
    issuer.set_claims(url, "bob", email="Bob@Example.COM")
    assert issuer.log_in(client, "bob").status_code == 302
    assert is_in(client)


def test_a_moved_domain_shuts_out_who_had_a_user(client, url, at_issuer):
    issuer.log_in(client, "ann")
    at_issuer(domains=frozenset({"elsewhere.example"}))
    again = Client()
    assert issuer.log_in(again, "ann").status_code == 403
    assert not is_in(again)


@pytest.mark.parametrize("verified", [True, False])
def test_an_address_never_opens_anothers_user(client, url, verified):
    owner = make_user("owner", email="owner@example.com")
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True)
    issuer.set_claims(url, "eve", email="Owner@example.com", email_verified=verified)
    answer = issuer.log_in(client, "eve")
    assert client.session.get("_auth_user_id") != str(owner.pk)
    assert not SocialAccount.objects.filter(user=owner).exists()
    if verified:
        assert "You have a user here already" in answer.content.decode()
        assert not is_in(client)
    else:
        assert User.objects.latest("pk").email == ""
    owner.refresh_from_db()
    assert owner.has_usable_password()


def test_an_address_that_somebody_merely_typed_keeps_nobody_out(client):
    squatter = make_user("squatter", email="ann@example.com")
    issuer.log_in(client, "ann")
    ann = User.objects.get(username="ann")
    assert client.session["_auth_user_id"] == str(ann.pk)
    assert ann.email == "ann@example.com"
    assert EmailAddress.objects.get().user == ann
    assert not SocialAccount.objects.filter(user=squatter).exists()
    issuer.log_in(again := Client(), "ann")
    assert again.session["_auth_user_id"] == str(ann.pk)


def test_an_answer_with_a_wrong_state_is_refused(client):
    back = urlsplit(issuer.sent_back(issuer.sent_to(client), "ann"))
    query = parse_qs(back.query) | {"state": ["made-up"]}
    answer = client.get(f"{back.path}?{urlencode(query, doseq=True)}")
    assert answer.status_code == 403
    assert "this browser began" in answer.content.decode()
    assert not is_in(client)


def test_an_answer_is_good_once_and_for_its_browser_alone(client):
    back = issuer.sent_back(issuer.sent_to(client), "ann")
    thief = Client()
    assert thief.get(back).status_code == 403
    assert not is_in(thief)
    assert client.get(back).status_code == 302
    assert client.get(back).status_code == 403


def test_an_id_token_with_a_wrong_nonce_is_refused(client):
    """A code of another log-in, put into this one."""
    url = urlsplit(issuer.sent_to(client))
    query = parse_qs(url.query) | {"nonce": ["of-another-log-in"]}
    forged = url._replace(query=urlencode(query, doseq=True)).geturl()
    answer = client.get(issuer.sent_back(forged, "ann"))
    assert answer.status_code == 403
    assert not is_in(client)
    assert not User.objects.filter(username="ann").exists()


def test_each_log_in_has_a_nonce_a_state_and_a_challenge_of_its_own(client):
    one, other = (parse_qs(urlsplit(issuer.sent_to(client)).query) for _ in range(2))
    for name in ("nonce", "state", "code_challenge"):
        assert len(one[name][0]) >= 16
        assert one[name] != other[name]
    assert one["code_challenge_method"] == ["S256"]
    assert one["redirect_uri"] == ["http://testserver/person/oidc/login/callback/"]


def test_nothing_asked_of_the_issuer_comes_from_the_address(client):
    cheat = "scope=admin&auth_params=prompt%3Dnone&process=connect"
    query = parse_qs(urlsplit(issuer.sent_to(client, query=cheat)).query)
    assert set(query["scope"][0].split()) == {"openid", "profile", "email"}
    assert "prompt" not in query


def test_who_stops_it_is_told(client):
    back = issuer.sent_back(issuer.sent_to(client), "ann", action="deny")
    answer = client.get(back)
    assert "You stopped it" in answer.content.decode()
    assert not is_in(client)


@pytest.mark.parametrize("trouble", ["closed", "another"])
def test_an_issuer_that_is_away_or_another_is_told(client, url, settings, closed_url, trouble):
    named = closed_url if trouble == "closed" else f"{url}/realm"
    settings.ISSUER = issuer.issuer_at(named)
    provider = settings.ISSUER.as_provider()
    if trouble == "another":  # its description says another name than the operator gave
        provider["settings"]["server_url"] = url
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [provider]}}
    answer = client.post(issuer.LOG_IN)
    assert answer.status_code == 403
    assert "can&#x27;t be reached" in answer.content.decode() or (
        "can't be reached" in answer.content.decode()
    )


def test_only_a_form_of_ours_begins_it(client):
    assert client.get(issuer.LOG_IN).headers["Location"] == "/person/login/"
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(issuer.LOG_IN).status_code == 403


def test_without_an_issuer_there_is_no_such_door(client, settings):
    settings.ISSUER = None
    for path in ("", "callback/"):
        assert client.get(issuer.LOG_IN + path).status_code == 404
    assert "Log in with" not in client.get("/person/login/").content.decode().replace(
        "Log in with a passkey", ""
    )


# --- Connecting and confirming ---------------------------------------------------------------


def test_who_has_a_user_connects_it_while_logged_in(client):
    owner = make_user("owner", email="ann@example.com")
    mine = logged_in(owner)
    issuer.log_in(mine, "ann", process="connect")
    assert SocialAccount.objects.get().user == owner
    issuer.log_in(client, "ann")
    assert client.session["_auth_user_id"] == str(owner.pk)
    assert "user:sign_on" in {row.action for row in Entry.objects.all()}


def test_a_stolen_session_connects_nothing(logged_in_long_ago):
    thief = logged_in_long_ago(make_user("owner"))
    answer = thief.post(issuer.LOG_IN, {"process": "connect"})
    assert answer.headers["Location"].startswith("/person/reauthenticate/")
    assert not SocialAccount.objects.exists()


OFF = "/person/issuer/"


def test_who_has_a_password_disconnects_it_again(client, mailoutbox):
    owner = make_user("owner", email="owner@example.com")
    mine = logged_in(owner)
    assert mine.get(OFF).status_code == 404
    issuer.log_in(mine, "ann", process="connect")
    assert OFF in mine.get("/person/").content.decode()
    assert SocialAccount.objects.filter(user=owner).exists()
    assert mine.get(OFF).status_code == 200
    assert mine.post(OFF).headers["Location"] == "/person/"
    assert not SocialAccount.objects.exists()
    told = Entry.objects.filter(action="user:disconnect").order_by("sequence")
    assert [(row.actor_name, row.outcome) for row in told] == [
        ("owner", "attempted"),
        ("owner", "succeeded"),
    ]
    assert "Example has been disconnected" in mailoutbox[-1].body
    issuer.log_in(client, "ann")
    assert client.session["_auth_user_id"] != str(owner.pk)


@pytest.mark.parametrize("password_login", [True, False])
def test_the_only_way_in_is_not_taken_away(client, settings, password_login):
    settings.PASSWORD_LOGIN = password_login
    issuer.log_in(client, "ann")
    page = client.get("/person/").content.decode()
    assert "only way in" in page
    assert OFF not in page
    answer = client.post(OFF)
    assert answer.status_code == 422
    assert "your only way in" in answer.content.decode()
    assert SocialAccount.objects.exists()


def test_a_stolen_session_disconnects_nothing(client, logged_in_long_ago):
    owner = make_user("owner")
    issuer.log_in(logged_in(owner), "ann", process="connect")
    thief = logged_in_long_ago(owner)
    for answer in (thief.get(OFF), thief.post(OFF)):
        assert answer.headers["Location"].startswith("/person/reauthenticate/")
    assert SocialAccount.objects.exists()


def test_who_has_no_password_confirms_at_the_issuer(client, logged_in_long_ago):
    issuer.log_in(client, "ann")
    mine = logged_in_long_ago(User.objects.get(username="ann"))
    asked = mine.get("/connect/").headers["Location"]
    assert asked == "/person/oidc/confirm/?next=%2Fconnect%2F"
    assert "Confirm at Example" in mine.get(asked).content.decode()
    again = issuer.sent_to(mine, next="/connect/", again="1")
    assert parse_qs(urlsplit(again).query)["prompt"] == ["login"]
    assert mine.get(issuer.sent_back(again, "ann")).headers["Location"] == "/connect/"
    assert is_in(mine)
    assert mine.get("/person/password/change/").status_code == 404


# --- The door left to the issuer -------------------------------------------------------------


@pytest.fixture
def only_issuer(settings):
    settings.PASSWORD_LOGIN = False
    settings.MFA_PASSKEY_LOGIN_ENABLED = False


def test_no_password_opens_a_door_that_is_left_to_the_issuer(client, only_issuer):
    owner = make_user("owner")
    page = client.get("/person/login/").content.decode()
    assert "Log in with Example" in page
    assert 'name="password"' not in page
    assert "passkey" not in page
    client.post("/person/login/", {"login": "owner", "password": PASSWORD})
    assert not is_in(client)
    assert not owner.has_usable_password()
    issuer.log_in(client, "ann")
    assert is_in(client)


def test_then_there_is_no_first_user_to_make(client, only_issuer):
    User.objects.all().delete()
    assert client.get("/").headers["Location"].startswith("/person/login/")
    assert client.get("/welcome/").status_code == 404
    assert issuer.log_in(client, "ann").status_code == 302
    assert is_in(client)


# --- Groups ----------------------------------------------------------------------------------


@pytest.fixture
def acme(at_issuer):
    at_issuer(roles={"sre": (("acme", "admin"),), "dev": (("acme", "operator"), ("gone", "admin"))})
    account = make_account(slug="acme")
    make_membership(account, User.objects.get(username="first"), Role.ADMIN)
    return account


def role_after(url, *groups, **claims):
    issuer.set_claims(url, "ann", **ANN, **({"groups": list(groups)} | claims))
    assert issuer.log_in(Client(), "ann").status_code == 302
    found = Membership.objects.filter(user__username="ann", account__slug="acme").first()
    return found.role if found else None


def test_roles_follow_the_groups_at_each_log_in(url, acme):
    assert role_after(url) is None
    assert role_after(url, "dev") == "operator"
    assert role_after(url, "dev", "sre", "other") == "admin"
    assert role_after(url, "other") is None
    rows = [
        (row.action, row.outcome, row.detail.get("to"))
        for row in Entry.objects.filter(action__startswith="member:").order_by("sequence")
        if row.outcome == "attempted"
    ]
    assert rows == [
        ("member:join", "attempted", "operator"),
        ("member:role", "attempted", "admin"),
        ("member:remove", "attempted", None),
    ]


def test_a_claim_that_is_missing_is_no_group(url, acme):
    assert role_after(url, "dev") == "operator"
    assert role_after(url, groups=None) is None
    assert role_after(url, groups="dev") == "operator"


@pytest.mark.parametrize("value", ["DEV", "dev,sre", 7, True, {"dev2": {}}, [["dev"]], [None]])
def test_a_claim_of_an_odd_shape_is_no_group_of_ours(url, acme, value):
    assert role_after(url, "dev") == "operator"
    assert role_after(url, groups=value) is None


def test_groups_that_are_too_many_to_send_change_nothing(url, acme):
    assert role_after(url, "dev") == "operator"
    too_many = {"_claim_names": {"groups": "src1"}}
    assert role_after(url, groups=None, **too_many) == "operator"


def test_the_last_admin_stays_and_the_trail_says_so(url, acme):
    assert role_after(url, "sre") == "admin"
    Membership.objects.exclude(user__username="ann").delete()
    assert role_after(url, "dev") == "admin"
    row = Entry.objects.filter(action="member:role", outcome="failed").first()
    assert row.detail == {"kept": "the last admin stays"}


def test_other_accounts_are_left_alone(url, acme):
    role_after(url, "dev")
    ann = User.objects.get(username="ann")
    make_membership(make_account(slug="own", account_id="1" * 32), ann, Role.ADMIN)
    role_after(url)
    assert [m.account.slug for m in Membership.objects.filter(user=ann)] == ["own"]


@pytest.mark.parametrize(("groups", "stays"), [(["dev"], False), (["sre"], True)])
def test_who_disconnects_leaves_what_the_groups_decide(client, url, acme, groups, stays):
    issuer.set_claims(url, "ann", **ANN, groups=groups)
    owner = make_user("owner", email="owner@example.com")
    issuer.log_in(logged_in(owner), "ann", process="connect")
    issuer.log_in(client, "ann")
    make_membership(make_account(slug="own", account_id="1" * 32), owner, Role.ADMIN)
    if stays:  # as the last admin
        Membership.objects.filter(account=acme).exclude(user=owner).delete()
    said = "leave the accounts on which its groups decide"
    assert said in client.get(OFF).content.decode()
    client.post(OFF)
    held = {one.account.slug for one in Membership.objects.filter(user=owner)}
    assert held == ({"own", "acme"} if stays else {"own"})
    assert not SocialAccount.objects.exists()


def test_the_issuer_of_the_tests_is_a_real_one(url):
    found = requests.get(f"{url}/.well-known/openid-configuration", timeout=5).json()
    assert found["issuer"] == url
    assert found["jwks_uri"]


def test_who_has_a_second_factor_here_is_asked_for_it_too(client, url, acme):
    issuer.set_claims(url, "ann", **ANN, groups=["dev"])
    issuer.log_in(client, "ann")
    ann = User.objects.get(username="ann")
    TOTP.activate(ann, "JBSWY3DPEHPK3PXP")
    ann.memberships.all().delete()
    again = Client()
    assert issuer.log_in(again, "ann").headers["Location"] == "/person/second-factor/authenticate/"
    assert not is_in(again)
    assert not ann.memberships.exists()
    counter = next(iter(yield_hotp_counters_from_time()))
    code = format_hotp_value(hotp_value("JBSWY3DPEHPK3PXP", counter))
    again.post("/person/second-factor/authenticate/", {"code": code})
    assert is_in(again)
    assert ann.memberships.get().role == "operator"
