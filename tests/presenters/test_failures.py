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
        ("No such customer: cus_NffrFeUfNV2Hib", "No such customer: cus_9s6XKzkNRiz8i3"),
        ("see req_aBcDeFgHiJkL", "see req_zYxWvUtSrQpO"),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV lost", "01BX5ZZKBKACTAV9WEVGEMMVRZ lost"),
        ("no V1StGXR8_Z5jdHi6B-myT here", "no T2uvHYS9_A6keIj7C-nzU here"),
        ("mail to ada.l+x@example.co.uk bounced", "mail to bob@example.com bounced"),
        ("fault at 0xDEADBEEF", "fault at 0x1f"),
        ("bad key 'sk-aaBBccDDeeFFgg112233'", "bad key 'k3j5h2k6g8d9s1a4f7zz'"),
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


@pytest.mark.parametrize(
    "text",
    [
        "Cannot read properties of undefined (reading 'iban')",
        "E_TIMEOUT, ERR_HTTP2, ERR_HTTP2_STREAM_ERROR, ECONNREFUSED",
        "charge_card failed in sendInvoiceToCustomer of send_InvoicePaid",
        "at handleRequest (billing-worker/src/steps/index.ts)",
        "the step 'send-the-invoice-to-the-customer' threw WorkflowInternalError",
    ],
)
def test_words_codes_and_names_stay(text):
    assert pattern_of(text) == text


def test_an_id_leaves_one_gap():
    assert pattern_of("pi_3MtwBwLkdIwHu7ix28a3tqPa of 'cus_NffrFeUfNV2Hib'") == "… of '…'"


@pytest.mark.parametrize("piece", ["a", "a-", "a_", "A_B", "A_B1C", "a.b@", "'a1."])
def test_a_long_message_made_for_it_holds_nobody_up(piece):
    assert len(pattern_of(piece * 10_000)) <= 300
