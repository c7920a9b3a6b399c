from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import InterfaceError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from tests.cloudflare import fault_server as faults
from tests.factories import make_account, make_membership, make_token, make_user
from workflows_ui import cloudflare as cf
from workflows_ui.budget import SAMPLER, Meter
from workflows_ui.management.commands import worker
from workflows_ui.management.commands.worker import enqueue_due
from workflows_ui.models import CountSample, Sampling
from workflows_ui.queries.history import NO_TOKEN, watch_of
from workflows_ui.services.sampling import lease_take
from workflows_ui.tasks import (
    LEAST,
    SHARE,
    YIELDS,
    calls_for_round,
    due_accounts,
    sample_account,
)

pytestmark = pytest.mark.django_db


def lend(account) -> None:
    owner = make_user()
    make_membership(account, owner)
    token = make_token(owner, account)
    token.lent = "dashboards"
    token.save()


def test_without_a_lent_token_nobody_looks_and_it_is_said(account):
    sample_account.func(account.pk)
    watch = watch_of(account)
    assert (watch.alive, watch.problem) == (True, NO_TOKEN)
    assert watch.lacks_token


def test_trouble_is_said_in_plain_words_and_the_lease_is_given_back(account):
    lend(account)
    sample_account.func(account.pk)
    assert watch_of(account).problem == "The API can't be reached"
    assert Sampling.objects.get().leased_until is None


def test_a_round_looks_with_the_lent_token(simulator):
    account = make_account(base_url=simulator.base_url)
    lend(account)
    sample_account.func(account.pk)
    assert watch_of(account).problem == ""
    assert CountSample.objects.filter(account=account).exists()


def test_a_mistake_of_ours_is_said_too(fault_upstream, settings):
    settings.UPSTREAM_TIMEOUT = (0.5, 0.3)
    account = make_account(base_url=f"{fault_upstream.url}/client/v4")
    lend(account)
    fault_upstream.answer(faults.result([{"name": 7}]))
    try:
        sample_account.func(account.pk)
    finally:
        assert watch_of(account).problem


def test_a_workflow_whose_list_fails_is_named(simulator):
    account = make_account(base_url=simulator.base_url)
    lend(account)
    faults = simulator.simulator.faults
    fault = faults.add("status", status=500, path="/workflows/checkout/instances$")
    sample_account.func(account.pk)
    faults.remove(fault)
    assert watch_of(account).problem == "The API would not list the instances of “checkout”."


def test_another_process_at_it_is_left_alone(simulator):
    account = make_account(base_url=simulator.base_url)
    lend(account)
    assert lease_take(account, now=timezone.now())
    sample_account.func(account.pk)
    assert not CountSample.objects.exists()


@pytest.mark.parametrize("error", [InterfaceError("closed"), RuntimeError("no idea")])
def test_nothing_ends_the_thread_that_queues_rounds(monkeypatch, caplog, error):
    stop, tries = threading.Event(), []

    def failing_once() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise error
        stop.set()

    monkeypatch.setattr(worker, "enqueue_due", failing_once)
    monkeypatch.setattr(worker, "LOOK_EVERY", 0)
    # not at the connection of this test
    monkeypatch.setattr(worker, "close_old_connections", lambda: None)
    worker.schedule(stop)
    assert len(tries) == 2
    assert [record.message for record in caplog.records] == ["No rounds were queued"]


def test_an_account_is_due_once_a_minute_and_queued_once(account):
    assert due_accounts() == [account.pk]
    enqueue_due()
    enqueue_due()
    assert DBTaskResult.objects.ready().count() == 1
    sample_account.func(account.pk)
    assert due_accounts() == []
    Sampling.objects.update(tried=timezone.now() - timedelta(seconds=61))
    assert due_accounts() == [account.pk]


def test_after_trouble_it_is_tried_again_sooner(account):
    sample_account.func(account.pk)
    Sampling.objects.update(tried=timezone.now() - timedelta(seconds=20))
    assert due_accounts() == [account.pk]
    Sampling.objects.update(problem="")
    assert due_accounts() == []


def test_an_account_that_is_gone_is_no_trouble():
    sample_account.func(10**9)


def test_the_first_look_at_an_account_is_waited_for(account):
    assert watch_of(account).awaited
    account.created = timezone.now() - timedelta(minutes=3)
    assert not watch_of(account).awaited
    account.created = timezone.now()
    Sampling.objects.create(account=account, tried=timezone.now())
    assert (watch_of(account).awaited, watch_of(account).alive) == (False, True)


def test_a_worker_long_gone_is_not_alive(account):
    old = timezone.now() - timedelta(minutes=10)
    Sampling.objects.create(account=account, tried=old, sampled=old)
    assert not watch_of(account).alive


def a_round(reader: str) -> int:
    """All that it may call, counted."""
    calls = calls_for_round(reader)
    for _ in range(calls):
        record = cf.CallRecord(method="GET", path="/accounts/a", status=200, seconds=0.1)
        Meter(reader=reader, person=SAMPLER).after(record)
    return calls


def test_the_first_look_may_take_more_and_leaves_enough_to_every_minute():
    reader, rounds = f"t{uuid.uuid4()}", []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(30):
            rounds.append(a_round(reader))
            clock.shift(61)
    assert rounds[0] == SHARE // 3
    assert min(rounds) >= LEAST
    assert all(sum(rounds[at : at + 5]) <= SHARE for at in range(26))


def test_rounds_that_fail_again_and_again_take_no_more_than_the_share():
    reader = f"t{uuid.uuid4()}"
    assert sum(a_round(reader) for _ in range(20)) == SHARE
    assert a_round(reader) == 0


def test_a_round_without_calls_forgets_nothing(simulator, monkeypatch):
    account = make_account(base_url=simulator.base_url)
    lend(account)
    sample_account.func(account.pk)
    before = Sampling.objects.get(account=account)
    assert before.reached
    monkeypatch.setattr("workflows_ui.tasks.used", lambda *_: SHARE)
    sample_account.func(account.pk)
    after = Sampling.objects.get(account=account)
    assert (after.reached, after.sampled) == (before.reached, before.sampled)
    assert after.problem == YIELDS
