from __future__ import annotations

from datetime import timedelta
from io import StringIO
from threading import Event

import pytest
from django.core.management import call_command
from django.utils import timezone

from console.vault.models import ApiToken
from tests.conftest import logged_in
from tests.factories import ACCOUNT_ID, TOKEN, make_account, make_membership, make_token, make_user
from tests.fake_api import Token
from workflows_ui import token_checks

pytestmark = pytest.mark.django_db

OLD = timezone.now() - timedelta(days=2)


@pytest.fixture
def upstream_url(api):
    api.tokens[TOKEN] = Token(reads={ACCOUNT_ID})
    return api.url


@pytest.fixture
def begun(monkeypatch) -> list[object]:
    """The looks that pages began; done at once, as a thread would not see the test's rows."""
    looks: list[object] = []

    def at_once(act):
        looks.append(act)
        act()

    monkeypatch.setattr(token_checks, "in_background", at_once)
    return looks


def test_a_page_begins_a_look_that_is_due_once(account, viewer, api, begun):
    browser = logged_in(viewer)
    browser.get("/a/acme/workflows/")
    assert not begun
    ApiToken.objects.update(verified=OLD)
    api.tokens.clear()
    for _ in range(3):
        browser.get("/a/acme/workflows/")
    assert len(begun) == 1
    row = ApiToken.objects.get()
    assert row.status == "refused"
    assert row.verified > OLD


def test_a_look_that_finds_nothing_out_comes_again_an_hour_later(account, viewer, api, begun):
    ApiToken.objects.update(verified=OLD)
    api.override(f"/accounts/{ACCOUNT_ID}/workflows", 500, "oops", type="text/html")
    browser = logged_in(viewer)
    browser.get("/a/acme/workflows/")
    browser.get("/a/acme/workflows/")
    assert len(begun) == 1
    assert ApiToken.objects.get().status == "active"
    ApiToken.objects.update(asked=timezone.now() - timedelta(hours=2))
    browser.get("/a/acme/workflows/")
    assert len(begun) == 2


def test_the_command_looks_at_what_is_due_and_says_what_it_found(account, viewer, api):
    gone = make_token(make_user("gone"), account, "unknown-token-0001")
    other = make_account(slug="other", account_id="1" * 32, base_url=api.url)
    make_membership(other, viewer)
    fresh = make_token(viewer, other)
    ApiToken.objects.exclude(pk=fresh.pk).update(verified=OLD)
    broken = make_token(make_user("broken"), account)
    ApiToken.objects.filter(pk=broken.pk).update(verified=OLD, sealed=b"damaged")
    said = StringIO()
    call_command("tokens_verify", stdout=said)
    lines = said.getvalue().splitlines()
    assert sorted(lines) == [
        "acme: API token of broken: no key opens it",
        "acme: API token of gone: refused",
        "acme: API token of the-viewer: active",
    ]
    gone.refresh_from_db()
    assert "no longer accepts" in gone.problem


def test_a_thread_does_it_and_lets_the_database_go():
    done = Event()
    token_checks.in_background(done.set)
    assert done.wait(10)
