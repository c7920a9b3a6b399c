from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from console.audit.models import Entry
from console.team.models import Membership, Removal
from console.team.roles import Role
from tests.conftest import logged_in
from tests.factories import TOKEN, make_account, make_membership, make_token, make_user
from tests.views.ladder import ReadLadder
from tests.views.simulated import soup

TEAM = "/a/acme/team/"

pytestmark = pytest.mark.django_db


def page_of(member: Membership, act: str = "") -> str:
    return f"{TEAM}{member.pk}/{act}"


def seat(user) -> Membership:
    return Membership.objects.get(user=user)


class TestLadder(ReadLadder):
    path = "team/"


def test_everybody_of_the_account_sees_who_is_there(
    viewer_client, viewer, admin, account, django_assert_max_num_queries
):
    lone = make_user("lone")
    make_membership(account, lone, Role.OPERATOR, limits=["billing-*"], seen=None)
    for _ in range(20):
        make_membership(account, make_user())
    make_membership(make_account(slug="other", account_id="1" * 32), make_user("stranger"))
    with django_assert_max_num_queries(11):
        page = viewer_client.get(TEAM)
    rows = {row.td.get_text(" ").split()[0]: row for row in soup(page).select("tbody tr")}
    assert len(rows) == 23
    assert "stranger" not in page.content.decode()
    assert "you" in rows["the-viewer"].td.get_text()
    assert "own" in rows["the-admin"].get_text()
    assert "billing-*" in rows["lone"].get_text()
    assert "none" in rows["lone"].get_text()
    assert TOKEN not in page.content.decode()


def test_only_an_admin_is_offered_to_manage(viewer_client, admin_client, admin):
    for words in (f'href="{page_of(seat(admin))}"', f'href="{TEAM}invite/"'):
        assert words not in viewer_client.get(TEAM).content.decode()
        assert words in admin_client.get(TEAM).content.decode()


def test_a_member_without_a_token_sees_the_team_and_may_leave(account, admin):
    newcomer = make_user()
    make_membership(account, newcomer)
    browser = logged_in(newcomer)
    assert browser.get(TEAM).status_code == 200
    assert browser.get(f"{TEAM}leave/").status_code == 200
    assert browser.post(f"{TEAM}leave/")["Location"] == "/"
    assert browser.get(TEAM).status_code == 404


def test_being_seen_is_written_every_few_minutes(account, viewer, viewer_client):
    before = timezone.now() - timedelta(minutes=4)
    for seen, changes in ((before, False), (before - timedelta(minutes=2), True), (None, True)):
        Membership.objects.filter(user=viewer).update(seen=seen)
        viewer_client.get(TEAM)
        assert (seat(viewer).seen != seen) is changes


# --- Changing and removing -------------------------------------------------------------------


@pytest.mark.parametrize("act", ["", "remove/"])
@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_who_is_no_admin_manages_nobody(role, act, request, admin):
    browser = request.getfixturevalue(f"{role}_client")
    for call in (browser.get, browser.post):
        assert call(page_of(seat(admin), act)).status_code == 403
    assert browser.post(f"{TEAM}invite/", {"role": "admin"}).status_code == 403
    assert seat(admin).role == Role.ADMIN


@pytest.mark.parametrize("act", ["", "remove/"])
def test_an_admin_of_another_account_reaches_nobody_here(outsider, outsider_client, viewer, act):
    other = make_account(slug="other", account_id="1" * 32)
    make_membership(other, outsider, Role.ADMIN)
    for url in (page_of(seat(viewer), act), f"/a/other/team/{seat(viewer).pk}/{act}"):
        assert outsider_client.get(url).status_code == 404
        assert outsider_client.post(url, {"role": "viewer"}).status_code == 404
    assert Membership.objects.filter(user=viewer).exists()


