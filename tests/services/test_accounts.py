from __future__ import annotations

import pytest
from django.db import connection

from console.audit.actor import Actor
from console.audit.models import Entry
from console.audit.recording import TrailUnavailable
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
    first = services.local_connect(actor=Actor(user=make_user()), client=local_api(url))
    second = services.local_connect(
        actor=Actor(user=make_user()), client=local_api(url), name="Mine"
    )
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
        services.local_connect(actor=Actor(user=make_user()), client=local_api(fault_upstream.url))
    assert not Account.objects.exists()


# --- The trail -------------------------------------------------------------------------------


def connect(user, api, account_id: str = ONE):
    return services.cloudflare_connect(
        actor=Actor(user=user), base_url=api.url, account_id=account_id, name="Acme", token=TOKEN
    )


def told(user) -> list[tuple[str, str, str]]:
    rows = Entry.objects.filter(actor_id=user.pk).order_by("sequence")
    return [(row.action, row.outcome, row.account_name) for row in rows]


@pytest.mark.django_db
def test_connecting_says_who_made_an_account_and_who_joined_it(api):
    first, second = make_user("ada"), make_user("ben")
    connect(first, api)
    connect(second, api)
    connect(second, api)
    assert told(first) == [
        ("account:connect", "attempted", ""),
        ("token:add", "attempted", ""),
        ("token:add", "succeeded", "Acme"),
        ("account:connect", "succeeded", "Acme"),
    ]
    assert told(second) == [
        ("member:join", "attempted", "Acme"),
        ("token:add", "attempted", "Acme"),
        ("token:add", "succeeded", "Acme"),
        ("member:join", "succeeded", "Acme"),
        ("token:replace", "attempted", "Acme"),
        ("token:replace", "succeeded", "Acme"),
    ]
    made = Entry.objects.get(action="account:connect", outcome="succeeded")
    assert (made.account_id, made.detail["role"]) == (Account.objects.get().pk, "admin")


@pytest.mark.django_db
def test_an_address_where_no_engine_answers_is_in_the_trail(fault_upstream):
    fault_upstream.answer(html(404))
    with pytest.raises(CloudflareError):
        services.local_connect(actor=Actor(user=make_user()), client=local_api(fault_upstream.url))
    tried = Entry.objects.first()
    assert (tried.action, tried.outcome) == ("account:connect", "failed")
    assert Entry.objects.last().detail["base_url"] == fault_upstream.url


@pytest.mark.django_db
def test_without_a_trail_nothing_is_connected(api):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry RENAME TO audit_gone")
    with pytest.raises(TrailUnavailable):
        connect(make_user(), api)
    assert not Account.objects.exists()
    assert not ApiToken.objects.exists()
