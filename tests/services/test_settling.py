from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.utils import timezone

from console.audit import queries as trail
from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.models import Entry, Outcome
from console.audit.verify import verify
from console.team.models import Membership
from console.vault.models import ApiToken
from tests.cloudflare import fault_server as faults
from tests.factories import TOKEN, make_account, make_membership, make_user
from workflows_ui import cloudflare as cf
from workflows_ui.access import member_api
from workflows_ui.services import settling

pytestmark = pytest.mark.django_db

NOT_FOUND = faults.failure(404, 10400, "workflows.api.error.instance.not_found")
NO_WORKFLOW = faults.failure(404, 10200, "workflows.api.error.workflow.not_found")
NOW = timedelta(0)


@pytest.fixture
def upstream_url(fault_upstream):
    fault_upstream.answer(NOT_FOUND)
    return f"{fault_upstream.url}/client/v4"


@pytest.fixture
def ago(time_machine):
    """Steps into the past and back again, by so much."""
    now = timezone.now()

    def step(span: timedelta) -> None:
        time_machine.move_to(now - span)

    return step


def there(queued, status="running") -> faults.Answer:
    text = queued.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return faults.result({"status": status, "params": {}, "queued": text, "step_count": 0})


def lost(user, account, action=AuditAction.INSTANCE_CREATE, **facts) -> Entry:
    """An attempt of which nobody knows the end."""
    given = {"workflow": "orders", "instance_id": "order-1"} | facts
    with Actor(user=user, account=account).recording(action, **given) as act:
        act.unknown()
    return act.attempt


def settle_all(capsys) -> str:
    call_command("audit_settle")
    return capsys.readouterr().out


def outcomes(attempt: Entry) -> list[str]:
    return [row.outcome for row in trail.outcomes_of(attempt)]


def settled_as(attempt: Entry) -> str | None:
    last = trail.outcomes_of(attempt)[-1]
    return last.outcome if last.outcome != Outcome.UNKNOWN else None


HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

CREATES = {
    "queued after": (HOUR, lambda at: there(at + MINUTE), "succeeded"),
    "by a clock behind": (HOUR, lambda at: there(at - MINUTE / 2), "succeeded"),
    "queued long before": (HOUR, lambda at: there(at - HOUR), "failed"),
    "not there": (HOUR, lambda at: NOT_FOUND, "failed"),
    "not there yet": (6 * MINUTE, lambda at: NOT_FOUND, None),
    "not there after days": (timedelta(days=4), lambda at: NOT_FOUND, None),
    "no workflow": (HOUR, lambda at: NO_WORKFLOW, None),
    "no answer": (HOUR, lambda at: faults.failure(500, 10001, "oops"), None),
    "no permission": (HOUR, lambda at: faults.failure(403, 10000, "no"), None),
}
DELETES = {
    "gone": (HOUR, lambda at: NOT_FOUND, "succeeded"),
    "still there": (HOUR, lambda at: there(at - HOUR), "failed"),
    "still there, soon after": (6 * MINUTE, lambda at: there(at - HOUR), None),
    "made again": (HOUR, lambda at: there(at + MINUTE), None),
    "no workflow": (HOUR, lambda at: NO_WORKFLOW, None),
}


@pytest.mark.parametrize("case", CREATES)
def test_a_create_is_settled_by_its_id(operator, account, fault_upstream, ago, capsys, case):
    span, answer, outcome = CREATES[case]
    ago(span)
    attempt = lost(operator, account)
    ago(NOW)
    fault_upstream.answer(answer(attempt.at))
    said = settle_all(capsys)
    assert settled_as(attempt) == outcome
    assert f"Settled {int(bool(outcome))} of 1" in said
    assert {seen.method for seen in fault_upstream.seen} == {"GET"}
    verify()


@pytest.mark.parametrize("case", DELETES)
def test_a_delete_is_settled_by_what_is_there(admin, account, fault_upstream, ago, capsys, case):
    span, answer, outcome = DELETES[case]
    ago(span)
    attempt = lost(admin, account, AuditAction.INSTANCE_DELETE)
    ago(NOW)
    fault_upstream.answer(answer(attempt.at))
    settle_all(capsys)
    assert settled_as(attempt) == outcome
    assert {seen.method for seen in fault_upstream.seen} == {"GET"}


def test_the_actors_own_token_looks_and_what_was_seen_is_kept(
    operator, account, fault_upstream, ago, capsys
):
    ago(HOUR)
    attempt = lost(operator, account)
    ago(NOW)
    settle_all(capsys)
    (seen,) = fault_upstream.seen
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    settled = trail.outcomes_of(attempt)[-1]
    assert settled.actor_name == operator.username
    assert settled.detail == {
        "settled_later": True,
        "seen": "It was not there, more than ten minutes later.",
    }
    assert "Settled 0 of 0" in settle_all(capsys)


