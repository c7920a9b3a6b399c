from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from django.db import connection

from console.audit.actor import Actor
from console.audit.models import Entry
from console.audit.recording import TrailUnavailable
from console.vault.models import ApiToken
from console.vault.sealing import unseal
from tests.cloudflare.fault_server import cut, failure, half, html, result
from tests.factories import ACCOUNT_ID, make_account, make_token, make_user
from tests.fake_api import Token
from workflows_ui.access import cloudflare_api, metered_api
from workflows_ui.cloudflare import CloudflareError, Forbidden, NewInstance
from workflows_ui.services import tokens as services
from workflows_ui.services.instances import OutcomeUnknown, instance_create

OLD, NEW = "cfut-the-old-token-0001", "cfut-the-new-token-0002"

pytestmark = pytest.mark.django_db


def client_of(url, token):
    return cloudflare_api(token, base_url=url, account_id=ACCOUNT_ID)


def put(url, owner, account, token, **values):
    client = client_of(url, token)
    return services.token_put(
        actor=Actor(user=owner), account=account, client=client, token=token, **values
    )


def verify(url, row):
    actor = Actor(user=row.owner)
    return services.token_verify(row, actor=actor, client=client_of(url, OLD))


def told() -> list[tuple[str, str]]:
    return [(row.action, row.outcome) for row in Entry.objects.order_by("sequence")]


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
    assert verify(api.url, row) is good
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
        verify(url, row)
    before = row.verified
    row.refresh_from_db()
    assert (row.status, row.problem, row.verified) == ("active", "", before)


# --- The trail -------------------------------------------------------------------------------


def test_a_first_token_and_another_are_told_apart(api):
    owner, account = make_user("ada"), make_account(base_url=api.url)
    api.tokens |= {OLD: Token(reads={ACCOUNT_ID}), NEW: Token(reads={ACCOUNT_ID})}
    first = put(api.url, owner, account, OLD)
    put(api.url, owner, account, NEW, replaces=first)
    assert told() == [
        ("token:add", "attempted"),
        ("token:add", "succeeded"),
        ("token:replace", "attempted"),
        ("token:replace", "succeeded"),
    ]
    last = Entry.objects.first()
    assert (last.actor_name, last.account_id) == ("ada", account.pk)
    assert last.detail == {"label": "API token", "ends_with": "0002", "status": "active"}


def test_what_the_api_said_about_a_refused_token_is_not_kept(fault_upstream):
    """It may repeat the token, whatever that looks like."""
    odd = "not-shaped-like-any"
    fault_upstream.answer(failure(401, 1000, f"Invalid API Token {odd}"))
    url = f"{fault_upstream.url}/client/v4"
    with pytest.raises(CloudflareError):
        put(url, make_user(), make_account(base_url=url), odd)
    row = Entry.objects.first()
    assert (row.outcome, row.upstream_status, row.upstream_code) == ("failed", 401, 1000)
    assert row.detail == {"error": "Unauthorized"}


def test_verifying_and_removing_are_in_the_trail(api):
    api.tokens[OLD] = Token(reads=set())
    row = make_token(make_user("ada"), make_account(base_url=api.url), OLD)
    verify(api.url, row)
    actor = Actor(user=row.owner)
    services.token_remove(actor=actor, token=row)
    assert told() == [
        ("token:verify", "attempted"),
        ("token:verify", "succeeded"),
        ("token:remove", "attempted"),
        ("token:remove", "succeeded"),
    ]
    verified = Entry.objects.get(sequence=2)
    assert verified.detail == {"status": "no permission"}
    assert {entry.token_last_four for entry in Entry.objects.all()} == {"0001"}


def test_without_a_trail_no_token_changes(api):
    api.tokens |= {OLD: Token(reads={ACCOUNT_ID}), NEW: Token(reads={ACCOUNT_ID})}
    row = make_token(make_user(), make_account(base_url=api.url), OLD)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry RENAME TO audit_gone")
    with pytest.raises(TrailUnavailable):
        put(api.url, row.owner, row.account, NEW)
    actor = Actor(user=row.owner)
    for act in (
        lambda: services.token_remove(actor=actor, token=row),
        lambda: services.token_choose(actor=actor, token=row),
        lambda: services.token_lend(actor=actor, token=row, lent="team"),
    ):
        with pytest.raises(TrailUnavailable):
            act()
    assert not api.asked
    kept = ApiToken.objects.get()
    assert unseal(kept.sealed, owner_id=kept.owner_id, account_id=kept.account_id) == OLD
    assert kept.lent == "none"


def test_lending_and_taking_back_say_to_whom_and_whose(api):
    row = make_token(make_user("ada"), make_account(base_url=api.url), OLD)
    actor = Actor(user=row.owner)
    for lent in ("team", "none", "dashboards"):
        services.token_lend(actor=actor, token=row, lent=lent)
    said = [entry.sentence for entry in Entry.objects.filter(outcome="succeeded")]
    assert said == [
        "ada lent a token to dashboards on Acme.",
        "ada took back a token lent to the team on Acme.",
        "ada lent a token to the team on Acme.",
    ]
    assert {entry.token_owner for entry in Entry.objects.all()} == {"ada"}


def test_a_token_that_was_replaced_meanwhile_is_not_lent(api):
    api.tokens[NEW] = Token(reads={ACCOUNT_ID})
    row = make_token(make_user(), make_account(base_url=api.url), OLD)
    put(api.url, row.owner, row.account, NEW, replaces=ApiToken.objects.get())
    with pytest.raises(ApiToken.DoesNotExist):
        services.token_lend(actor=Actor(user=row.owner), token=row, lent="team")
    assert ApiToken.objects.get().lent == "none"


# --- What acts tell --------------------------------------------------------------------------

CREATED = {"id": "order-1", "status": "queued", "version_id": "v1", "workflow_id": "w1"}


@pytest.mark.parametrize(
    ("answer", "writes"),
    [
        (result(CREATED), True),
        (failure(403, 10000, "Authentication error"), False),
        (failure(500, 10001, "oops"), None),
        (cut, None),
    ],
)
def test_real_acts_tell_whether_a_token_may_write(fault_upstream, answer, writes):
    fault_upstream.answer(answer)
    account = make_account(base_url=f"{fault_upstream.url}/client/v4")
    row = make_token(make_user(), account, OLD)
    actor = Actor(user=row.owner, account=account, token=row)
    with suppress(CloudflareError, OutcomeUnknown):
        instance_create(
            actor=actor,
            api=metered_api(row, account, person=row.owner_id),
            workflow="orders",
            new=NewInstance(instance_id="order-1", params={}),
        )
    row.refresh_from_db()
    assert row.writes is writes
    assert (row.writes_since is None) is (writes is None)


# --- In the background -----------------------------------------------------------------------


def test_a_look_in_the_background_is_written_down_when_it_changes_something(api):
    api.tokens[OLD] = Token(reads={ACCOUNT_ID}, expires_on="2030-01-02T00:00:00Z")
    row = make_token(make_user("ada"), make_account(base_url=api.url), OLD)
    assert services.token_check(row, client=client_of(api.url, OLD))
    assert row.expires.year == 2030
    assert not Entry.objects.exists()
    api.tokens.clear()
    assert not services.token_check(row, client=client_of(api.url, OLD))
    entry = Entry.objects.get()
    assert entry.sentence == "The console verified a token for Acme."
    assert entry.detail == {"from": "active", "to": "refused"}
