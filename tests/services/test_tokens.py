from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.vault.models import ApiToken
from console.vault.sealing import unseal
from tests.cloudflare.fault_server import cut, failure, half, html
from tests.factories import ACCOUNT_ID, make_account, make_token, make_user
from tests.fake_api import Token
from workflows_ui.access import cloudflare_api
from workflows_ui.cloudflare import CloudflareError, Forbidden
from workflows_ui.services import tokens as services

OLD, NEW = "cfut-the-old-token-0001", "cfut-the-new-token-0002"

pytestmark = pytest.mark.django_db


def client_of(url, token):
    return cloudflare_api(token, base_url=url, account_id=ACCOUNT_ID)


def put(url, owner, account, token):
    client = client_of(url, token)
    return services.token_put(owner=owner, account=account, client=client, token=token)


@pytest.mark.parametrize("owned_by_account", [False, True])
def test_a_token_that_reads_the_account_is_kept_with_its_end(api, owned_by_account):
    api.tokens[NEW] = Token(
        reads={ACCOUNT_ID},
        owned_by_account=owned_by_account,
        expires_on="2030-01-02T00:00:00Z",
    )
    row = put(api.url, make_user(), make_account(base_url=api.url), NEW)
    assert (row.status, row.expires) == ("active", datetime(2030, 1, 2, tzinfo=UTC))


def test_a_token_that_reads_but_is_known_to_no_verify_route_is_kept(api):
    api.tokens[NEW] = Token(reads={ACCOUNT_ID})
    no = '{"success":false,"errors":[{"code":1000,"message":"Invalid API Token"}],"result":null}'
    api.override("/user/tokens/verify", 401, no)
    row = put(api.url, make_user(), make_account(base_url=api.url), NEW)
    assert (row.status, row.expires) == ("active", None)


def test_a_token_of_another_account_changes_nothing(api):
    api.tokens[NEW] = Token(reads={"2" * 32})
    owner, account = make_user(), make_account(base_url=api.url)
    make_token(owner, account, OLD)
    with pytest.raises(Forbidden):
        put(api.url, owner, account, NEW)
    row = ApiToken.objects.get()
    assert unseal(row.sealed, owner_id=owner.pk, account_id=account.pk) == OLD


@pytest.mark.parametrize(
    ("token", "good", "status"),
    [
        (Token(reads={ACCOUNT_ID}), True, "active"),
        (Token(reads={ACCOUNT_ID}, status="disabled"), False, "disabled"),
        (Token(reads=set()), False, "no permission"),
        (None, False, "refused"),
    ],
)
def test_verifying_notes_what_the_api_says(api, token, good, status):
    api.tokens |= {OLD: token} if token else {}
    row = make_token(make_user(), make_account(base_url=api.url), OLD)
    assert services.token_verify(row, client=client_of(api.url, OLD)) is good
    row.refresh_from_db()
    assert row.status == status
    assert bool(row.problem) is (status in services.PROBLEMS)


@pytest.mark.parametrize(
    "answer", [cut, half, html(502), failure(429, 10013, "slow down"), failure(500, 1, "oops")]
)
def test_no_answer_about_the_token_notes_nothing(fault_upstream, answer):
    fault_upstream.answer(answer)
    url = f"{fault_upstream.url}/client/v4"
    row = make_token(make_user(), make_account(base_url=url), OLD)
    with pytest.raises(CloudflareError):
        services.token_verify(row, client=client_of(url, OLD))
    before = row.verified
    row.refresh_from_db()
    assert (row.status, row.problem, row.verified) == ("active", "", before)
