from __future__ import annotations

import doctest

import pytest

from workflows_ui.presenters import failures
from workflows_ui.presenters.failures import fingerprint_of, pattern_of


def test_the_examples_in_the_module_hold():
    assert doctest.testmod(failures).failed == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("card 4242 declined", "card 17 declined"),
        ("no tenant-044 here", "no tenant-9 here"),
        (
            "job 0b7e6f3a-12c4-4aa0-9f00-77aa01c2d3e4 lost",
            "job 1b7e6f3a-12c4-4aa0-9f00-77aa01c2d3ff lost",
        ),
        ("commit 9c1185a5c5 is gone", "commit 9c1185affe is gone"),
        ("at 2026-11-24T12:00:00.000Z it broke", "at 2025-01-04T01:02:03Z it broke"),
        ("took 3000ms", "took 12.5ms"),
    ],
)
def test_failures_that_differ_by_ids_are_of_one_kind(one, other):
    assert pattern_of(one) == pattern_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("TypeError", "a is undefined", "s"), ("TypeError", "b is undefined", "s")),
        (("TypeError", "a", "s"), ("RangeError", "a", "s")),
        (("TypeError", "a", "charge"), ("TypeError", "a", "refund")),
    ],
)
def test_others_are_not(one, other):
    assert fingerprint_of(*one) != fingerprint_of(*other)


def test_words_stay():
    text = "Cannot read properties of undefined (reading 'iban')"
    assert pattern_of(text) == text
