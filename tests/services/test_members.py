from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from console.audit.actor import Actor
from console.audit.models import Entry
from console.team.models import Account, Membership, Removal
from console.team.roles import Role
from console.team.services.members import InvitationNeeded, LastAdmin, account_join
from console.vault.models import ApiToken
from tests.factories import make_membership, make_token, make_user
from tests.rivals import race
from workflows_ui.services import members as services

pytestmark = pytest.mark.django_db


def membership(account, user) -> Membership:
    return Membership.objects.get(account=account, user=user)


def acting(user, account) -> Actor:
    return Actor(user=user, account=account)


def told() -> list[tuple[str, str, str]]:
    return [(e.action, e.outcome, e.target) for e in Entry.objects.order_by("sequence")]


def test_a_role_and_limits_are_changed_and_written_down(account, admin, viewer):
    services.member_change(
        actor=acting(admin, account),
        membership=membership(account, viewer),
        role=Role.OPERATOR,
        limits=["billing-*"],
    )
    changed = membership(account, viewer)
    assert (changed.role, changed.limits) == (Role.OPERATOR, ["billing-*"])
    assert told() == [
        ("member:role", "attempted", "the-viewer"),
        ("member:role", "succeeded", "the-viewer"),
    ]
    assert Entry.objects.earliest("sequence").detail == {
        "from": "viewer",
        "to": "operator",
        "workflows": ["billing-*"],
    }


def test_limits_stay_with_operators(account, admin, operator):
    change = {"actor": acting(admin, account), "membership": membership(account, operator)}
    services.member_change(**change, role=Role.OPERATOR, limits=["billing-*"])
    services.member_change(**change, role=Role.VIEWER, limits=["billing-*"])
    assert membership(account, operator).limits == []


@pytest.mark.parametrize("act", ["change", "remove", "leave"])
def test_the_last_admin_stays_one(account, admin, viewer, act):
    actor, mine = acting(admin, account), membership(account, admin)
    make_membership(account, make_user(is_active=False), Role.ADMIN)
    acts = {
        "change": lambda: services.member_change(actor=actor, membership=mine, role=Role.VIEWER),
        "remove": lambda: services.member_remove(actor=actor, membership=mine),
        "leave": lambda: services.member_leave(actor=actor, membership=mine),
    }
    with pytest.raises(LastAdmin):
        acts[act]()
    assert membership(account, admin).role == Role.ADMIN
    assert told()[-1][1] == "failed"


def test_who_is_removed_takes_their_tokens_along_and_is_not_let_back_by_a_token(
    account, admin, operator
):
    elsewhere = make_token(operator, Account.objects.create(slug="other", account_id="1" * 32))
    services.member_remove(actor=acting(admin, account), membership=membership(account, operator))
    assert not Membership.objects.filter(user=operator, account=account).exists()
    assert list(ApiToken.objects.filter(owner=operator)) == [elsewhere]
    assert Removal.objects.get().by == admin
    with pytest.raises(InvitationNeeded):
        account_join(
            user=operator,
            kind=account.kind,
            base_url=account.base_url,
            account_id=account.account_id,
            name="",
        )
    assert told()[-1] == ("member:remove", "succeeded", "the-operator")


def test_who_leaves_may_come_back(account, admin, viewer):
    services.member_leave(actor=acting(viewer, account), membership=membership(account, viewer))
    assert not ApiToken.objects.filter(owner=viewer).exists()
    back = account_join(
        user=viewer,
        kind=account.kind,
        base_url=account.base_url,
        account_id=account.account_id,
        name="",
    )
    assert back.role == Role.VIEWER
    assert told()[-1][:2] == ("member:leave", "succeeded")


def test_who_is_no_admin_any_more_removes_and_changes_nobody(account, admin, operator, viewer):
    actor, other = acting(admin, account), membership(account, viewer)
    make_membership(account, make_user(), Role.ADMIN)
    Membership.objects.filter(user=admin).update(role=Role.OPERATOR)
    for act in (
        lambda: services.member_remove(actor=actor, membership=other),
        lambda: services.member_change(actor=actor, membership=other, role=Role.ADMIN),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert membership(account, viewer).role == Role.VIEWER
    assert not Removal.objects.exists()


def test_what_cannot_be_written_down_is_not_done(account, admin, viewer, broken_trail):
    with pytest.raises(broken_trail):
        services.member_remove(actor=acting(admin, account), membership=membership(account, viewer))
    assert membership(account, viewer)


BEFORE = """
from console.audit.actor import Actor
from console.team.models import Membership, User
from console.team.services.members import LastAdmin
from workflows_ui.services.members import member_leave
mine = Membership.objects.select_related("account", "user").get(user__username=sys.argv[1])
"""
AFTER = """
try:
    member_leave(actor=Actor(user=mine.user, account=mine.account), membership=mine)
    print("left")
except LastAdmin:
    print("stays")
"""
PREPARE = """
from tests.factories import make_account, make_membership, make_user
account = make_account()
for name in ("ann", "bob", "cas"):
    make_membership(account, make_user(name), "admin")
"""


def test_admins_who_leave_at_once_leave_one_behind(tmp_path):
    said = race(tmp_path, PREPARE, (BEFORE, AFTER), ("ann", "bob", "cas"))
    assert said == ["left", "left", "stays"]
