from __future__ import annotations

import json

import pytest

from console.audit.actor import Actor
from console.audit.models import Entry
from console.team.services import accounts
from tests.cloudflare import fault_server as faults
from tests.factories import make_account, make_user
from workflows_ui import cloudflare as cf
from workflows_ui.services.account_settings import account_retention

pytestmark = pytest.mark.django_db

WANTED = cf.Retention(success_retention="3 days")
SET = {"default_retention": {"success_retention": 259_200_000, "error_retention": 1}}
LOST = [faults.cut, faults.half, faults.hang, faults.html(502), faults.failure(500, 10001, "oops")]


@pytest.fixture
def actor(db) -> Actor:
    return Actor(user=make_user("ada"), account=make_account(redacted_keys=["phone"]))


def outcomes() -> list[str]:
    return list(Entry.objects.order_by("sequence").values_list("outcome", flat=True))


def change(actor, unsteady_api) -> None:
    before = {"success_retention": 1, "error_retention": 1}
    account_retention(actor=actor, api=unsteady_api, retention=WANTED, before=before, reason="less")


def test_only_what_is_asked_for_is_sent(actor, unsteady_api, fault_upstream):
    fault_upstream.answer(faults.result(SET))
    change(actor, unsteady_api)
    (seen,) = fault_upstream.seen
    assert json.loads(seen.body) == {"default_retention": {"success_retention": "3 days"}}
    attempt = Entry.objects.last()
    assert (attempt.action, attempt.reason) == ("account:retention", "less")
    assert attempt.detail == {
        "before": {"success_retention": 1, "error_retention": 1},
        "after": {"success_retention": "3 days"},
    }
    assert outcomes() == ["attempted", "succeeded"]


@pytest.mark.parametrize("lost", LOST)
def test_a_lost_answer_is_settled_by_looking(actor, unsteady_api, fault_upstream, lost):
    fault_upstream.answer(lost, faults.result(SET))
    change(actor, unsteady_api)
    assert [seen.method for seen in fault_upstream.seen] == ["PATCH", "GET"]
    assert outcomes() == ["attempted", "succeeded"]


@pytest.mark.parametrize("now", [faults.result({}), faults.failure(403, 10000, "no")])
def test_what_can_not_be_told_is_unknown(actor, unsteady_api, fault_upstream, now):
    fault_upstream.answer(faults.cut, now)
    with pytest.raises(cf.ConnectionFailed):
        change(actor, unsteady_api)
    assert outcomes() == ["attempted", "unknown"]


def test_a_refusal_asks_nothing_more(actor, unsteady_api, fault_upstream):
    fault_upstream.answer(faults.failure(400, 10002, "workflows.api.error.body"))
    with pytest.raises(cf.Invalid):
        change(actor, unsteady_api)
    assert len(fault_upstream.seen) == 1
    assert outcomes() == ["attempted", "failed"]


def test_redaction_is_set_with_before_and_after_in_the_trail(actor):
    accounts.account_redact(actor=actor, words=["vat"], keep_params=False, reason="asked for")
    actor.account.refresh_from_db()
    assert (actor.account.redacted_keys, actor.account.keep_params) == (["vat"], False)
    attempt = Entry.objects.last()
    assert (attempt.action, attempt.reason) == ("account:redaction", "asked for")
    assert attempt.detail == {
        "before": {"words": ["phone"], "keep_params": True},
        "after": {"words": ["vat"], "keep_params": False},
    }


def test_a_rename_tells_both_names(actor):
    accounts.account_rename(actor=actor, name="Shop")
    assert Entry.objects.last().detail == {"before": "Acme", "after": "Shop"}
    actor.account.refresh_from_db()
    assert actor.account.name == "Shop"
