from __future__ import annotations

import pytest
from django.urls import reverse

from tests.conftest import logged_in
from tests.factories import make_account, make_membership, make_token, make_user

pytestmark = pytest.mark.django_db


def workflows_of(account) -> str:
    return reverse("workflows_ui:workflow-list", args=[account.slug])


def test_without_an_account_one_is_led_to_connect_one(outsider_client):
    assert outsider_client.get("/").headers["Location"] == reverse("workflows_ui:connect")


def test_with_one_account_one_is_led_right_into_it(viewer_client, account):
    make_membership(make_account(account_id="2" * 32), make_user())
    assert viewer_client.get("/").headers["Location"] == workflows_of(account)


def test_of_several_accounts_there_is_a_list(viewer, account, django_assert_max_num_queries):
    local = make_account(kind="local", name="Workbench", base_url="http://127.0.0.1:8787")
    bare = make_account(name="Without token", account_id="2" * 32)
    foreign = make_account(name="Of others", account_id="3" * 32)
    make_membership(local, viewer, "admin")
    make_membership(bare, viewer)
    make_token(make_user(), bare, status="disabled")
    client = logged_in(viewer)
    with django_assert_max_num_queries(7):
        page = client.get("/").content.decode()
    for place in (account, local, bare):
        assert workflows_of(place) in page
    assert foreign.slug not in page
    assert "Local development" in page
    assert "missing" in page
    assert "disabled" not in page


def test_an_account_alone_leads_to_its_workflows(viewer_client, account):
    assert viewer_client.get(f"/a/{account.slug}/").headers["Location"] == workflows_of(account)


def test_a_stranger_learns_nothing_of_an_account(outsider_client, account):
    answer = outsider_client.get(f"/a/{account.slug}/")
    nothing = outsider_client.get("/a/no-such-account/")
    assert answer.status_code == nothing.status_code == 404
    assert account.name not in answer.content.decode()


@pytest.mark.parametrize("path", ["/", "/a/acme/"])
def test_who_is_not_logged_in_is_asked_to(client, account, viewer, path):
    assert client.get(path).headers["Location"].startswith("/person/login/")


@pytest.mark.parametrize("path", ["/", "/a/acme/"])
def test_these_pages_are_for_reading(viewer_client, path):
    assert viewer_client.post(path).status_code == 405
