"""What every answer says to the browser, whoever gives it."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from console.headers import HeadersMiddleware
from tests.conftest import logged_in
from tests.factories import make_user

PATHS = {
    "page": "/connect/",
    "log-in": "/person/login/",
    "nothing": "/no/such/page/",
    "redirect": "/a/acme/",
    "health": "/healthz",
    "static": "/static/css/app.css",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def answers(settings, tmp_path):
    """The answer to each path, for somebody who is logged in."""
    settings.STATIC_ROOT, settings.WHITENOISE_USE_FINDERS = str(tmp_path), True
    client = logged_in(make_user("ann"))
    return {name: client.get(path, secure=True) for name, path in PATHS.items()}


def test_every_answer_keeps_other_sites_out(answers):
    for name, answer in answers.items():
        headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff", name
        assert headers["Referrer-Policy"] == "same-origin", name
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", name
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", name
    for name in answers.keys() - {"static"}:
        headers = answers[name].headers
        assert "camera=()" in headers["Permissions-Policy"], name
        assert "publickey-credentials-get=(self)" in headers["Permissions-Policy"], name


def test_no_page_can_be_framed_or_run_what_is_not_ours(answers):
    for name in answers.keys() - {"static"}:
        headers = answers[name].headers
        assert headers["X-Frame-Options"] == "DENY", name
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, name
        assert "default-src 'none'" in policy, name
        assert not [word for word in ("unsafe", "http", "*", "blob:") if word in policy], name


def test_pages_are_kept_by_nobody(answers):
    for name in answers.keys() - {"static"}:
        assert "no-store" in answers[name].headers["Cache-Control"], name


def test_a_refused_form_is_a_page_like_others():
    make_user("ann")
    refused = Client(enforce_csrf_checks=True).post("/person/login/", {"login": "ann"})
    assert refused.status_code == 403
    assert "no-store" in refused.headers["Cache-Control"]
    assert "default-src 'none'" in refused.headers["Content-Security-Policy"]
    assert "css/app.css" in refused.content.decode()


def test_cookies_are_out_of_reach_for_scripts_and_other_sites(settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    make_user("ann")
    client = Client()
    client.get("/person/login/")
    client.post("/person/login/", {"login": "ann", "password": "correct horse battery"})
    assert {"sessionid", "csrftoken"} <= set(client.cookies)
    for name in ("sessionid", "csrftoken"):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
        assert not cookie["domain"]


def test_an_answer_without_content_says_little():
    request = RequestFactory().get("/")
    full = {"Content-Security-Policy": "x", "X-Frame-Options": "DENY", "ETag": '"1"'}
    for status, left in [(204, {"etag"}), (200, {"etag", "x-frame-options"})]:
        made = HttpResponse(status=status, headers=full | {"Cache-Control": "no-store"})
        answer = HeadersMiddleware(lambda _, made=made: made)(request)
        said = {name.lower() for name in answer.headers}
        assert left | {"cache-control", "cross-origin-resource-policy"} <= said
        assert ("content-security-policy" in said) == (status == 200)
        assert ("permissions-policy" in said) == (status == 200)
