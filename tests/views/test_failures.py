from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.views.simulated import soup
from workflows_ui.models import CountSample, SeenInstance

URL = "/a/acme/failures/f1/"


def failed(account, name: str, *, hours: float = 1, workflow: str = "checkout", **facts):
    facts = {
        "status": "errored",
        "fingerprint": "f1",
        "error_name": "CardError",
        "read": timezone.now(),
    } | facts
    return SeenInstance.objects.create(
        account=account,
        workflow=workflow,
        instance_id=name,
        ended=timezone.now() - timedelta(hours=hours),
        **facts,
    )


def ids(answer) -> list[str]:
    return [box["value"] for box in soup(answer).select("input[name=instance]")]


@pytest.fixture
def group(account) -> None:
    failed(account, "new", error_message="card 4711 declined", error_step="charge card")
    failed(account, "old", hours=40)
    failed(account, "elsewhere", workflow="billing-run")
    failed(account, "other-kind", fingerprint="f2")
    failed(account, "went-well", status="complete")
    for workflow in ("checkout", "billing-run"):
        CountSample.objects.create(
            account=account, workflow=workflow, span="day", at=timezone.now(), counts={}
        )


@pytest.mark.django_db
@pytest.mark.usefixtures("group")
class TestTheDoor:
    @pytest.mark.usefixtures("viewer")
    def test_nobody_is_sent_to_log_in(self):
        assert Client().get(URL).url.startswith("/person/login/")

    def test_a_stranger_finds_nothing(self, outsider_client):
        assert outsider_client.get(URL).status_code == 404

    def test_a_viewer_looks_and_restarts_nothing(self, viewer_client):
        page = soup(viewer_client.get(URL))
        assert "old" in page.text
        assert not page.select("main button, input[name=instance]")

    def test_it_is_only_read(self, operator_client):
        assert operator_client.post(URL).status_code == 405


@pytest.mark.django_db
@pytest.mark.usefixtures("group")
class TestWhichAreShown:
    def test_all_of_the_kind_that_are_still_errored(self, operator_client):
        assert sorted(ids(operator_client.get(URL))) == ["elsewhere", "new", "old"]

    def test_those_of_the_period_and_the_workflows_of_the_panel(self, operator_client):
        answer = operator_client.get(URL, {"period": "24h", "workflow": "check*"})
        assert ids(answer) == ["new"]
        page = soup(answer)
        assert "24 hours" in page.text
        assert page.select_one(f'a[href="{URL}"]').text == "All 3 that were seen"

    @pytest.mark.parametrize("asked", [{"period": "a year"}, {"workflow": "<b>"}, {"period": ""}])
    def test_what_nobody_can_ask_for_chooses_nothing(self, operator_client, asked):
        assert len(ids(operator_client.get(URL, asked))) == 3

    def test_none_there_is_said(self, operator_client):
        page = soup(operator_client.get(URL, {"workflow": "nothing-*"}))
        assert "None of them failed" in page.text

    def test_a_kind_without_failures_is_not_there(self, operator_client):
        assert operator_client.get("/a/acme/failures/f9/").status_code == 404

    def test_a_kind_that_was_restarted_leads_to_the_trail(self, viewer_client):
        answer = viewer_client.get("/a/acme/failures/00ab12cd34ef5678/", {"period": "24h"})
        page = soup(answer)
        assert answer.status_code == 200
        assert "errored any more" in page.h1.text
        links = [link["href"] for link in page.select("main p a")]
        assert links == [
            "/a/acme/trail/?action=batch%3Arestart&since=24h",
            "/a/acme/trail/?action=instance%3Arestart&since=24h",
        ]
        for link in links:
            assert viewer_client.get(link).status_code == 200
        assert page.select_one('main a.button[href="/a/acme/dashboards/"]')

    def test_a_kind_that_was_restarted_tells_an_outsider_nothing(self, outsider_client):
        assert outsider_client.get("/a/acme/failures/00ab12cd34ef5678/").status_code == 404

    @pytest.mark.parametrize("kind", ["00AB12CD34EF5678", "00ab12cd34ef567", "00ab12cd34ef56789"])
    def test_what_stands_for_no_kind_is_not_there(self, viewer_client, kind):
        assert viewer_client.get(f"/a/acme/failures/{kind}/").status_code == 404

    def test_the_message_is_that_of_the_kind(self, operator_client, account):
        SeenInstance.objects.exclude(instance_id="new").delete()
        assert "card … declined" in soup(operator_client.get(URL)).pre.text

    def test_a_list_that_is_cut_says_so(self, operator_client, account):
        for number in range(120):
            failed(account, f"i-{number}")
        page = soup(operator_client.get(URL))
        assert len(page.select("input[name=instance]")) == 100
        assert "The latest 100 are listed." in page.text


