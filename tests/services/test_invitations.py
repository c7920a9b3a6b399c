from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from console.audit.actor import Actor
from console.audit.models import Entry
from console.team.models import Invitation, Membership, Removal, User
from console.team.queries import invitation_behind
from console.team.roles import Role
from console.team.services.invitations import AlreadyMember, InvitationVoid, NameTaken
from tests.factories import PASSWORD, make_user
from tests.rivals import race
from workflows_ui.services import invitations as services

WEEK = timedelta(days=7)

pytestmark = pytest.mark.django_db


def invited(admin, account, role: str = Role.OPERATOR, **values) -> tuple[Invitation, str]:
    return services.invitation_create(
        actor=Actor(user=admin, account=account),
        account=account,
        role=role,
        lasts=WEEK,
        **values,
    )


def accept(user, invitation) -> Membership:
    return services.invitation_accept(actor=Actor(user=user), invitation=invitation)


def test_an_invitation_keeps_a_digest_alone_and_nothing_tells_the_secret(account, admin, caplog):
    invitation, secret = invited(admin, account, note="Bob\n<b>", limits=["billing-*"])
    row = Invitation.objects.get()
    kept = " ".join(str(getattr(row, field.attname)) for field in Invitation._meta.fields)
    assert len(secret) >= 43
    assert secret not in kept
    trail = json.dumps([{k: str(v) for k, v in e.items()} for e in Entry.objects.values()])
    assert secret not in trail
    assert invitation.digest not in trail
    assert secret not in caplog.text
    first = Entry.objects.earliest("sequence")
    assert first.sentence == "the-admin set out to invite Bob <b> as operator on Acme."
    assert invitation_behind(secret) == row


def test_it_is_used_once_and_joins_with_its_role_and_limits(account, admin, outsider):
    invitation, secret = invited(admin, account, limits=["billing-*"])
    joined = accept(outsider, invitation)
    assert (joined.role, joined.limits) == (Role.OPERATOR, ["billing-*"])
    assert Invitation.objects.get().used_by == outsider
    assert invitation_behind(secret) is None
    with pytest.raises(InvitationVoid):
        accept(make_user(), invitation)
    assert Membership.objects.count() == 2
    said = [entry.sentence for entry in Entry.objects.order_by("sequence")]
    assert "the-outsider joined Acme." in said


def test_limits_are_kept_for_operators_only(account, admin):
    assert invited(admin, account, role=Role.VIEWER, limits=["billing-*"])[0].limits == []


def spoilt(how: str, admin, invitation) -> None:
    if how == "expired":
        Invitation.objects.update(expires=timezone.now() - timedelta(seconds=1))
    elif how == "withdrawn":
        actor = Actor(user=admin, account=invitation.account)
        services.invitation_withdraw(actor=actor, invitation=invitation)
    elif how == "demoted":
        Membership.objects.filter(user=admin).update(role=Role.OPERATOR)
    elif how == "gone":
        Membership.objects.filter(user=admin).delete()
    else:
        User.objects.filter(pk=admin.pk).update(is_active=False)


@pytest.mark.parametrize("how", ["expired", "withdrawn", "demoted", "gone", "locked out"])
def test_one_that_was_overtaken_lets_nobody_in(account, admin, outsider, how):
    invitation, secret = invited(admin, account)
    spoilt(how, admin, invitation)
    assert invitation_behind(secret) is None
    with pytest.raises(InvitationVoid):
        accept(outsider, invitation)
    assert not Membership.objects.filter(user=outsider).exists()


def test_a_member_uses_up_none_and_keeps_their_role(account, admin):
    invitation, secret = invited(admin, account, role=Role.VIEWER)
    with pytest.raises(AlreadyMember):
        accept(admin, invitation)
    assert Membership.objects.get().role == Role.ADMIN
    assert invitation_behind(secret) == invitation


def test_it_lets_back_who_was_removed(account, admin, outsider):
    Removal.objects.create(account=account, user=outsider, by=admin)
    accept(outsider, invited(admin, account)[0])
    assert not Removal.objects.exists()


def test_an_invitation_is_withdrawn_once(account, admin):
    invitation, _ = invited(admin, account)
    actor = Actor(user=admin, account=account)
    services.invitation_withdraw(actor=actor, invitation=invitation)
    with pytest.raises(InvitationVoid):
        services.invitation_withdraw(actor=actor, invitation=invitation)


def test_who_is_no_admin_invites_nobody(account, operator, outsider):
    for user in (operator, outsider):
        with pytest.raises(PermissionDenied):
            invited(user, account)
    assert not Invitation.objects.exists()


def new_user(invitation, name: str) -> Membership:
    return services.invitation_accept_as_new(
        actor=Actor(user=services.newcomer(name)), invitation=invitation, password=PASSWORD
    )


def test_a_new_user_is_made_with_it(account, admin):
    joined = new_user(invited(admin, account)[0], "newcomer")
    assert authenticate(username="newcomer", password=PASSWORD) == joined.user
    assert not joined.user.is_superuser
    said = [entry.sentence for entry in Entry.objects.order_by("sequence")]
    assert "newcomer joined Acme." in said
    assert "newcomer created the user newcomer on Acme." in said


def test_no_user_is_made_with_a_void_one_or_a_name_that_is_taken(account, admin):
    invitation, _ = invited(admin, account)
    with pytest.raises(NameTaken):
        new_user(invitation, "the-admin")
    spoilt("withdrawn", admin, invitation)
    with pytest.raises(InvitationVoid):
        new_user(invitation, "newcomer")
    assert [user.username for user in User.objects.all()] == ["the-admin"]


def test_what_cannot_be_written_down_is_not_done(account, admin, outsider, broken_trail):
    made = Invitation.objects.create(
        account=account, by=admin, role="viewer", digest="x", expires=timezone.now() + WEEK
    )
    for act in (
        lambda: invited(admin, account),
        lambda: accept(outsider, made),
        lambda: new_user(made, "newcomer"),
    ):
        with pytest.raises(broken_trail):
            act()
    assert Invitation.objects.get().used is None
    assert Membership.objects.count() == 1


BEFORE = """
from console.audit.actor import Actor
from console.team.models import Invitation, User
from console.team.services.invitations import InvitationVoid
from workflows_ui.services.invitations import invitation_accept
user, invitation = User.objects.get(username=sys.argv[1]), Invitation.objects.get()
"""
AFTER = """
try:
    invitation_accept(actor=Actor(user=user), invitation=invitation)
    print("joined")
except InvitationVoid:
    print("void")
"""
PREPARE = """
import datetime
from console.audit.actor import Actor
from tests.factories import make_account, make_membership, make_user
from workflows_ui.services.invitations import invitation_create
account, admin = make_account(), make_user("admin")
make_membership(account, admin, "admin")
for name in ("ann", "bob", "cas"):
    make_user(name)
invitation_create(actor=Actor(user=admin, account=account), account=account, role="viewer",
                  lasts=datetime.timedelta(days=1))
"""


def test_three_who_use_one_link_at_once_make_one_member(tmp_path):
    said = race(tmp_path, PREPARE, (BEFORE, AFTER), ("ann", "bob", "cas"))
    assert said == ["joined", "void", "void"]
