from __future__ import annotations

import pytest

URL = "/preferences/"

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_a_theme_is_kept_in_a_cookie(outsider_client, theme):
    response = outsider_client.post(URL, {"theme": theme, "next": "/connect/?x=1"})
    assert response.headers["Location"] == "/connect/?x=1"
    cookie = response.cookies["theme"]
    assert cookie.value == theme
    assert (cookie["samesite"], cookie["httponly"]) == ("Lax", True)
    assert cookie["max-age"] == 365 * 24 * 3600
    page = outsider_client.get("/connect/").content.decode()
    # without a mark on the page the browser's own preference decides
    assert (f'data-theme="{theme}"' in page) == (theme != "auto")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "", "http://localhost/"]
)
def test_it_never_leads_to_another_site(outsider_client, target):
    response = outsider_client.post(URL, {"theme": "dark", "next": target})
    assert response.headers["Location"] == "/"


@pytest.mark.parametrize("theme", ["", "pink", '"><script>'])
def test_other_themes_are_refused(outsider_client, theme):
    response = outsider_client.post(URL, {"theme": theme})
    assert response.status_code == 400
    assert "theme" not in response.cookies


def test_a_cookie_from_elsewhere_is_not_believed(outsider_client):
    outsider_client.cookies["theme"] = '"><b>'
    assert "data-theme" not in outsider_client.get("/connect/").content.decode()


def test_it_is_a_post_of_somebody_logged_in(client, outsider, outsider_client):
    assert outsider_client.get(URL).status_code == 405
    assert client.post(URL, {"theme": "dark"}).headers["Location"].startswith("/person/login/")
