"""Everything that others can name is full of markup: no page lets any of it become a page.

An upstream that appends markup to every text it answers, rows of ours named by somebody who means
harm, and addresses with markup in their query: every page of the URL table is read for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from django.utils.html import escape

from console.team.models import Account, Invitation, User
from tests.conftest import logged_in
from tests.factories import make_membership, make_token, make_user
from tests.test_matrix import NEEDS, address, things_of
from tests.views.trails import act
from workflows_ui.models import Dashboard, Panel
from workflows_ui.simulator import Simulator, SimulatorServer

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7|add:7 }}</textarea>\u202e"
# what must stay as it is for the answer to be one of the API at all
KEPT = {"status", "type", "id", "version_id", "created_on", "modified_on", "start", "end", "code"}
QUERIES = ("q", "status", "cursor", "next", "name", "type", "kind", "since", "person", "order")
NOT_A_PAGE = {"healthz", "readyz", "workflows_ui:join-link"}

pytestmark = pytest.mark.django_db


def tainted(value: Any, key: str = "") -> Any:
    """The answer with markup at the end of every text in it."""
    if isinstance(value, dict):
        return {name: tainted(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [tainted(inner, key) for inner in value]
    return value + EVIL if isinstance(value, str) and key not in KEPT else value


class HostileSimulator(Simulator):
    def handle(self, request):
        response = super().handle(request)
        if response.headers.get("Content-Type", "").startswith("application/json"):
            response.body = json.dumps(tainted(json.loads(response.body))).encode()
        return response


@pytest.fixture(scope="module")
def hostile() -> Iterator[SimulatorServer]:
    with SimulatorServer(HostileSimulator(story="small", rate_limit=False)) as server:
        yield server


@pytest.fixture
def upstream_url(hostile) -> str:
    return hostile.base_url


@pytest.fixture
def evil_admin(account) -> User:
    user = make_user(f"eve{EVIL}"[:150])
    make_membership(account, user, "admin")
    make_token(user, account, label=EVIL[:80])
    return user


@pytest.fixture
def world(account, evil_admin, hostile) -> dict[str, object]:
    version = hostile.simulator.account.workflows["checkout"].versions[0].id
    values = things_of(account, make_user("owner"), version)
    Account.objects.update(name=f"Acme{EVIL}"[:100], redacted_keys=[EVIL])
    Invitation.objects.update(note=EVIL[:80])
    Dashboard.objects.update(title=EVIL[:80])
    Panel.objects.update(title=EVIL[:80], settings={"text": EVIL})
    values["sequence"] = act(
        evil_admin, account, reason=EVIL, target=EVIL, params={EVIL: EVIL}, workflow=EVIL[:100],
        answer={"detail": {EVIL: EVIL}},
    )  # fmt: skip
    return values


def harm_in(content: str) -> list[str]:
    """What of the markup became part of the page."""
    page = BeautifulSoup(content, "html.parser")
    scripts = [script for script in page.find_all("script") if not script.get("src")]
    found = [
        str(one) for one in scripts if one.get("type") != "application/json" or "<" in one.text
    ]
    found += [str(image) for image in page.find_all("img", src="x")]
    for element in page.find_all(True):
        found += [f"{element.name} {name}" for name in element.attrs if name.startswith("on")]
        for name in ("href", "action", "src", "hx-get", "hx-post"):
            value = str(element.get(name, "")).strip().lower()
            if value.startswith(("javascript:", "//", "data:text")):
                found.append(f"{element.name} {name}={value}")
    return found + (["14: a template was rendered"] if "14</textarea>" in content else [])


READ = [name for name, need in NEEDS.items() if "GET" in need.methods and name not in NOT_A_PAGE]


@pytest.mark.parametrize("name", READ)
def test_no_text_becomes_part_of_a_page(name, world, evil_admin):
    client = logged_in(evil_admin)
    url = address(name, world)
    query = urlencode(dict.fromkeys(QUERIES, EVIL))
    for asked in (url, f"{url}?{query}"):
        for headers in ({}, {"HX-Request": "true", "HX-Current-URL": f"http://testserver{asked}"}):
            answer = client.get(asked, headers=headers)
            assert answer.status_code < 500, asked
            told = str(answer.headers)
            assert "<script" not in told
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                assert not harm_in(answer.getvalue().decode()), asked
            else:
                assert "Content-Disposition" in answer.headers or answer.status_code in (204, 302)


def test_harm_would_be_found():
    assert len(harm_in(f"<p title='{EVIL}'>")) >= 3
    assert harm_in('<a href=" javascript:alert(1)">')
    assert not harm_in(f"<p>{escape(EVIL)}</p>")


@pytest.mark.parametrize(
    "name", ["instance-detail", "workflow-detail", "trail-entry", "member-list", "dashboard-detail"]
)
def test_the_markup_is_there_to_be_read(name, world, evil_admin):
    page = logged_in(evil_admin).get(address(f"workflows_ui:{name}", world)).content.decode()
    assert "&lt;script&gt;alert(1)" in page
