from __future__ import annotations

import time

import pytest
from cryptography.fernet import Fernet

from console.vault.sealing import CannotOpen, ring, seal, unseal

TOKEN = "cfut-Zk3TokenOfNobody"


def test_what_was_sealed_opens_again_and_shows_nothing_meanwhile():
    sealed = seal(TOKEN, owner_id=1, account_id=2)
    assert TOKEN.encode() not in sealed
    assert unseal(sealed, owner_id=1, account_id=2) == TOKEN


@pytest.mark.parametrize(("owner_id", "account_id"), [(2, 2), (1, 1), (2, 1)])
def test_a_copy_in_another_row_opens_nothing(owner_id, account_id):
    sealed = seal(TOKEN, owner_id=1, account_id=2)
    with pytest.raises(CannotOpen):
        unseal(sealed, owner_id=owner_id, account_id=account_id)


@pytest.mark.parametrize("sealed", [b"", b"not sealed", b"\xff" * 40])
def test_rubbish_does_not_open(sealed):
    with pytest.raises(CannotOpen):
        unseal(sealed, owner_id=1, account_id=2)


def test_an_older_key_still_opens_and_the_newest_seals(settings):
    old, new = settings.TOKEN_KEYS[0], Fernet.generate_key().decode()
    sealed = seal(TOKEN, owner_id=1, account_id=2)
    settings.TOKEN_KEYS = [new, old]
    assert unseal(sealed, owner_id=1, account_id=2) == TOKEN
    fresh = seal(TOKEN, owner_id=1, account_id=2)
    settings.TOKEN_KEYS = [new]
    assert unseal(fresh, owner_id=1, account_id=2) == TOKEN
    with pytest.raises(CannotOpen):
        unseal(sealed, owner_id=1, account_id=2)


def test_what_is_too_old_does_not_open_where_age_counts():
    plain = f'{{"owner": 1, "account": 2, "token": "{TOKEN}"}}'.encode()
    sealed = ring().encrypt_at_time(plain, int(time.time()) - 601)
    assert unseal(sealed, owner_id=1, account_id=2) == TOKEN
    with pytest.raises(CannotOpen):
        unseal(sealed, owner_id=1, account_id=2, max_age=600)
