from __future__ import annotations

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from console.audit.models import Entry
from console.audit.origin import origin_of
from console.audit.verify import verify
from tests.audit.conftest import raw
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def log_in(client: Client, name: str, password: str = PASSWORD):
    return client.post(reverse("account_login"), {"login": name, "password": password})


@pytest.fixture
def client(settings) -> Client:
    settings.ALLOWED_HOSTS = ["*"]
    return Client(REMOTE_ADDR="192.0.2.7")


def test_logging_in_and_out_is_in_the_trail(client):
    ada = make_user("ada")
    log_in(client, "ada")
    client.post(reverse("account_logout"))
    out, come = Entry.objects.all()
    assert (come.action, out.action) == ("session:log_in", "session:log_out")
    assert {(row.actor_id, row.address, row.outcome) for row in (come, out)} == {
        (ada.pk, "192.0.2.7", "event")
    }
    assert len(out.session) == 16
    verify()


def test_a_failed_log_in_keeps_the_name_and_never_the_password(client):
    make_user("ada")
    log_in(client, "ada", "not-the-password")
    row = Entry.objects.get()
    assert (row.action, row.actor_name, row.actor_id) == ("session:log_in_failed", "ada", None)
    assert not [f for f in row._meta.fields if "not-the" in str(getattr(row, f.attname))]


def test_nobody_logs_in_when_the_trail_is_away(client):
    make_user("ada")
    raw("ALTER TABLE audit_entry RENAME TO audit_gone")
    client.raise_request_exception = False
    refused = log_in(client, "ada")
    assert refused.status_code == 503
    page = refused.content.decode()
    assert "could not be written down, so it was not done" in page
    assert "ada" not in page
    assert client.get("/").status_code == 302


def test_a_session_is_told_apart_and_not_told():
    request = RequestFactory().get("/")
    request.session = type("Session", (), {"session_key": "s" * 32})()
    digest = origin_of(request).session
    assert digest
    assert digest not in "s" * 32
