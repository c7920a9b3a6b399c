"""An upstream that lists names and ids which the API reference rules out."""

from __future__ import annotations

import json

import pytest

from tests.cloudflare import fault_server as faults
from workflows_ui.cloudflare import InstanceRow
from workflows_ui.presenters.instances import instance_line

ODD = ["dots.and.more", "ünï/cödé", "../..", "<b>bold</b>", "x" * 500]
WORKFLOWS = [
    {"name": name, "class_name": "C", "script_name": "s", "instances": {"errored": 1}}
    for name in ODD
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def upstream_url(fault_upstream) -> str:
    return f"{fault_upstream.url}/client/v4"


def listed(rows: list[dict[str, object]]):
    body = {"success": True, "errors": [], "messages": [], "result": rows, "result_info": {}}
    return faults.http(json.dumps(body))


def test_odd_workflows_are_listed_without_a_link(operator_client, fault_upstream):
    fault_upstream.answer(listed(WORKFLOWS))
    page = operator_client.get("/a/acme/workflows/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "dots.and.more" in text
    assert "&lt;b&gt;bold&lt;/b&gt;" in text
    assert "<b>bold" not in text


@pytest.mark.parametrize("name", ODD)
def test_an_odd_instance_has_no_address_and_breaks_none(name):
    found = InstanceRow(id=name, status="errored", version_id="a.b/c")
    line = instance_line(found, account="acme", workflow="orders")
    assert (line.url, line.version_url) == ("", "")
