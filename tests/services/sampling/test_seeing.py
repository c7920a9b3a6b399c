from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from workflows_ui import cloudflare as cf
from workflows_ui.models import SeenInstance
from workflows_ui.services import seeing
from workflows_ui.services.sampling import sample
from workflows_ui.services.seeing import Allowance, keep_rows, read_details, unfinished

pytestmark = pytest.mark.django_db


def test_what_an_instance_waits_for_is_known(account, api):
    sample(account, api, calls=10_000)
    waiting = SeenInstance.objects.get(workflow="checkout", instance_id="order-waiting")
    assert waiting.waits_for
    assert waiting.looked_into


def test_who_waits_for_nobody_knows_what_is_looked_into_first(account, api, monkeypatch):
    monkeypatch.setattr(seeing, "MOST_UNFINISHED", 1)
    long_ago = timezone.now() - timedelta(hours=1)
    sample(account, api, calls=10_000)
    SeenInstance.objects.update(looked_into=None)
    SeenInstance.objects.filter(status="running").update(read=long_ago)
    first = unfinished(account).get()
    assert first.status == "waiting"
    first.looked_into = timezone.now()
    first.save()
    assert unfinished(account).get() != first


def test_gone_ones_are_not_asked_for_again(account):
    SeenInstance.objects.create(
        account=account, workflow="w", instance_id="i", status="gone", read=timezone.now()
    )
    assert not unfinished(account)


def test_one_that_went_is_marked_as_gone(account, api):
    SeenInstance.objects.create(
        account=account,
        workflow="checkout",
        instance_id="never-was",
        status="running",
        read=timezone.now() - timedelta(hours=1),
    )
    sample(account, api, calls=10_000)
    assert SeenInstance.objects.get(instance_id="never-was").status == seeing.GONE


def test_a_restarted_one_that_fails_anew_is_read_anew(account, api):
    sample(account, api, calls=10_000)
    failed = SeenInstance.objects.filter(instance_id="order-errored")
    failed.update(ended=timezone.now() - timedelta(days=1), error_name="Old", fingerprint="old")
    again = cf.InstanceRow(id="order-errored", status="errored", ended_on=timezone.now())
    keep_rows(account, "checkout", [again])
    assert failed.get().fingerprint == ""
    read_details(account, api, Allowance(10_000))
    assert failed.get().error_name != "Old"