def test_an_admin_changes_a_role_and_limits(admin_client, viewer):
    page = page_of(seat(viewer))
    assert 'value="viewer"' in admin_client.get(page).content.decode()
    form = {"role": "operator", "limits": "billing-*\n orders  billing-*"}
    assert admin_client.post(page, form)["Location"] == TEAM
    assert seat(viewer).role == Role.OPERATOR
    assert seat(viewer).limits == ["billing-*", "orders"]
    assert soup(admin_client.get(page)).textarea.text.split() == ["billing-*", "orders"]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("a[b]", "can fit no workflow"),
        ("x" * 65, "can fit no workflow"),
        ("../x", "can fit no workflow"),
        (" ".join(f"w{n}" for n in range(21)), "At most 20 patterns"),
    ],
)
def test_odd_limits_are_named_and_stay_typed(admin_client, operator, limits, words):
    answer = admin_client.post(page_of(seat(operator)), {"role": "operator", "limits": limits})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert soup(answer).textarea.text.strip() == limits
    assert seat(operator).limits == []


def test_an_unknown_role_is_refused(admin_client, viewer):
    assert admin_client.post(page_of(seat(viewer)), {"role": "owner"}).status_code == 422
    assert seat(viewer).role == Role.VIEWER


def test_the_last_admin_is_neither_demoted_nor_let_go(admin_client, admin):
    answers = [
        admin_client.post(page_of(seat(admin)), {"role": "viewer"}),
        admin_client.post(page_of(seat(admin), "remove/")),
        admin_client.post(f"{TEAM}leave/"),
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert "this is the last one" in answer.content.decode()
    assert seat(admin).role == Role.ADMIN


def test_a_removed_member_with_an_open_page_is_out_at_once(admin_client, operator, operator_client):
    assert operator_client.get(TEAM).status_code == 200
    asked = admin_client.get(page_of(seat(operator), "remove/")).content.decode()
    assert "Remove the-operator?" in asked
    assert "Only an invitation lets them back in" in asked
    assert admin_client.post(page_of(seat(operator), "remove/"))["Location"] == TEAM
    for path in ("team/", "workflows/", "connection/", "workflows/orders/trigger/"):
        assert operator_client.get(f"/a/acme/{path}").status_code == 404
        assert operator_client.post(f"/a/acme/{path}").status_code in (404, 405)
    piece = operator_client.get("/a/acme/workflows/", headers={"HX-Request": "true"})
    assert piece.status_code == 404
    assert Removal.objects.get().user == operator


def test_who_confirmed_long_ago_is_asked_first(admin, viewer, logged_in_long_ago):
    browser = logged_in_long_ago(admin)
    for url in (page_of(seat(viewer)), page_of(seat(viewer), "remove/"), f"{TEAM}invite/"):
        assert "/person/" in browser.get(url)["Location"]
        assert "/person/" in browser.post(url, {"role": "admin"})["Location"]
    assert seat(viewer).role == Role.VIEWER
    assert not Entry.objects.filter(action__startswith="member:").exists()


def test_forms_want_their_mark_against_forgery(admin, viewer):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = logged_in(admin).cookies
    assert strict.post(page_of(seat(viewer), "remove/")).status_code == 403
    assert seat(viewer)


# --- Connecting again ------------------------------------------------------------------------


def test_connecting_again_after_a_removal_says_what_is_needed(
    admin, outsider, outsider_client, simulator, settings
):
    settings.SIMULATOR_URL = simulator.base_url
    outsider_client.post("/connect/demo/")
    demo = Membership.objects.get(user=outsider).account
    Membership.objects.all().delete()
    Removal.objects.create(account=demo, user=outsider, by=admin)
    page = outsider_client.post("/connect/demo/", follow=True).content.decode()
    assert "You were removed from Demo." in page
    assert "invitation" in page
    assert not Membership.objects.exists()


def test_names_from_outside_stay_text(viewer_client, account):
    odd = make_user("<script>x</script>")
    make_membership(account, odd)
    make_token(odd, account)
    text = viewer_client.get(TEAM).content.decode()
    assert "<script>x" not in text
    assert "&lt;script&gt;x" in text
