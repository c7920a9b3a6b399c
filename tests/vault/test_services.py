from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.vault import services
from console.vault.models import ApiToken
from console.vault.sealing import unseal
from tests.factories import make_account, make_token, make_user

OLD, NEW = "cfut-the-old-token-0001", "cfut-the-new-token-0002"
END = datetime(2030, 1, 2, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def plain(row: ApiToken) -> str:
    return unseal(row.sealed, owner_id=row.owner_id, account_id=row.account_id)


def test_a_token_is_sealed_with_what_may_be_shown_of_it():
    owner, account = make_user(), make_account()
    services.token_add(
        owner=owner, account=account, token=OLD, label="Mine", status="active", expires=END
    )
    row = ApiToken.objects.get()
    assert plain(row) == OLD
    assert (row.label, row.last_four, row.status, row.expires) == ("Mine", "0001", "active", END)
    assert row.verified is not None
    assert row.replaced is None


def test_a_new_token_takes_the_place_of_the_old():
    owner, account = make_user(), make_account()
    first = make_token(owner, account, OLD, expires=END)
    services.token_mark_verified(first, status="refused", problem="It expired.")
    services.token_add(owner=owner, account=account, token=NEW, status="active")
    row = ApiToken.objects.get()
    assert plain(row) == NEW
    assert (row.pk, row.problem, row.expires) == (first.pk, "", None)
    assert row.replaced is not None


def test_of_a_short_token_nothing_is_shown():
    row = make_token(make_user(), make_account(), "short-one")
    assert row.last_four == ""


def test_removing_takes_only_ones_own():
    account, mine, other = make_account(), make_user(), make_user()
    make_token(mine, account)
    kept = make_token(other, account)
    assert services.token_remove(owner=mine, account=account)
    assert not services.token_remove(owner=mine, account=account)
    assert list(ApiToken.objects.all()) == [kept]
