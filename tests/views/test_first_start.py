from __future__ import annotations

import pytest
from django.urls import reverse

from console.team.models import User
from tests.factories import PASSWORD, make_user

URL = "/welcome/"
FORM = {"username": "ann", "password1": PASSWORD, "password2": PASSWORD}

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/person/login/", "/connect/", "/a/acme/workflows/", "/no"])
def test_before_the_first_user_every_way_leads_to_the_welcome(client, path):
    assert client.get(path).headers["Location"] == URL
    assert client.post(path, {"x": "y"}).headers["Location"] == URL
    htmx = client.get(path, headers={"HX-Request": "true"})
    assert htmx.headers["HX-Redirect"] == URL


def test_the_welcome_makes_the_first_user_and_leads_on(client):
    page = client.get(URL)
    assert page.status_code == 200
    assert "Setup code" not in page.content.decode()
    response = client.post(URL, FORM)
    assert response.headers["Location"] == reverse("workflows_ui:connect")
    assert [user.username for user in User.objects.all()] == ["ann"]
    assert client.get(response.headers["Location"]).status_code == 200


def test_once_there_is_a_user_the_welcome_is_gone(client):
    make_user()
    assert client.get(URL).status_code == 404
    assert client.post(URL, FORM).status_code == 404
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": ""},
        {"username": "no spaces allowed"},
        {"password2": "something else 1"},
        {"password1": "short", "password2": "short"},
        {"password1": "password1234", "password2": "password1234"},
    ],
)
def test_a_form_that_is_not_right_comes_back_without_the_password(client, wrong):
    response = client.post(URL, FORM | wrong)
    assert response.status_code == 422
    assert PASSWORD not in response.content.decode()
    assert not User.objects.exists()


def test_with_a_setup_code_only_who_knows_it_may(client, settings):
    settings.SETUP_CODE = "open sesame"
    assert "Setup code" in client.get(URL).content.decode()
    for code in ("", "open", "open sesamé"):
        response = client.post(URL, FORM | {"code": code})
        assert response.status_code == 422
    assert not User.objects.exists()
    assert client.post(URL, FORM | {"code": "open sesame"}).status_code == 302
    assert User.objects.count() == 1


def test_setup_codes_are_not_tried_by_the_thousand(client, settings):
    settings.SETUP_CODE = "open sesame"
    codes = [client.post(URL, FORM | {"code": f"guess {i}"}).status_code for i in range(25)]
    assert codes[0] == 422
    assert codes[-1] == 429


def test_only_get_and_post_are_answered(client):
    assert client.put(URL).status_code == 405