@pytest.mark.django_db
@pytest.mark.usefixtures("group")
def test_the_question_says_that_those_not_errored_any_more_are_left_alone(operator_client):
    form = soup(operator_client.get(URL)).select_one('form[action*="/checkout/"]')
    sent = {"instance": "new", "only": form.select_one("[name=only]")["value"]}
    question = soup(operator_client.post(form["action"], sent))
    assert "not errored any more are left alone" in question.text
    assert question.select_one("main [name=only]")["value"] == "errored"


KIND = "00ab12cd34ef5678"
RESTART = "/a/acme/workflows/checkout/ticked/restart/"


@pytest.mark.django_db
class TestTheTicked:
    @pytest.fixture
    def page(self, operator_client, account):
        failed(account, "new", fingerprint=KIND, read=timezone.now() - timedelta(minutes=40))
        failed(account, "newer", fingerprint=KIND, workflow="billing-run")
        return soup(operator_client.get(f"/a/acme/failures/{KIND}/"))

    def test_all_are_ticked_at_once_and_counted(self, page):
        assert len(page.select("main input[data-tick]:checked")) == 2
        assert page.select_one("main input[data-tick-all]")
        assert page.select_one("main [data-tick-count]")["role"] == "status"
        assert "Each workflow is restarted by itself." in page.text

    def test_who_may_restart_nothing_ticks_nothing(self, page, viewer_client):
        assert not soup(viewer_client.get(f"/a/acme/failures/{KIND}/")).select("[data-tick-all]")

    def test_how_old_that_is_is_said(self, page):
        assert "as last seen 40 m ago or later." in page.select_one(".panel-why").text

    def test_cancel_and_nothing_ticked_lead_back(self, operator_client, account):
        failed(account, "new", fingerprint=KIND)
        sample = {"account": account, "workflow": "checkout", "span": "day", "counts": {}}
        CountSample.objects.create(at=timezone.now(), **sample)
        back = f"/a/acme/failures/{KIND}/?period=24h&workflow=check%2A"
        form = soup(operator_client.get(back)).select_one(f'form[action="{RESTART}"]')
        sent = {field["name"]: field["value"] for field in form.select("input[type=hidden]")}
        assert operator_client.post(RESTART, sent).url == back
        question = soup(operator_client.post(RESTART, sent | {"instance": "new"}))
        cancel = [link for link in question.select("main a") if link.text == "Cancel"]
        assert cancel[0]["href"] == question.select_one(".breadcrumb a")["href"] == back
        again = {field["name"]: field["value"] for field in question.select("main [type=hidden]")}
        refused = soup(operator_client.post(RESTART, again | {"instance": "a/../b<"}))
        assert refused.select_one(".breadcrumb a")["href"] == back

    @pytest.mark.parametrize(
        "kind",
        [
            "//evil.example",
            "https://evil.example/",
            "../../../b",
            f"{KIND}\n",
            "\0",
            KIND * 2,
            "f1",
        ],
    )
    def test_what_stands_for_no_kind_leads_to_the_list(self, operator_client, account, kind):
        answer = operator_client.post(RESTART, {"failures": kind, "asked": "period=24h"})
        assert answer.url == "/a/acme/workflows/checkout/"

    @pytest.mark.parametrize("asked", ["//evil.example", "next=//evil.example", "workflow=<b>"])
    def test_what_nobody_can_ask_for_is_not_asked_again(self, operator_client, account, asked):
        answer = operator_client.post(RESTART, {"failures": KIND, "asked": asked})
        assert answer.url == f"/a/acme/failures/{KIND}/"

    def test_more_than_an_address_holds_leads_back_all_the_same(self, operator_client, account):
        asked = "&".join(f"workflow={'x' * 60}{number}" for number in range(20))
        answer = operator_client.post(RESTART, {"failures": KIND, "asked": asked})
        assert answer.url == f"/a/acme/failures/{KIND}/"
