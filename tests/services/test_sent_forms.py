from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.factories import make_user
from workflows_ui.models import SentForm
from workflows_ui.services import sent_forms
from workflows_ui.services.sent_forms import (
    REMEMBERED,
    AlreadySent,
    form_claim,
    form_claim_in_turn,
    form_led_to,
    form_release,
)

pytestmark = pytest.mark.django_db


def test_a_key_works_once_and_then_tells_where_it_led():
    user, key = make_user(), uuid.uuid4()
    sent = form_claim(user=user, key=key)
    with pytest.raises(AlreadySent) as under_way:
        form_claim(user=user, key=key)
    assert under_way.value.led_to == ""
    form_led_to(sent, "/somewhere/")
    with pytest.raises(AlreadySent) as done:
        form_claim(user=user, key=key)
    assert done.value.led_to == "/somewhere/"


def test_a_key_given_back_works_again():
    user, key = make_user(), uuid.uuid4()
    form_release(form_claim(user=user, key=key))
    assert form_claim(user=user, key=key)


def test_a_sending_waits_for_the_one_under_way(monkeypatch):
    user, key = make_user(), uuid.uuid4()
    ends = iter([lambda: None, lambda: form_led_to(sent, "/somewhere/")])
    monkeypatch.setattr(sent_forms.time, "sleep", lambda _: next(ends)())
    sent = form_claim(user=user, key=key)
    with pytest.raises(AlreadySent) as done:
        form_claim_in_turn(user=user, key=key)
    assert done.value.led_to == "/somewhere/"


def test_a_sending_that_another_overtook_waits_for_it_too(monkeypatch):
    user, key = make_user(), uuid.uuid4()

    def overtaken(**form):
        monkeypatch.undo()
        first = form_claim(**form)
        monkeypatch.setattr(sent_forms.time, "sleep", lambda _: form_led_to(first, "/somewhere/"))
        return form_claim(**form)

    monkeypatch.setattr(sent_forms, "form_claim", overtaken)
    with pytest.raises(AlreadySent) as done:
        form_claim_in_turn(user=user, key=key)
    assert done.value.led_to == "/somewhere/"


def test_a_sending_that_waited_for_one_that_did_nothing_takes_its_turn(monkeypatch):
    user, key = make_user(), uuid.uuid4()
    sent = form_claim(user=user, key=key)
    monkeypatch.setattr(sent_forms.time, "sleep", lambda _: form_release(sent))
    assert form_claim_in_turn(user=user, key=key) != sent


def test_nobody_spends_anothers_key():
    key = uuid.uuid4()
    assert form_claim(user=make_user(), key=key) != form_claim(user=make_user(), key=key)


def test_old_keys_are_forgotten():
    user = make_user()
    with time_machine.travel(timezone.now() - REMEMBERED - timedelta(hours=1), tick=False):
        form_claim(user=user, key=uuid.uuid4())
    form_claim(user=user, key=uuid.uuid4())
    assert SentForm.objects.count() == 1
