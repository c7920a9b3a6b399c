"""That the watch over tokens sees what it is there for."""

from __future__ import annotations

import logging

import pytest
from django.core.signals import got_request_exception
from django.test import RequestFactory

from console.team.models import Account
from tests import watch
from tests.databases import own_database_url
from tests.factories import TOKEN, make_account, make_token, make_user

SHAPED = "cfut-a-token-of-the-watch-0001"
ODD = "odd-secret-of-the-watch"


@pytest.mark.django_db
@pytest.mark.parametrize("token", [TOKEN, SHAPED, ODD])
def test_a_token_in_a_column_is_seen(token):
    make_token(make_user(), make_account(), ODD)
    assert not watch.leaks_in_tables()
    Account.objects.update(name=f"of {token}")
    assert watch.leaks_in_tables() == [f"team_account.name holds {token!r}"]
    Account.objects.update(name="Acme")


def test_what_is_sealed_is_no_token():
    assert watch.first_in("gAAAAAB-cf-ut_abcdefghijklmnopqrstuvwxyz-cfut-abcdefghijklmnopq") is None


@pytest.mark.parametrize("name", ["workflows_ui.views.errors", "urllib3.connectionpool", "other"])
def test_a_token_in_a_log_line_is_seen(name):
    logging.getLogger(name).warning("sent %s", SHAPED)
    assert watch.seen() == [f"A log line of {name} holds {SHAPED!r}"]


@pytest.mark.parametrize("name", ["workflows_ui.calls", "console.vault.services"])
def test_so_is_one_that_the_settings_keep_out_of_the_log(name):
    logging.getLogger(name).debug("sent %s", SHAPED)
    assert len(watch.seen()) == 1


def test_a_token_in_the_locals_of_an_error_report_is_seen():
    kept_in_a_local = "cfut-" + "a-local-token-0001"
    try:
        raise KeyError("oops")
    except KeyError:
        got_request_exception.send(sender=None, request=RequestFactory().get("/here/"))
    assert any("report of /here/" in leak and kept_in_a_local in leak for leak in watch.seen())


def test_a_token_in_the_bytes_of_a_file_is_seen(tmp_path):
    file = tmp_path / "console.sqlite3-wal"
    file.write_bytes(b"\x00\xff" + SHAPED.encode() + b"\x00")
    assert watch.leaks_in_files([file]) == [f"console.sqlite3-wal holds {SHAPED!r}"]


def test_each_console_has_a_database_of_its_own(tmp_path):
    with (
        own_database_url(tmp_path, migrated=False) as one,
        own_database_url(tmp_path, "other.db", migrated=False) as other,
    ):
        assert one != other
