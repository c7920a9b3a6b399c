from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from console.audit.models import Entry
from console.vault import rotation
from console.vault.checks import refuse_unusable_keys
from console.vault.models import ApiToken
from console.vault.sealing import CannotOpen, seal, unseal
from tests.factories import TOKEN, make_account, make_token, make_user

ROOT = Path(__file__).resolve().parents[2]
NEW = Fernet.generate_key().decode()

pytestmark = pytest.mark.django_db


def opened(row: ApiToken) -> str:
    return unseal(row.sealed, owner_id=row.owner_id, account_id=row.account_id)


@pytest.fixture
def rows() -> list[ApiToken]:
    account = make_account()
    return [make_token(make_user(), account) for _ in range(5)]


@pytest.fixture
def factor() -> Authenticator:
    secret = seal("totp-secret", owner_id=0, account_id=0).decode()
    return Authenticator.objects.create(user=make_user(), type="totp", data={"secret": secret})


@pytest.fixture
def new_first(rows, factor, settings) -> None:
    """A new key stands before the one that everything is sealed with."""
    settings.TOKEN_KEYS = [NEW, *settings.TOKEN_KEYS]


def said(capsys) -> str:
    call_command("vault_rotate", lot=2)
    return capsys.readouterr().out


def test_every_row_opens_with_the_new_key_alone(rows, factor, new_first, settings, capsys):
    assert said(capsys).startswith("6 sealed anew, 0 were already")
    settings.TOKEN_KEYS = [NEW]
    assert {opened(row) for row in ApiToken.objects.all()} == {TOKEN}
    factor.refresh_from_db()
    assert unseal(factor.data["secret"].encode(), owner_id=0, account_id=0) == "totp-secret"
    assert "0 sealed anew, 6 were already" in said(capsys)
    sentences = [entry.sentence for entry in Entry.objects.all()]
    assert "manage.py sealed the vault with its first key." in sentences


def test_begun_again_it_goes_on(rows, new_first, monkeypatch):
    reseal, calls = rotation.reseal, []

    def failing(sealed):
        calls.append(sealed)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return reseal(sealed)

    monkeypatch.setattr(rotation, "reseal", failing)
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(lot=2)
    done = rotation.rotate(lot=2)
    assert done.counts == {"already": 3, "sealed": 3}


def test_a_token_replaced_at_the_same_moment_stays(rows, new_first, monkeypatch):
    owner, account, reseal = rows[0].owner, rows[0].account, rotation.reseal

    def replaced_meanwhile(sealed):
        if bytes(sealed) == bytes(rows[0].sealed):
            newer = seal("newer-token", owner_id=owner.pk, account_id=account.pk)
            ApiToken.objects.filter(pk=rows[0].pk).update(sealed=newer)
        return reseal(sealed)

    monkeypatch.setattr(rotation, "reseal", replaced_meanwhile)
    done = rotation.rotate()
    assert done.counts["overtaken"] == 1
    assert opened(ApiToken.objects.get(pk=rows[0].pk)) == "newer-token"


def test_a_row_that_no_key_opens_is_named_and_left(rows, new_first):
    ApiToken.objects.filter(pk=rows[1].pk).update(sealed=b"damaged")
    with pytest.raises(CommandError, match=f"No key opens: api token {rows[1].pk}"):
        call_command("vault_rotate")
    assert bytes(ApiToken.objects.get(pk=rows[1].pk).sealed) == b"damaged"
    assert opened(ApiToken.objects.get(pk=rows[4].pk)) == TOKEN


def test_the_row_of_another_owner_opens_for_nobody_else(rows, new_first):
    ApiToken.objects.filter(pk=rows[0].pk).update(sealed=rows[1].sealed)
    rotation.rotate()
    with pytest.raises(CannotOpen):
        opened(ApiToken.objects.get(pk=rows[0].pk))


def test_unusable_keys_stop_the_server(settings):
    refuse_unusable_keys()
    settings.TOKEN_KEYS = [NEW, NEW]
    with pytest.raises(ImproperlyConfigured, match="twice"):
        refuse_unusable_keys()


@pytest.mark.parametrize(
    ("keys", "words"),
    [("", "is not set"), ("short", "too short"), (f"{NEW},{NEW}", "twice"), (f"{NEW},short", "2")],
    ids=["none", "short", "twice", "second short"],  # a key is another in every worker
)
def test_gunicorn_does_not_start_with_them(tmp_path, keys, words):
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "CONSOLE_SECRET_KEY": "k" * 50,
        "CONSOLE_TOKEN_KEYS": keys,
        "CONSOLE_DATA_DIR": str(tmp_path),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--check-config", "console.wsgi"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert words in ended.stderr
    assert NEW not in ended.stderr