@pytest.mark.parametrize(
    "facts",
    [{"detail": {"success_retention": "1 minute"}}, {"instance_id": "cfut_looks-like-a-token-0"}],
)
def test_where_not_found_proves_nothing_it_stays_unknown(operator, account, ago, capsys, facts):
    ago(HOUR)
    attempt = lost(operator, account, **facts)
    ago(NOW)
    settle_all(capsys)
    assert settled_as(attempt) is None


def test_a_create_that_was_deleted_since_is_not_called_failed(operator, account, ago, capsys):
    ago(HOUR)
    attempt = lost(operator, account)
    with Actor(user=operator, account=account).recording(
        AuditAction.INSTANCE_DELETE, workflow="orders", instance_id="order-1"
    ):
        pass
    ago(NOW)
    assert "can't be told any more" in settle_all(capsys)
    assert settled_as(attempt) is None


@pytest.mark.parametrize(
    "action",
    [
        AuditAction.INSTANCE_EVENT,
        AuditAction.INSTANCE_PAUSE,
        AuditAction.INSTANCE_RESUME,
        AuditAction.INSTANCE_RESTART,
        AuditAction.INSTANCE_TERMINATE,
    ],
)
def test_what_looking_cannot_tell_stays_unknown_and_asks_nothing(
    admin, account, fault_upstream, ago, capsys, action
):
    ago(HOUR)
    lost(admin, account, action)
    ago(NOW)
    assert "it stays unknown" in settle_all(capsys)
    assert not fault_upstream.seen


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (lambda user, account: ApiToken.objects.all().delete(), "has no token"),
        (lambda user, account: Membership.objects.all().delete(), "is no member"),
        (lambda user, account: account.delete(), "not connected any more"),
        (lambda user, account: user.delete(), "is no member"),
    ],
)
def test_who_cannot_look_any_more_is_skipped_and_said(
    operator, account, fault_upstream, ago, capsys, gone, words
):
    ago(HOUR)
    lost(operator, account)
    ago(NOW)
    gone(operator, account)
    assert words in settle_all(capsys)
    assert not fault_upstream.seen


def test_a_silent_upstream_is_asked_once_and_others_still_are(
    operator, account, fault_upstream, api, ago, capsys, settings
):
    settings.UPSTREAM_TIMEOUT = (0.5, 0.3)
    local = make_account(slug="local", kind="local", account_id="", base_url=api.url[:-10])
    make_membership(local, operator)
    ago(HOUR)
    first, second = lost(operator, account), lost(operator, account, instance_id="order-2")
    lost(operator, local)
    ago(NOW)
    fault_upstream.answer(faults.failure(429, 971, "slow down"))
    said = settle_all(capsys)
    assert said.count("tried next time") >= 2
    assert (settled_as(first), settled_as(second)) == (None, None)
    assert len(fault_upstream.seen) == 1
    assert api.asked


# --- Batches ---------------------------------------------------------------------------------


def lost_batch(user, account, ids, action=AuditAction.INSTANCE_CREATE_BATCH) -> Entry:
    return lost(user, account, action, instance_id="", detail={"ids": ids})


def test_a_batch_is_settled_id_by_id(operator, account, fault_upstream, ago, capsys):
    ago(HOUR)
    attempt = lost_batch(operator, account, ["one", "two"])
    ago(NOW)
    fault_upstream.answer(there(attempt.at), NOT_FOUND)
    settle_all(capsys)
    _, one, two, whole = trail.outcomes_of(attempt)
    assert [(row.instance_id, row.outcome, row.part) for row in (one, two)] == [
        ("one", "succeeded", True),
        ("two", "failed", True),
    ]
    assert {row.action for row in (one, two)} == {"instance:create"}
    assert (whole.outcome, whole.detail["seen"]) == ("succeeded", "1 of 2 were done.")
    verify()


def test_a_batch_none_of_which_is_there_has_failed(operator, account, ago, capsys):
    ago(HOUR)
    attempt = lost_batch(operator, account, ["one", "two"])
    ago(NOW)
    settle_all(capsys)
    assert outcomes(attempt) == ["unknown", "failed", "failed", "failed"]


