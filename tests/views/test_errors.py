from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client, RequestFactory

from console.team.models import Account
from tests.cloudflare.fault_server import failure
from tests.conftest import logged_in
from workflows_ui import cloudflare as cf
from workflows_ui.presenters.trouble import trouble_of
from workflows_ui.views import errors

ROOT = Path(__file__).resolve().parents[2]
LIST = "/a/acme/workflows/"
RAY = "8f00ba4cafe-ZRH"
HTMX = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{LIST}?q=a"}


@pytest.fixture
def upstream_url(fault_upstream):
    """Refuses everything with hostile words."""
    fault_upstream.answer(failure(429, 971, "<b>slow</b> down", Retry_After="240", CF_Ray=RAY))
    return f"{fault_upstream.url}/client/v4"


@pytest.mark.django_db
def test_the_page_says_what_why_and_what_next(viewer_client):
    response = viewer_client.get(LIST + "?q=x")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "240"
    page = response.content.decode()
    assert "<html" in page
    assert "Too many calls to the API" in page
    assert "&lt;b&gt;slow&lt;/b&gt; down" in page
    assert f'data-copy="{RAY}"' in page
    assert "HTTP 429" in page
    assert "code 971" in page
    assert "<time" in page
    assert f'href="{LIST}?q=x"' in page


@pytest.mark.django_db
def test_a_fragment_gets_the_panel_and_a_way_to_go_on(viewer_client):
    response = viewer_client.get(LIST, headers=HTMX)
    assert response.status_code == 503
    panel = response.content.decode()
    assert "<html" not in panel
    assert 'role="alert"' in panel
    assert f'href="{LIST}?q=a"' in panel
    assert "Go on" in panel
    assert "HX-Request" in response.headers["Vary"]
    assert "hx-trigger" not in panel


@pytest.mark.django_db
def test_a_token_that_is_refused_leads_to_the_connection(viewer_client, fault_upstream):
    fault_upstream.answer(failure(401, 1000, "Invalid API Token"))
    page = viewer_client.get(LIST).content.decode()
    assert 'href="/a/acme/connection/"' in page


@pytest.mark.django_db
@pytest.mark.parametrize("person", ["anonymous", "outsider"])
def test_nothing_here_says_so_to_everyone(client, outsider, person):
    browser = client if person == "anonymous" else logged_in(outsider)
    response = browser.get("/no/such/page/")
    assert response.status_code == 404
    page = response.content.decode()
    assert "There is nothing here" in page
    assert 'href="/"' in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "way"),
    [
        ("/a/acme/dashboards/1/share/", "/a/acme/dashboards/1/"),
        ("/a/acme/workflows/checkout/ticked/restart/", "/a/acme/workflows/checkout/"),
        ("/a/acme/connection/verify/", "/a/acme/"),
        ("/preferences/", "/"),
    ],
)
def test_the_address_of_a_form_opened_as_a_page_says_so(viewer_client, path, way):
    response = viewer_client.get(path)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    page = response.content.decode()
    assert "<html" in page
    assert "This address only takes a form" in page
    assert f'class="button button-small" href="{way}"' in page
    assert "Try again" not in page


@pytest.mark.django_db
def test_a_page_that_something_is_sent_to_leads_to_itself(viewer_client):
    response = viewer_client.post(LIST)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
    assert f'class="button button-small" href="{LIST}">Open the page' in response.text


@pytest.mark.django_db
def test_a_wrong_method_of_a_fragment_gets_the_panel_and_of_head_nothing(viewer_client):
    response = viewer_client.post(LIST, headers=HTMX)
    assert (response.status_code, "<html" in response.text) == (405, False)
    assert f'href="{LIST}?q=a">Go on' in response.text
    response = viewer_client.head("/preferences/")
    assert (response.status_code, response.content) == (405, b"")
    assert response.headers["Allow"] == "POST"


@pytest.mark.django_db
def test_a_form_without_its_mark_is_refused_in_words(outsider):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(outsider)
    response = browser.post("/connect/demo/")
    assert response.status_code == 403
    assert "The form was not accepted" in response.content.decode()
    assert not Account.objects.exists()


@pytest.mark.django_db
def test_a_host_we_do_not_answer_to_is_refused(client):
    response = client.get("/person/login/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "evil.example" not in response.content.decode()


def test_our_own_mistake_is_drawn_without_database_session_or_user():
    """Without the `db` mark any query would raise."""
    request = RequestFactory().get("/connect/")
    response = errors.server_error(request)
    assert response.status_code == 500
    assert "The console made a mistake" in response.content.decode()


BROKEN = """
import django
django.setup()
from django.test import Client
answer = Client(SERVER_NAME="localhost", raise_request_exception=False).get("/connect/")
print(answer.status_code, "The console made a mistake" in answer.content.decode())
"""


def test_without_a_database_people_still_get_a_page(tmp_path):
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "CONSOLE_DATA_DIR": str(tmp_path),
        "DATABASE_URL": "sqlite:////no-such-directory/console.sqlite3",
    }
    probe = subprocess.run(
        [sys.executable, "-c", BROKEN],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert probe.stdout.strip() == "500 True"


def kinds(kind: type[cf.CloudflareError]) -> list[type[cf.CloudflareError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in kinds(child))]


@pytest.mark.parametrize("kind", kinds(cf.CloudflareError))
def test_every_upstream_error_has_words_of_its_own(kind):
    trouble = trouble_of(kind("what was said", status=418, code=7, ray_id=RAY))
    assert trouble.status in {404, 409, 502, 503, 504}
    assert trouble.title
    assert trouble.why
    assert trouble.next_step
    assert (trouble.said, trouble.ray_id) == ("what was said", RAY)
