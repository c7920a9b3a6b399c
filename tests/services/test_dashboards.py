from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from console.audit.actor import Actor
from console.audit.models import Entry
from console.team.models import Membership, User
from console.team.services.members import membership_change, membership_end
from tests.factories import make_account, make_membership, make_user
from workflows_ui.models import Dashboard, DashboardLink, Panel
from workflows_ui.queries.dashboards import dashboard_for, dashboards_of, link_of, start_page
from workflows_ui.services import dashboards as services

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> Actor:
    user, account = make_user("ada"), make_account()
    make_membership(account, user, "admin")
    return Actor(user=user, account=account)


@pytest.fixture
def board(actor) -> Dashboard:
    panels = [Panel(kind="note", title=title, size="small") for title in "abc"]
    return services.dashboard_create(actor=actor, title="On call", panels=panels)


def titles(board: Dashboard) -> str:
    return "".join(panel.title for panel in board.panels.all())


def acts() -> list[str]:
    return list(
        Entry.objects.filter(outcome="succeeded")
        .order_by("sequence")
        .values_list("action", flat=True)
    )


def test_a_dashboard_is_its_owners_alone_until_shared(actor, board):
    other = make_user("ben")
    assert dashboards_of(actor.user, actor.account) == [board]
    assert dashboard_for(other, actor.account, board.pk) is None
    services.dashboard_share(board, actor=actor)
    assert dashboard_for(other, actor.account, board.pk) == board
    assert dashboard_for(other, make_account(account_id="f" * 32), board.pk) is None
    assert acts() == ["dashboard:create", "dashboard:share"]


def test_panels_move_and_stay_at_the_edges(actor, board):
    first = board.panels.first()
    services.panel_move(first, actor=actor, by=1)
    assert titles(board) == "bac"
    services.panel_move(first, actor=actor, by=1)
    services.panel_move(first, actor=actor, by=1)
    assert titles(board) == "bca"
    services.panel_move(first, actor=actor, by=-1)
    assert titles(board) == "bac"


def test_panels_come_change_and_go(actor, board):
    panel = services.panel_add(
        board, actor=actor, kind="note", title="d", size="wide", settings={"text": "x"}
    )
    assert titles(board) == "abcd"
    services.panel_change(panel, actor=actor, title="D", size="full", settings={"text": "y"})
    panel.refresh_from_db()
    assert (panel.title, panel.size, panel.settings) == ("D", "full", {"text": "y"})
    services.panel_remove(panel, actor=actor)
    assert titles(board) == "abc"
    assert set(acts()) == {"dashboard:create", "dashboard:change"}


def test_there_is_an_end_to_panels(actor, board, monkeypatch):
    monkeypatch.setattr(services, "MOST_PANELS", 3)
    with pytest.raises(services.TooManyPanels):
        services.panel_add(board, actor=actor, kind="note", title="", size="wide", settings={})
    assert Entry.objects.first().outcome == "failed"


def test_a_copy_is_another_dashboard_with_the_same_panels(actor, board):
    copy = services.dashboard_create(actor=actor, title="Copy", panels=list(board.panels.all()))
    assert titles(copy) == titles(board) == "abc"
    assert copy.panels.first().pk != board.panels.first().pk


def test_a_start_page_holds_while_it_may_be_seen(actor, board):
    ben = make_user("ben")
    services.start_with(board, user=ben, account=actor.account)
    assert start_page(ben, actor.account) is None
    services.dashboard_share(board, actor=actor)
    assert start_page(ben, actor.account) == board
    services.start_with(None, user=ben, account=actor.account)
    assert start_page(ben, actor.account) is None


def test_a_link_holds_until_it_ends_is_revoked_or_unshared(actor, board):
    services.dashboard_share(board, actor=actor)
    later = timezone.now() + timedelta(days=1)
    link, secret = services.link_make(board, actor=actor, label="hall", expires=later)
    assert link_of(secret) == link
    assert secret not in str(Entry.objects.values_list())
    assert link_of(secret[:-1]) is None
    link.expires = timezone.now()
    link.save()
    assert link_of(secret) is None
    link.expires = later
    link.save()
    services.dashboard_unshare(board, actor=actor)
    assert link_of(secret) is None


@pytest.fixture
def secret(actor, board) -> str:
    """Of a link made by an admin who isn't the only one."""
    make_membership(actor.account, make_user("eve"), "admin")
    services.dashboard_share(board, actor=actor)
    later = timezone.now() + timedelta(days=1)
    return services.link_make(board, actor=actor, label="hall", expires=later)[1]


def test_a_link_holds_while_its_maker_is_an_active_admin_of_the_account(actor, secret):
    assert link_of(secret)
    mine = Membership.objects.filter(user=actor.user)
    mine.update(role="operator")
    make_membership(make_account(account_id="f" * 32), actor.user, "admin")
    assert link_of(secret) is None
    mine.update(role="admin")
    assert link_of(secret)
    User.objects.filter(pk=actor.user.pk).update(is_active=False)
    assert link_of(secret) is None


def test_a_link_ends_for_good_with_its_makers_membership(actor, secret):
    membership_end(Membership.objects.get(user=actor.user), by=actor.user)
    assert not DashboardLink.objects.exists()
    make_membership(actor.account, actor.user, "admin")
    assert link_of(secret) is None


def test_a_link_ends_for_good_with_its_makers_role(actor, secret):
    mine = Membership.objects.get(user=actor.user)
    membership_change(mine, role="admin")
    assert link_of(secret)
    membership_change(mine, role="viewer")
    membership_change(mine, role="admin")
    assert link_of(secret) is None


def test_links_of_other_makers_and_accounts_stay(actor, secret):
    elsewhere = make_membership(make_account(account_id="f" * 32), actor.user)
    elsewhere.delete()
    Membership.objects.get(user__username="eve").delete()
    assert link_of(secret)
