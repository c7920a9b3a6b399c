"""The steps that every page which reads an upstream takes, whatever it shows.

A test module subclasses `ReadLadder` with its address; what is special to the page has tests of
its own beside it.
"""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cloudflare import fault_server as faults
from tests.factories import TOKEN

HTMX = {"HX-Request": "true"}
RAY = "8f00ba4cafe-FRA"

UPSTREAM_ERRORS = {
    "expired": (faults.failure(401, 10000, "Authentication error"), 502, "no longer accepts"),
    "unknown token": (faults.failure(403, 9109, "Invalid access token"), 502, "no longer accepts"),
    "permission": (faults.failure(403, 10000, "Authentication error"), 502, "lacks a permission"),
    "missing": (faults.failure(404, 10200, "workflow.not_found"), 404, "doesn&#x27;t know this"),
    "invalid": (faults.failure(400, 10002, "body"), 502, "did not accept"),
    "limited": (faults.failure(429, 10429, "slow down", Retry_After="77"), 503, "Too many calls"),
    "internal": (faults.failure(500, 10001, "internal_server"), 502, "problem of its own"),
    "html 502": (faults.html(502), 502, "An error page came"),
    "html 200": (faults.html(200), 502, "not an answer of the Workflows API"),
    "half": (faults.half, 502, "connection was cut"),
    "cut": (faults.cut, 502, "connection was cut"),
    "hung": (faults.hang, 504, "did not answer in time"),
    "redirect": (faults.http("", status=302, Location="http://127.0.0.1:1/"), 502, "not an answer"),
}


@pytest.mark.django_db
class ReadLadder:
    path: str
    """Below /a/acme/."""
    fragment: str = ""
    """The id of the page's one fragment."""

    @property
    def url(self) -> str:
        return f"/a/acme/{self.path}"

    def test_a_stranger_to_the_console_is_sent_to_log_in(self, viewer):
        answer = Client().get(self.url)
        assert (answer.status_code, answer.url.split("?")[0]) == (302, "/person/login/")

    def test_a_fragment_for_nobody_moves_the_whole_page_to_log_in(self, viewer):
        answer = Client().get(self.url, headers=HTMX)
        assert answer.headers["HX-Redirect"].startswith("/person/login/")
        assert answer.content == b""

    def test_an_outsider_learns_nothing(self, account, outsider_client):
        assert outsider_client.get(self.url).status_code == 404

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_other_methods_are_refused(self, admin_client, method):
        assert getattr(admin_client, method)(self.url).status_code == 405


@pytest.mark.django_db
class UpstreamErrorLadder:
    """Mixed into a module whose `upstream_url` is a server that fails as told."""

    path: str

    @pytest.fixture
    def upstream_url(self, fault_upstream, settings) -> str:
        settings.UPSTREAM_TIMEOUT = (0.5, 0.3)
        return f"{fault_upstream.url}/client/v4"

    @pytest.mark.parametrize("name", UPSTREAM_ERRORS)
    def test_each_trouble_has_a_panel_of_its_own(self, operator_client, fault_upstream, name):
        answer, status, words = UPSTREAM_ERRORS[name]
        fault_upstream.answer(answer)
        page = operator_client.get(f"/a/acme/{self.path}")
        text = page.content.decode()
        assert page.status_code == status
        assert words in text
        assert "<html" in text
        assert TOKEN not in text

    def test_a_panel_names_code_and_ray_and_what_the_api_said(
        self, operator_client, fault_upstream
    ):
        fault_upstream.answer(faults.failure(403, 10000, "<b>no</b>", CF_Ray=RAY))
        text = operator_client.get(f"/a/acme/{self.path}").content.decode()
        assert "10000" in text
        assert RAY in text
        assert "&lt;b&gt;no&lt;/b&gt;" in text

    def test_a_failing_fragment_is_the_panel_alone_and_asks_no_more(
        self, operator_client, fault_upstream
    ):
        fault_upstream.answer(faults.failure(500, 10001, "internal_server"))
        piece = operator_client.get(f"/a/acme/{self.path}", headers=HTMX)
        text = piece.content.decode()
        assert piece.status_code == 502
        assert "<html" not in text
        assert "every " not in text
