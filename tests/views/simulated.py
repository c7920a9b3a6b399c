"""Pages over the simulator's small story: how much a page asks for, and what it shows."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from tests.factories import TOKEN
from tests.views.ladder import HTMX
from workflows_ui.simulator import SimulatorServer


def soup(answer) -> BeautifulSoup:
    return BeautifulSoup(answer.content, "html.parser")


def polls(page: BeautifulSoup, region: str) -> bool:
    return page.find(id=region).has_attr("hx-trigger")


def started(server: SimulatorServer, workflow: str, instance: str, **simulate) -> None:
    """An instance that was created an hour ago, steered by `simulate`."""
    simulator, params = server.simulator, {"simulate": simulate}
    with simulator._lock:
        created = simulator.clock.millis() - 3_600_000
        found = simulator.account.workflows[workflow]
        found.add(instance, at=created, params=params, human_scale=False)


@pytest.mark.django_db
class SimulatedPage:
    path: str
    calls: int
    """Upstream calls of a cold page."""
    queries: int = 6
    """Session, user, membership with account, token, the switcher's accounts, and, once per
    process, whether there is any user."""

    @pytest.fixture
    def upstream_url(self, simulator: SimulatorServer) -> str:
        return simulator.base_url

    @property
    def url(self) -> str:
        return f"/a/acme/{self.path}"

    def test_a_viewer_sees_the_page(self, viewer_client: Client):
        answer = viewer_client.get(self.url)
        assert answer.status_code == 200
        assert b"<html" in answer.content

    def test_its_head_can_be_asked_for_alone(self, viewer_client: Client):
        answer = viewer_client.head(self.url)
        assert (answer.status_code, answer.content) == (200, b"")

    def test_nothing_secret_and_nothing_kept_by_the_browser(self, viewer_client: Client):
        answer = viewer_client.get(self.url)
        assert TOKEN not in answer.content.decode()
        assert TOKEN not in str(answer.headers)
        assert "no-store" in answer.headers["Cache-Control"]

    def test_it_keeps_to_its_budget(self, viewer_client, simulator, django_assert_max_num_queries):
        simulator.simulator.calls.reset()
        with django_assert_max_num_queries(self.queries):
            viewer_client.get(self.url)
        assert len(simulator.simulator.calls) == self.calls
        viewer_client.get(self.url)
        assert len(simulator.simulator.calls) == self.calls


class SimulatedFragment(SimulatedPage):
    fragment: str

    def test_the_fragment_is_the_region_alone_and_an_unchanged_one_is_empty(self, viewer_client):
        piece = viewer_client.get(self.url, headers=HTMX)
        assert b"<html" not in piece.content
        assert soup(piece).find(id=self.fragment)
        assert "HX-Request" in piece.headers["Vary"]
        for mark in (piece["ETag"], f"W/{piece['ETag']}"):
            again = viewer_client.get(self.url, headers={**HTMX, "If-None-Match": mark})
            assert (again.status_code, again.content) == (204, b"")