def test_a_batch_stays_whole_until_all_is_known(operator, account, fault_upstream, ago, capsys):
    ago(HOUR)
    attempt = lost_batch(operator, account, ["one", "two"])
    ago(NOW)
    fault_upstream.answer(NOT_FOUND, faults.failure(500, 10001, "oops"))
    settle_all(capsys)
    assert outcomes(attempt) == ["unknown"]


def test_what_was_known_of_a_batch_is_not_asked_again(admin, account, fault_upstream, ago, capsys):
    ago(HOUR)
    with Actor(user=admin, account=account).recording(
        AuditAction.INSTANCE_CREATE_BATCH, workflow="orders", detail={"ids": ["one", "two"]}
    ) as act:
        act.part(AuditAction.INSTANCE_CREATE, "one", Outcome.SUCCEEDED)
        act.unknown()
    ago(NOW)
    settle_all(capsys)
    assert [seen.target.split("?")[0].rsplit("/", 1)[1] for seen in fault_upstream.seen] == ["two"]
    rows = [(row.instance_id, row.outcome) for row in trail.outcomes_of(act.attempt)]
    assert rows == [("one", "succeeded"), ("", "unknown"), ("two", "failed"), ("", "succeeded")]


def test_a_batch_without_ids_stays_unknown(operator, account, ago, capsys, fault_upstream):
    ago(HOUR)
    lost_batch(operator, account, [])
    ago(NOW)
    assert "names no instances" in settle_all(capsys)
    assert not fault_upstream.seen


# --- From a page, and by hand ----------------------------------------------------------------


def detail_at(queued) -> cf.InstanceDetail:
    return cf.InstanceDetail(status="running", queued=queued)


def test_a_page_settles_what_it_has_read_without_a_call(operator, account, fault_upstream):
    attempt = lost(operator, account)
    found = detail_at(attempt.at)
    (entry,) = settling.settle_instance(
        account, "orders", "order-1", found=found, seen_at=timezone.now()
    )
    assert (entry.outcome, entry.attempt_sequence) == ("succeeded", attempt.sequence)
    assert not fault_upstream.seen
    again = settling.settle_instance(
        account, "orders", "order-1", found=found, seen_at=timezone.now()
    )
    assert again == []


def test_a_page_settles_its_own_instance_alone(operator, account):
    lost(operator, account, instance_id="order-2")
    lost(operator, account, workflow="invoices")
    lost(operator, account, AuditAction.INSTANCE_PAUSE)
    lost(operator, make_account(account_id="1" * 32))
    found = detail_at(timezone.now())
    seen_at = timezone.now()
    assert (
        settling.settle_instance(account, "orders", "order-1", found=found, seen_at=seen_at) == []
    )


def test_an_answer_from_before_the_act_proves_nothing(admin, account):
    lost(admin, account, AuditAction.INSTANCE_DELETE)
    seen_at = timezone.now() - MINUTE
    assert settling.settle_instance(account, "orders", "order-1", found=None, seen_at=seen_at) == []


def test_a_page_of_an_instance_asks_the_trail_once(account, django_assert_num_queries):
    with django_assert_num_queries(1):
        settling.settle_instance(account, "orders", "order-1", found=None, seen_at=timezone.now())


def test_one_entry_may_be_looked_into(operator, account, fault_upstream):
    attempt = lost(operator, account)
    fault_upstream.answer(there(attempt.at))
    result = settling.settle_attempt(attempt, member_api(operator.pk, account))
    assert (result.entry.outcome, result.entry.instance_id) == ("succeeded", "order-1")


def test_an_operator_settles_by_hand_and_says_why(operator, account, capsys):
    attempt = lost(operator, account, AuditAction.INSTANCE_EVENT)
    by_hand = ("audit_settle", f"--entry={attempt.sequence}", "--outcome=succeeded")
    with pytest.raises(CommandError, match="--reason"):
        call_command(*by_hand)
    call_command(*by_hand, "--reason=seen in the order system")
    settled = trail.outcomes_of(attempt)[-1]
    assert (settled.outcome, settled.detail) == (
        "succeeded",
        {"settled_later": True, "by": "manage.py", "said": "seen in the order system"},
    )
    with pytest.raises(CommandError, match="settled already"):
        call_command(*by_hand, "--reason=again")
    with pytest.raises(CommandError, match="no entry 99"):
        call_command("audit_settle", "--entry=99", "--outcome=failed", "--reason=x")
    with pytest.raises(CommandError, match="not an attempt"):
        call_command(
            "audit_settle", f"--entry={settled.sequence}", "--outcome=failed", "--reason=x"
        )


def test_a_stranger_to_the_account_looks_at_nothing(account):
    with pytest.raises(PermissionDenied):
        member_api(make_user().pk, account)
