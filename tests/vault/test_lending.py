from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from console.team.models import Membership, User
from console.team.roles import Role
from console.team.services.members import membership_change, membership_end
from console.vault import services
from console.vault.models import ApiToken
from console.vault.queries import lent_to_dashboards, lent_to_team, token_for
from tests.factories import make_account, make_membership, make_token, make_user
from tests.rivals import ROOT, environment_of, race

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def lent(account) -> ApiToken:
    """A token that an admin lends to the team."""
    owner = make_user("owner")
    make_membership(account, owner, Role.ADMIN)
    make_membership(account, make_user("other admin"), Role.ADMIN)
    row = make_token(owner, account)
    services.token_lend(row, lent="team")
    return row


def ways() -> dict[str, object]:
    """How a token that was lent to the team stops being it."""
    return {
        "recalled": lambda row: services.token_lend(row, lent="none"),
        "for dashboards only": lambda row: services.token_lend(row, lent="dashboards"),
        "removed": services.token_forget,
        "replaced": lambda row: services.token_replace(row, token="another-token"),
        "expired": lambda row: ApiToken.objects.update(expires=timezone.now()),
        "owner demoted": lambda row: membership_change(seat(row), role=Role.OPERATOR),
        "owner left": lambda row: membership_end(seat(row), by=row.owner),
        "owner removed": lambda row: membership_end(seat(row), by=User.objects.get(pk=admin())),
        "owner's row changed by hand": lambda row: Membership.objects.update(role=Role.VIEWER),
        "owner locked out": lambda row: User.objects.update(is_active=False),
        "owner deleted": lambda row: row.owner.delete(),
    }


def admin() -> int:
    return User.objects.get(username="other admin").pk


def seat(row: ApiToken) -> Membership:
    return Membership.objects.get(user=row.owner, account=row.account)


def test_who_has_no_token_acts_with_the_one_that_is_lent(account, lent):
    assert token_for(make_user(), account) == lent


@pytest.mark.parametrize("way", ways())
def test_it_stops_at_once(account, lent, way):
    ways()[way](lent)
    assert lent_to_team(account) is None
    assert token_for(make_user(), account) is None


def test_a_role_given_back_lends_nothing_again(account, lent):
    membership_change(seat(lent), role=Role.OPERATOR)
    membership_change(seat(lent), role=Role.ADMIN)
    assert lent_to_team(account) is None


def test_ones_own_goes_first_even_one_that_does_not_work(account, lent):
    own = make_token(make_user(), account, status="refused")
    assert token_for(own.owner, account) == own


def test_of_several_a_working_one_goes_first_then_the_latest(account, lent):
    second = make_user()
    make_membership(account, second, Role.ADMIN)
    newer = make_token(second, account)
    services.token_lend(newer, lent="team")
    assert lent_to_team(account) == newer
    services.token_mark_verified(newer, status="refused", problem="It ended.")
    assert lent_to_team(account) == lent


def test_an_admin_elsewhere_lends_nothing_here(account, lent):
    elsewhere = make_account(account_id="1" * 32)
    make_membership(elsewhere, lent.owner, Role.ADMIN)
    Membership.objects.filter(account=account, user=lent.owner).update(role=Role.VIEWER)
    assert lent_to_team(account) is None
    assert lent_to_team(elsewhere) is None


def test_dashboards_read_with_what_is_lent_to_them_or_wider(account):
    owner = make_user()
    make_membership(account, owner)
    row = make_token(owner, account)
    assert lent_to_dashboards(account, owner.pk) is None
    for wide in ("dashboards", "team"):
        services.token_lend(row, lent=wide)
        assert lent_to_dashboards(account, owner.pk) == row
        assert lent_to_dashboards(account) == row
    assert lent_to_dashboards(account, make_user().pk) is None
    Membership.objects.all().delete()
    assert lent_to_dashboards(account, owner.pk) is None


# --- Several of one person -------------------------------------------------------------------


def own(account, owner) -> dict[str, bool]:
    tokens = ApiToken.objects.filter(account=account, owner=owner)
    return {token.label: token.is_default for token in tokens}


