from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from console.team.session_store import SessionStore
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept() -> SessionStore:
    store = SessionStore()
    store["said"] = "hello"
    store.save()
    return store


def test_a_session_is_found_by_its_key(kept):
    assert SessionStore(kept.session_key)["said"] == "hello"


def test_one_that_is_over_is_not_found_and_its_key_not_taken_over(kept):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    store = SessionStore(kept.session_key)
    assert store.get("said") is None
    assert store.session_key is None


@pytest.mark.parametrize("key", ["x" * 32, "' OR ''='", "short", "k" * 5_000])
def test_a_made_up_key_finds_nothing(kept, key):
    assert SessionStore(key).get("said") is None


def test_a_person_who_is_switched_off_or_gone_is_nobody():
    person, client = make_user(), Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert client.get("/person/").status_code == 200
    for change in (lambda: type(person).objects.update(is_active=False), person.delete):
        change()
        assert client.get("/person/").status_code == 302
