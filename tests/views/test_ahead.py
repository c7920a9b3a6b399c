"""Pages are drawn while the answer that they show is on its way."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from tests.cloudflare import fault_server as faults

SWITCHER = 'FROM "team_account" INNER JOIN "team_membership"'
"""The query of the bar, which every page draws."""


@pytest.fixture
def upstream_url(fault_upstream) -> str:
    return fault_upstream.url


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["workflows/", "workflows/orders/", "workflows/orders/instances/order-1/"]
)
def test_the_shell_is_drawn_before_the_answer_comes(viewer_client, fault_upstream, path):
    drawn = threading.Event()

    def answer(talk: faults.Talk) -> None:
        if not drawn.wait(5):
            faults.cut(talk)
        faults.failure(404, 10200, "workflow.not_found")(talk)

    def noticed(execute, sql, *rest):
        if SWITCHER in sql:
            drawn.set()
        return execute(sql, *rest)

    fault_upstream.answer(answer)
    with connection.execute_wrapper(noticed):
        assert viewer_client.get(f"/a/acme/{path}").status_code == 404
