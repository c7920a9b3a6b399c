from __future__ import annotations

import pytest
from django.test import RequestFactory

from console.team.roles import Action, Role
from console.vault import services as vault
from console.vault.models import ApiToken
from console.vault.sealing import CannotOpen
from tests.factories import make_membership, make_user
from workflows_ui.access import TokenMissing, access_to, reader_of, seat_at
from workflows_ui.models import Dashboard
from workflows_ui.watching import sampling_board, watching

pytestmark = pytest.mark.django_db


def request_of(user):
    request = RequestFactory().get("/")
    request.user = user
    return request


@pytest.fixture
def bare(account):
    user = make_user("bare")
    make_membership(account, user, Role.OPERATOR)
    return user


def lend(owner, lent: str) -> ApiToken:
    row = ApiToken.objects.get(owner=owner)
    vault.token_lend(row, lent=lent)
    return row


def shared_by(owner) -> Dashboard:
    return Dashboard(owner=owner, account=owner.accounts.get(), shared=True)


def test_a_borrower_acts_within_their_own_role_and_the_trail_knows_whose_token(admin, bare):
    row = lend(admin, "team")
    access = access_to(request_of(bare), "acme")
    assert (access.user, access.role, access.actor.token) == (bare, Role.OPERATOR, row)
    assert access.actor.token.owner == admin
    assert access.reader == reader_of(row)
    assert not access.allows(Action.INSTANCE_DELETE, "orders")
    vault.token_lend(row, lent="none")
    with pytest.raises(TokenMissing):
        access_to(request_of(bare), "acme")


def test_answers_read_with_a_token_are_found_by_no_other(admin, bare):
    row = lend(admin, "team")
    before = access_to(request_of(bare), "acme").reader
    vault.token_replace(row, token="another-token")
    lend(admin, "team")
    assert access_to(request_of(bare), "acme").reader != before


def test_a_row_that_was_moved_to_somebody_else_does_not_open(admin, bare, account):
    ApiToken.objects.filter(owner=admin).update(owner=bare)
    with pytest.raises(CannotOpen):
        access_to(request_of(bare), "acme")


def test_dashboards_are_watched_with_what_their_owner_lends(admin, operator, bare):
    seat = seat_at(request_of(bare), "acme")
    assert watching(seat, shared_by(admin)).api is None
    row = lend(admin, "dashboards")
    assert watching(seat, shared_by(admin)).reader == reader_of(row)
    assert watching(seat, shared_by(operator)).api is None
    with pytest.raises(TokenMissing):
        access_to(request_of(bare), "acme")
    vault.token_lend(row, lent="none")
    assert watching(seat, shared_by(admin)).api is None


def test_a_private_dashboard_is_watched_with_ones_own(admin, operator):
    lend(admin, "dashboards")
    own = ApiToken.objects.get(owner=operator)
    mine = shared_by(operator)
    mine.shared = False
    assert watching(seat_at(request_of(operator), "acme"), mine).reader == reader_of(own)


def test_without_a_lent_one_they_are_watched_with_ones_own(admin, operator):
    own = ApiToken.objects.get(owner=operator)
    seat = seat_at(request_of(operator), "acme")
    assert watching(seat, shared_by(admin)).reader == reader_of(own)
    row = lend(admin, "dashboards")
    assert watching(seat, shared_by(admin)).reader == reader_of(row)


def test_the_sampler_looks_with_a_lent_token_alone(admin, account):
    assert sampling_board(account).api is None
    lend(admin, "dashboards")
    assert sampling_board(account).api is not None
