"""Our own mistakes while a token is in memory: the error report shows every frame, never it."""

from __future__ import annotations

import sys

import pytest
from django.core.signals import got_request_exception
from django.urls import reverse
from django.views.debug import ExceptionReporter

from console.vault import services as vault
from console.vault.models import ApiToken
from tests.factories import ACCOUNT_ID, TOKEN
from tests.fake_api import Token
from workflows_ui.cloudflare.transport import Transport

pytestmark = pytest.mark.django_db

NEW = "odd-token-of-no-known-shape"
KEY = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def upstream_url(api):
    api.accounts = {ACCOUNT_ID: "Acme"}
    api.tokens |= {TOKEN: Token(reads={ACCOUNT_ID}), NEW: Token(reads={ACCOUNT_ID})}
    return api.url


@pytest.fixture
def reports():
    """The report of every unexpected exception, as Django would send it."""
    made: list[str] = []

    def report(request, **kwargs):
        reporter = ExceptionReporter(request, *sys.exc_info())
        made.append(reporter.get_traceback_text() + reporter.get_traceback_html())

    got_request_exception.connect(report)
    yield made
    got_request_exception.disconnect(report)


def mistaken(*args, **kwargs):
    raise KeyError("a mistake of ours")


def url_of(name: str, *place: str | int) -> str:
    """0 stands for the token of whoever asks."""
    return reverse(f"workflows_ui:{name}", args=place)


WRITES = {
    "add": (url_of("token-add", "acme"), {"token": NEW}, "token_put"),
    "replace": (url_of("token-replace", "acme", 0), {"token": NEW}, "token_put"),
    "connect": ("/connect/cloudflare/", {"token": NEW}, "cloudflare_connect"),
}
CALLS = {
    "replace": (url_of("token-replace", "acme", 0), {"token": NEW}, "token_put"),
    "verify": (url_of("token-verify", "acme", 0), {}, "_verify"),
    "connect": ("/connect/cloudflare/", {"token": NEW}, "reach_of"),
    "trigger": (
        url_of("instance-trigger", "acme", "orders"),
        {"params": "{}", "key": KEY},
        "instance_create",
    ),
    "pause": (url_of("instance-pause", "acme", "orders", "o-1"), {"key": KEY}, "change"),
    "restart": (url_of("instance-restart", "acme", "orders", "o-1"), {"key": KEY}, "keep_copy"),
}


def check(client, reports, case, api):
    url, values, frame = case
    url = url.replace("/0/", f"/{ApiToken.objects.get().pk}/")
    client.raise_request_exception = False
    answer = client.post(url, {"base_url": api.url} | values)
    assert answer.status_code == 500
    (report,) = reports
    assert frame in report
    for token in (TOKEN, NEW):
        assert token not in report
        assert token not in answer.content.decode()


@pytest.mark.parametrize("case", WRITES)
def test_while_a_token_is_sealed(operator_client, reports, api, monkeypatch, case):
    monkeypatch.delattr(vault, "SHOWN")  # a stand-in would itself hold the token in its frame
    check(operator_client, reports, WRITES[case], api)


@pytest.mark.parametrize("case", CALLS)
def test_while_the_api_is_called(operator_client, reports, api, monkeypatch, case):
    monkeypatch.setattr(Transport, "send", mistaken)
    check(operator_client, reports, CALLS[case], api)
