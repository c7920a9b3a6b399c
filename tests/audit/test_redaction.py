from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.audit.actions import AuditAction
from console.audit.models import Entry
from console.audit.recording import record_event
from console.audit.redaction import KEPT_BYTES, REDACTED, Rules, canonical, keep, redact, scrub
from tests.factories import make_account

LEGACY = "Xa9_kLm2Pq-R7sTuVwXyZ01234abcdefGHIJKLMN"
TOKENS = [
    "cfut_Zk3TokenOfNobody0123",
    "cfut-Zk3TokenOfNobody0123",
    "Bearer abcdef0123456789",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJl",
    LEGACY,
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "key",
    ["password", "client_secret", "accessToken", "Authorization", "api-key", "cardNumber", "iban"],
)
def test_what_stands_under_a_secret_key_is_gone_at_any_depth(key):
    value = {"a": [{"b": {key: {"deep": ["hush"]}}}], "kept": 1}
    assert redact(value) == {"a": [{"b": {key: REDACTED}}], "kept": 1}


def test_patterns_are_the_callers():
    value = {"salary": 1, "password": 2}
    assert redact(value, ["SALARY"]) == {"salary": REDACTED, "password": 2}
    assert redact(value, []) == value


def test_json_in_a_string_is_redacted_inside():
    assert redact({"body": '{"user": "ada", "password": "hush"}'}) == {
        "body": '{"password":"[redacted]","user":"ada"}'
    }
    assert redact('{"user": "ada"}') == '{"user": "ada"}'


@pytest.mark.parametrize("token", TOKENS)
def test_what_looks_like_a_token_goes_from_any_value_and_key(token):
    assert token not in canonical(redact({"note": f"use {token}, please", token: 1}))


@pytest.mark.parametrize(
    "text",
    ["9c1185a5c5e9fc54612808977ee8f548b2258d31", "order-7", "0b7e6f3a-12c4-4aa0-9f00-77aa01c2d3e4"],
)
def test_ids_and_hashes_are_no_tokens(text):
    assert scrub(text) == text


@given(JSON, st.sampled_from(TOKENS))
def test_no_token_survives_in_any_shape(value, token):
    for hidden in ({"a": [value, token]}, [{token: value}], f"{token}", {"password": value}):
        text = canonical(redact(hidden))
        assert token not in text
        json.loads(text)


def test_long_params_leave_a_digest_and_the_size():
    long = {"rows": ["x" * 100] * 5000}
    kept = keep(long)
    text = canonical(long)
    assert (kept.text, kept.size) == ("", len(text))
    assert kept.digest == hashlib.sha256(text.encode()).hexdigest()
    at_the_limit = keep("x" * (KEPT_BYTES - 2))
    assert at_the_limit.size == len(at_the_limit.text) == KEPT_BYTES


def test_nesting_without_end_is_not_kept():
    value: list = []
    for _ in range(100_000):
        value = [value]
    assert keep(value).text == f'"{REDACTED} nested too deeply"'


def test_an_account_adds_words_of_its_own_to_what_always_goes():
    rules = Rules(["salary", "a.b"])
    kept = keep({"Salary": 1, "password": 2, "axb": 3, "a.b": 4}, rules)
    assert json.loads(kept.text) == {
        "Salary": REDACTED,
        "password": REDACTED,
        "axb": 3,
        "a.b": REDACTED,
    }


def test_an_account_may_keep_digests_alone():
    kept = keep({"order": 7}, Rules(keep=False))
    assert (kept.text, kept.size, len(kept.digest)) == ("", 11, 64)


@pytest.mark.django_db
def test_the_rules_are_those_of_the_account_acted_on():
    account = make_account(redacted_keys=["salary"])
    record_event(actor=None, action=AuditAction.WORKFLOW_PUT, account=account, params={"salary": 1})
    assert Entry.objects.get().params == {"salary": REDACTED}


@pytest.mark.django_db
@pytest.mark.parametrize("token", TOKENS)
def test_no_field_of_an_entry_takes_a_token(token):
    record_event(
        actor=None,
        actor_name=token,
        action=AuditAction.USER_CREATE,
        target=f"a {token}",
        reason=f"because {token}",
        params={"note": token},
        detail={"message": token},
    )
    row = Entry.objects.get()
    assert not [f.name for f in row._meta.fields if token in str(getattr(row, f.attname))]
    assert row.params == {"note": REDACTED}
