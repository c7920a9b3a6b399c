from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from console.team.models import User


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "password1234",  # on the list of common ones
        "Passw0rd2026!",
        "P@ssw0rd123!!",
        "!!!princess2026",
        "Workflows2026!",
        "cloudflare99999",
        "aaaaaaaaaaaaaaa",
        "abababababab",
        "abcdefghijk",
        "qwertyuiop99",
        "0987654321",
        "horsehorsehorse",
        "ann-lovelace-1",  # the name itself
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password, User(username="ann-lovelace"))


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "a longer battery 5",
        "Kq7#vb2!Lm",
        "workflows are made of steps",
        "mein täglicher Kaffee",
        "密码密码太长的句子不好猜啊",
    ],
)
def test_a_sentence_or_a_random_one_is_welcome(password):
    validate_password(password, User(username="ann-lovelace"))
