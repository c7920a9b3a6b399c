from __future__ import annotations

import pytest

from workflows_ui.cloudflare import AddressRules
from workflows_ui.forms.accounts import CloudflareForm

OTHER = "https://api.example.com/client/v4"


def address_errors(url: str, rules: AddressRules) -> list[str]:
    form = CloudflareForm({"token": "t" * 40, "base_url": url}, rules=rules)
    return list(form.errors.get("base_url", []))


def test_cloudflares_own_address_is_always_taken():
    assert address_errors("https://api.cloudflare.com/client/v4", AddressRules()) == []


def test_any_other_address_needs_a_word_of_the_operator():
    assert "CONSOLE_UPSTREAM_HOSTS" in address_errors(OTHER, AddressRules())[0]
    assert address_errors(OTHER, AddressRules(hosts=frozenset({"api.example.com"}))) == []
    assert address_errors(OTHER, AddressRules(loopback=True)) != []


@pytest.mark.parametrize("url", ["http://127.0.0.1:8788/client/v4", "http://localhost:8788/x"])
def test_this_machine_is_taken_where_it_is_open(url):
    assert address_errors(url, AddressRules(loopback=True)) == []
    assert address_errors(url, AddressRules()) != []
