"""Which passwords are refused, beyond Django's own rules. Nothing is asked of anybody outside."""

from __future__ import annotations

import re

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from console.team.models import User

LEAST_DISTINCT = 5
LETTERS = str.maketrans("013457@$!", "oleastasi")
HOUSE_WORDS = frozenset({"workflow", "workflows", "workflowsconsole", "console", "cloudflare"})
RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


class GuessablePasswordValidator:
    """Refuses what leaked lists hold in a thousand dresses: `Passw0rd2026!`, `abcdefghij1`."""

    def __init__(self) -> None:
        self.common = CommonPasswordValidator().passwords

    def validate(self, password: str, user: User | None = None) -> None:
        if len(set(password.lower())) < LEAST_DISTINCT:
            raise ValidationError(
                f"Use at least {LEAST_DISTINCT} different characters.", code="password_repeats"
            )
        if is_run(password.lower()) or self.is_dressed_up(password):
            raise ValidationError(
                "This is a common password with a few characters around it.",
                code="password_guessable",
            )

    def is_dressed_up(self, password: str) -> bool:
        """Whether a common word is all there is, but for digits and signs at its ends."""
        cores = {
            re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)
            for text in (password.lower(), password.lower().translate(LETTERS))
        }
        bare = re.sub(r"[\W\d_]+$", "", password.lower()).translate(LETTERS)
        return any(core in self.common or core in HOUSE_WORDS for core in cores | {bare})

    def get_help_text(self) -> str:
        return "No common word with a few digits or signs around it, and no row of keys."


def is_run(password: str) -> bool:
    """Whether it is a row of the keyboard or the alphabet, or one short piece over and over."""
    core = re.sub(r"[\W\d_]+$", "", password) or password
    rows = [row * 2 for row in RUNS] + [row[::-1] * 2 for row in RUNS]
    if len(core) >= LEAST_DISTINCT and any(core in row for row in rows):
        return True
    return re.fullmatch(r"(.{1,5})\1+.{0,4}", password) is not None
