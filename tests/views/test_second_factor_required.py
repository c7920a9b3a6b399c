"""An account that is closed to members who come by a password alone."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator

from console.audit.actor import Actor
from console.audit.models import Entry
from console.team.services.accounts import SecondFactorMissing, account_require_second_factor
from tests import issuer
from tests.conftest import logged_in
from tests.views.ladder import HTMX

pytestmark = pytest.mark.django_db

PAGES = ["", "workflows/", "connection/", "workflows/billing-run/"]


def give_factor(user) -> None:
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "Key"})


@pytest.fixture
def closed(account):
    account.require_second_factor = True
    account.save()
    return account


@pytest.mark.parametrize("page", PAGES)
def test_without_one_a_member_is_told_what_to_do(closed, admin, admin_client, page):
    answer = admin_client.get(f"/a/acme/{page}")
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "Acme requires a second factor" in text
    assert 'href="/person/second-factor/"' in text
    give_factor(admin)
    assert logged_in(admin).get(f"/a/acme/{page}").status_code != 403


def test_recovery_codes_alone_are_none(closed, viewer, viewer_client):
    Authenticator.objects.create(user=viewer, type="recovery_codes", data={})
    assert viewer_client.get("/a/acme/connection/").status_code == 403


def test_acts_and_fragments_are_closed_too(closed, operator_client):
    piece = operator_client.get("/a/acme/workflows/", headers=HTMX)
    assert piece.status_code == 403
    assert "<html" not in piece.content.decode()
    assert operator_client.post("/a/acme/connection/1/remove/").status_code == 403


def test_an_outsider_still_learns_nothing(closed, outsider_client):
    assert outsider_client.get("/a/acme/workflows/").status_code == 404


@pytest.mark.parametrize(("trusted", "status"), [(True, 200), (False, 403)])
def test_a_log_in_at_the_issuer_counts_if_the_operator_says_so(
    closed, viewer, settings, trusted, status
):
    with issuer.running() as url:
        settings.ISSUER = issuer.issuer_at(url, second_factor=trusted)
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {"APPS": [settings.ISSUER.as_provider()]}
        }
        issuer.set_claims(url, "the-viewer", preferred_username="the-viewer")
        browser = logged_in(viewer)
        issuer.log_in(browser, "the-viewer", process="connect")
        # connected is not logged in through it
        assert browser.get("/a/acme/connection/").status_code == 403
        browser.post("/person/logout/")
        issuer.log_in(browser, "the-viewer")
        assert browser.get("/a/acme/connection/").status_code == status


def test_who_requires_it_must_have_one(account, admin):
    actor = Actor(user=admin, account=account)
    with pytest.raises(SecondFactorMissing):
        account_require_second_factor(account, actor=actor, required=True)
    account.refresh_from_db()
    assert not account.require_second_factor
    assert not Entry.objects.exists()
    give_factor(admin)
    account_require_second_factor(account, actor=actor, required=True)
    account.refresh_from_db()
    assert account.require_second_factor
    told = [(row.action, row.outcome) for row in Entry.objects.order_by("sequence")]
    assert told == [("account:settings", "attempted"), ("account:settings", "succeeded")]
    assert Entry.objects.last().detail == {"require_second_factor": True}


def test_it_can_be_lifted_by_who_has_none_left(closed, admin):
    account_require_second_factor(closed, actor=Actor(user=admin, account=closed), required=False)
    closed.refresh_from_db()
    assert not closed.require_second_factor
