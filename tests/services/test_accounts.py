from __future__ import annotations

import pytest

from console.team.models import Account
from console.team.roles import Role
from console.vault.models import ApiToken
from tests.cloudflare.fault_server import cut, html
from tests.factories import make_user
from tests.fake_api import FakeApi, Token
from workflows_ui.access import cloudflare_api, local_api
from workflows_ui.cloudflare import (
    BadResponse,
    CloudflareError,
    ConnectionFailed,
    Forbidden,
    ServerError,
    Unauthorized,
)
from workflows_ui.services import accounts as services

TOKEN = "cfut-Zk3TokenOfNobody"
ONE, TWO = "1" * 32, "2" * 32


def clients(api: FakeApi, token: str = TOKEN):
    return lambda account_id: cloudflare_api(token, base_url=api.url, account_id=account_id)


def test_a_token_reaches_the_accounts_it_lists_and_each_is_tried(api):
    api.accounts = {ONE: "Acme", TWO: "Bolt"}
    api.tokens[TOKEN] = Token(reads={ONE}, expires_on="2030-01-02T00:00:00Z")
    reach = services.reach_of(clients(api))
    assert reach.status.status == "active"
    assert reach.status.expires_on.year == 2030
    acme, bolt = reach.candidates
    assert (acme.account_id, acme.name, acme.error) == (ONE, "Acme", None)
    assert isinstance(bolt.error, Forbidden)


def test_a_token_that_an_account_owns_reaches_nothing_it_could_list(api):
    api.tokens[TOKEN] = Token(reads={ONE}, lists=False, owned_by_account=True)
    reach = services.reach_of(clients(api))
    assert reach == services.Reach(status=None, candidates=())
    named = services.check_candidate(ONE, clients(api))
    assert named.status.status == "active"
    assert [one.account_id for one in named.candidates] == [ONE]


def test_an_unknown_token_reaches_nothing(api):
    assert services.reach_of(clients(api)) == services.Reach(status=None, candidates=())
    with pytest.raises(Unauthorized):
        services.check_candidate(ONE, clients(api))


def test_ids_that_are_none_by_their_shape_are_left_out(api):
    api.accounts = {"../../user": "Odd", ONE.upper() + "x": "Odder", ONE: "Acme"}
    api.tokens[TOKEN] = Token(reads={ONE})
    reach = services.reach_of(clients(api))
    assert [one.name for one in reach.candidates] == ["Acme"]
    assert not any("user/workflows" in path for path in api.asked)


def test_an_api_that_fails_is_not_taken_for_a_token_that_reaches_nothing(api):
    api.override("/accounts", 500, "oops", type="text/html")
    with pytest.raises(ServerError):
        services.reach_of(clients(api))


@pytest.mark.django_db
def test_a_local_engine_is_joined_without_a_token(api):
    root = "/cdn-cgi/local/explorer/api/workflows"
    api.override(root, 200, '{"success":true,"errors":[],"messages":[],"result":[]}')
    url = api.url.removesuffix("/client/v4")
    first = services.local_connect(actor=make_user(), client=local_api(url))
    second = services.local_connect(actor=make_user(), client=local_api(url), name="Mine")
    assert first.account == second.account
    assert first.account.kind == Account.Kind.LOCAL
    assert first.account.name == f"Local {url.removeprefix('http://')}"
    assert (first.role, second.role) == (Role.ADMIN, Role.VIEWER)
    assert not ApiToken.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "error"),
    [(html(200), BadResponse), (cut, ConnectionFailed), (html(404), CloudflareError)],
)
def test_what_is_no_engine_is_not_joined(fault_upstream, answer, error):
    fault_upstream.answer(answer)
    with pytest.raises(error):
        services.local_connect(actor=make_user(), client=local_api(fault_upstream.url))
    assert not Account.objects.exists()