def add(account, owner, label: str) -> ApiToken:
    return services.token_add_another(owner=owner, account=account, token="a-token", label=label)


def test_one_of_several_is_the_default(account):
    owner = make_user()
    first, second = add(account, owner, "one"), add(account, owner, "two")
    add(account, make_user(), "of another")
    assert own(account, owner) == {"one": True, "two": False}
    services.token_choose(second)
    assert own(account, owner) == {"one": False, "two": True}
    services.token_forget(second)
    assert own(account, owner) == {"one": True}
    services.token_forget(first)
    assert token_for(owner, account) is None


def test_forgetting_one_that_is_not_acted_with_changes_nothing_else(account):
    owner = make_user()
    add(account, owner, "one")
    services.token_forget(add(account, owner, "two"))
    assert own(account, owner) == {"one": True}


def test_two_defaults_are_refused_by_the_database(account):
    owner = make_user()
    add(account, owner, "one")
    add(account, owner, "two")
    with pytest.raises(IntegrityError):
        ApiToken.objects.update(is_default=True)


def test_a_replaced_token_keeps_its_label_and_forgets_what_was_known(account):
    row = add(account, make_user(), "mine")
    services.token_mark_writes(row, writes=True)
    services.token_replace(row, token="another-token-5678")
    row.refresh_from_db()
    assert (row.label, row.writes, row.last_four) == ("mine", None, "5678")


def test_what_was_found_out_about_a_replaced_token_is_dropped(account):
    stale = add(account, make_user(), "mine")
    services.token_replace(ApiToken.objects.get(), token="another-token")
    services.token_mark_verified(stale, status="refused", problem="It ended.")
    services.token_mark_writes(stale, writes=False)
    row = ApiToken.objects.get()
    assert (row.status, row.problem, row.writes) == ("", "", None)


def test_a_check_is_claimed_once(account):
    row = add(account, make_user(), "mine")
    before = timezone.now() - timedelta(hours=1)
    assert services.token_claim_check(row, before=before)
    assert not services.token_claim_check(row, before=before)
    assert services.token_claim_check(row, before=timezone.now() + timedelta(seconds=1))


PREPARE = """
from tests.factories import make_account, make_user
make_account(), make_user("ann")
"""
BEFORE = """
from console.team.models import Account, User
from console.vault.services import token_add_another
owner, account = User.objects.get(), Account.objects.get()
"""
AFTER = """
row = token_add_another(owner=owner, account=account, token="a-token", label=sys.argv[1])
print("default" if row.is_default else "another")
"""


def test_three_first_tokens_at_once_make_one_default(tmp_path):
    said = race(tmp_path, PREPARE, (BEFORE, AFTER), ("one", "two", "three"))
    assert said == ["another", "another", "default"]


# --- From before -----------------------------------------------------------------------------


BY_HAND = """
import django; django.setup()
from django.db import connection
from tests.factories import make_account, make_user
values = [make_user().pk, make_account().pk, "Mine", b"sealed", "1234", "2026-01-01", "", ""]
with connection.cursor() as cursor:
    cursor.execute(
        "INSERT INTO vault_apitoken"
        " (owner_id, account_id, label, sealed, last_four, created, status, problem)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        values,
    )
"""
SHOW = """
import django; django.setup()
from console.vault.models import ApiToken
row = ApiToken.objects.get()
print(row.label, bytes(row.sealed), row.is_default, row.lent)
"""


def test_tokens_from_before_become_the_default_ones(tmp_path):
    with environment_of(tmp_path) as environment:

        def run(*arguments: str) -> str:
            command = [sys.executable, *arguments]
            return subprocess.check_output(command, cwd=ROOT, env=environment, text=True)

        run("manage.py", "migrate", "vault", "0001", "--verbosity=0")
        run("-c", BY_HAND)
        run("manage.py", "migrate", "--verbosity=0")
        assert run("-c", SHOW).strip() == "Mine b'sealed' True none"
