from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.db import connection

from console.audit.models import Entry
from console.audit.origin import Origin
from console.audit.recording import TrailUnavailable
from console.team.models import Account, Membership, User
from console.team.names import one_line
from console.team.roles import Role
from console.team.services.members import account_join
from console.team.services.users import AlreadyStarted, first_user_create
from tests.factories import ACCOUNT_ID, make_account, make_user
from tests.rivals import race

REAL = "https://api.cloudflare.com/client/v4"
OWN = "https://evil.example/client/v4"


def join(user: User, *, base_url: str = REAL, name: str = "Acme") -> Membership:
    return account_join(
        user=user,
        kind=Account.Kind.CLOUDFLARE,
        base_url=base_url,
        account_id=ACCOUNT_ID,
        name=name,
    )


@pytest.mark.django_db
def test_the_first_user_can_log_in_afterwards():
    user = first_user_create(username="ann", password="correct horse battery")
    assert authenticate(username="ann", password="correct horse battery") == user
    assert not user.is_superuser


@pytest.mark.django_db
def test_the_first_user_is_in_the_trail_and_not_made_without():
    first_user_create(username="ann", password="correct horse battery", origin=Origin("192.0.2.7"))
    made, tried = Entry.objects.all()
    assert (made.action, made.outcome, made.target) == ("user:create", "succeeded", "ann")
    assert tried.address == "192.0.2.7"
    assert tried.sentence == "Somebody set out to create the user ann."
    User.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry RENAME TO audit_gone")
    with pytest.raises(TrailUnavailable):
        first_user_create(username="ann", password="correct horse battery")
    assert not User.objects.exists()


@pytest.mark.django_db
def test_there_is_no_second_first_user():
    make_user("ann")
    with pytest.raises(AlreadyStarted):
        first_user_create(username="bob", password="correct horse battery")
    assert [user.username for user in User.objects.all()] == ["ann"]


BEFORE = "from console.team.services.users import AlreadyStarted, first_user_create"
AFTER = """
try:
    first_user_create(username=sys.argv[1], password="correct horse battery")
    print("made")
except AlreadyStarted:
    print("refused")
"""


def test_those_who_come_at_once_make_one_first_user(tmp_path):
    said = race(tmp_path, "", (BEFORE, AFTER), ("ann", "bob", "cas"))
    assert said == ["made", "refused", "refused"]


@pytest.mark.django_db
def test_the_first_to_connect_an_account_is_its_admin_and_later_ones_are_viewers():
    first, second = make_user(), make_user()
    assert join(first).role == Role.ADMIN
    assert join(second).role == Role.VIEWER
    assert Account.objects.count() == 1


@pytest.mark.django_db
def test_connecting_again_changes_no_role():
    first, second = make_user(), make_user()
    join(first)
    membership = join(second)
    Membership.objects.filter(pk=membership.pk).update(role=Role.OPERATOR)
    assert join(second).role == Role.OPERATOR
    assert join(first).role == Role.ADMIN


@pytest.mark.django_db
def test_a_made_up_api_leads_to_an_account_of_its_own():
    """Whoever runs an API that says yes to everything gets nowhere near the real account."""
    owner, stranger = make_user(), make_user()
    real = join(owner).account
    own = join(stranger, base_url=OWN).account
    assert own != real
    assert not Membership.objects.filter(account=real, user=stranger).exists()


@pytest.mark.django_db
def test_slugs_are_readable_and_never_taken_twice():
    make_account(slug="acme-gmbh", account_id="1" * 32)
    slug = join(make_user(), name="Acme GmbH").account.slug
    assert slug == "acme-gmbh-2"


@pytest.mark.django_db
def test_slugs_do_not_run_out():
    for number in range(12):
        account_join(
            user=make_user(),
            kind=Account.Kind.CLOUDFLARE,
            base_url=REAL,
            account_id=f"{number:032x}",
            name="Acme",
        )
    assert Account.objects.filter(slug__startswith="acme").count() == 12


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "\u202e\u200b", "../../connect", "名前", "x" * 500])
def test_any_name_from_outside_gives_a_slug_that_fits(name):
    account = join(make_user(), name=name).account
    account.full_clean()
    assert account.name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  Acme \n GmbH ", "Acme GmbH"),
        ("Acme\u202eHbmG", "Acme HbmG"),
        ("Zero\u200bwidth\x00", "Zero width"),
        ("Žluťoučký 名前", "Žluťoučký 名前"),
    ],
)
def test_names_from_outside_are_one_plain_line(text, shown):
    assert one_line(text) == shown
