from __future__ import annotations

import json
import uuid

import pytest
from django.test import Client

from console.audit.models import Entry
from tests.cloudflare import fault_server as faults
from tests.factories import TOKEN
from tests.views.simulated import soup
from workflows_ui.models import SentForm
from workflows_ui.services import sent_forms

URL = "/a/acme/workflows/checkout/trigger/"
CREATED = {"id": "order-x", "status": "queued", "version_id": "v", "workflow_id": "w"}


def sent(**values) -> dict[str, str]:
    return {"params": "", "instance_id": "", "own_id": str(uuid.uuid4()), **values}


@pytest.mark.django_db
class TestTheDoor:
    def test_a_viewer_may_neither_see_nor_send_the_form(self, viewer_client, fault_upstream):
        assert viewer_client.get(URL).status_code == 403
        assert viewer_client.post(URL, sent()).status_code == 403
        assert fault_upstream.seen == []

    def test_an_outsider_finds_nothing(self, account, outsider_client):
        assert outsider_client.get(URL).status_code == 404
        assert outsider_client.post(URL, sent()).status_code == 404

    def test_nobody_is_sent_to_log_in(self, viewer):
        assert Client().post(URL, sent()).url.startswith("/person/login/")

    def test_other_methods_are_refused(self, operator_client):
        assert operator_client.put(URL).status_code == 405

    def test_a_form_without_its_mark_is_refused(self, operator):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(operator)
        answer = strict.post(URL, sent())
        assert answer.status_code == 403
        assert "The form was not accepted" in answer.content.decode()


@pytest.mark.django_db
class TestTriggering:
    @pytest.fixture
    def upstream_url(self, simulator) -> str:
        return simulator.base_url

    def params_of(self, simulator, instance: str):
        answer = simulator.simulator.call("GET", f"/workflows/checkout/instances/{instance}")
        return json.loads(answer.body)["result"]["params"]

    def test_it_leads_to_the_new_instance(self, operator_client, simulator):
        form = sent(params='{"order": 7}')
        answer = operator_client.post(URL, form)
        assert answer.url == f"/a/acme/workflows/checkout/instances/{form['own_id']}/"
        assert self.params_of(simulator, form["own_id"]) == {"order": 7}

    def test_a_list_that_was_just_read_is_read_again(self, operator_client):
        form, listed = sent(), "/a/acme/workflows/checkout/"
        operator_client.get(listed)
        operator_client.post(URL, form)
        assert soup(operator_client.get(listed)).find(id=f"i-{form['own_id']}")

    def test_the_same_form_sent_again_leads_to_the_same_instance(self, operator_client):
        form = sent(params='{"order": 8}')
        first, second = (operator_client.post(URL, form) for _ in range(2))
        assert first.url == second.url
        said = operator_client.get(second.url).content.decode()
        assert "Nothing was done a second time" in said

    def test_other_params_in_a_form_that_was_sent_are_not_said_to_be_sent(self, operator_client):
        form = sent(params='{"order": 8}')
        operator_client.get(operator_client.post(URL, form).url)
        again = operator_client.post(URL, form | {"params": '{"order": 9}'}, follow=True)
        assert "Triggered" not in soup(again).select_one(".flashes").text
        creates = Entry.objects.filter(action="instance:create", outcome="attempted")
        assert creates.count() == 1

    @pytest.mark.parametrize("chosen", ["", "mine-once"])
    def test_sent_again_after_its_instance_is_gone_it_makes_none(
        self, operator_client, simulator, chosen
    ):
        form = sent(instance_id=chosen)
        path = f"/workflows/checkout/instances/{chosen or form['own_id']}"
        operator_client.post(URL, form)
        assert simulator.simulator.call("DELETE", path).status == 200
        assert operator_client.post(URL, form).status_code == 302
        assert simulator.simulator.call("GET", path).status == 404

    def test_an_id_of_ones_own_sent_twice_is_no_mistake(self, operator_client):
        form = sent(instance_id=f"mine-{uuid.uuid4().hex}")
        first, second = (operator_client.post(URL, form) for _ in range(2))
        assert (first.url, second.status_code) == (second.url, 302)

    def test_a_form_under_way_leads_to_its_list(self, operator, operator_client, monkeypatch):
        monkeypatch.setattr(sent_forms, "PAUSE", 0)
        form = sent()
        SentForm.objects.create(user=operator, key=form["own_id"])
        assert operator_client.post(URL, form).url == "/a/acme/workflows/checkout/"

    def test_an_id_of_ones_own_is_taken_once_and_then_named_as_taken(self, operator_client):
        chosen = f"mine-{uuid.uuid4().hex}"
        assert chosen in operator_client.post(URL, sent(instance_id=chosen)).url
        again = operator_client.post(URL, sent(instance_id=chosen, params="[1]"))
        page = soup(again)
        assert again.status_code == 422
        assert "has an instance of this id already" in page.text
        assert page.find("textarea").text.strip() == "[1]"
        assert page.find("input", {"name": "instance_id"})["value"] == chosen

    def test_broken_params_are_named_and_kept(self, operator_client):
        answer = operator_client.post(URL, sent(params='{"a" 1}'))
        assert answer.status_code == 422
        assert "Line 1, column 6" in answer.content.decode()
        assert soup(answer).find("textarea").text.strip() == '{"a" 1}'

    def test_half_a_megabyte_of_params_survives(self, operator_client, simulator):
        big = {"text": "é" * 250_000}
        form = sent(params=json.dumps(big, ensure_ascii=False))
        assert operator_client.post(URL, form).status_code == 302
        assert self.params_of(simulator, form["own_id"]) == big

    def test_the_params_of_an_instance_are_offered_again(self, operator_client):
        page = soup(operator_client.get(f"{URL}?from=order-errored"))
        assert json.loads(page.find("textarea").text)["order"] == "errored"

    def test_params_that_are_gone_leave_an_empty_form_that_says_so(self, operator_client):
        page = soup(operator_client.get(f"{URL}?from=order-nine"))
        assert "can't be read any more" in page.text
        assert page.find("textarea").text.strip() == ""

    def test_a_workflow_nobody_knows_has_no_form(self, operator_client):
        assert operator_client.get(URL.replace("checkout", "no-such")).status_code == 404

    def test_the_commands_to_copy_hold_no_token(self, operator_client):
        texts = [b["data-copy"] for b in soup(operator_client.get(URL)).select("[data-copy]")]
        assert texts[0] == "wrangler workflows trigger checkout '{}'"
        assert "$CLOUDFLARE_API_TOKEN" in texts[1]

    def test_nothing_secret_is_on_the_form(self, operator_client):
        assert TOKEN not in operator_client.get(URL).content.decode()


@pytest.mark.django_db
class TestTrouble:
    @pytest.fixture
    def upstream_url(self, fault_upstream, settings) -> str:
        settings.UPSTREAM_TIMEOUT = (0.5, 0.3)
        return f"{fault_upstream.url}/client/v4"

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (faults.failure(403, 10000, "Authentication error"), "lacks a permission"),
            (faults.failure(401, 10000, "Authentication error"), "no longer accepts"),
            (faults.failure(400, 10002, "workflows.api.error.body"), "did not accept"),
            (faults.failure(429, 1, "slow", Retry_After="9"), "Too many calls"),
            (faults.cut, "is not known"),
            (faults.hang, "is not known"),
            (faults.html(502), "is not known"),
            (faults.failure(429, 1, "slow", Retry_After="9"), "calls again in 9 s"),
            (faults.failure(429, 1, "slow", Retry_After="9"), "Nothing was created"),
        ],
    )
    def test_the_form_says_what_went_wrong_and_keeps_everything(
        self, operator_client, fault_upstream, answer, words
    ):
        fault_upstream.answer(answer)
        form = sent(params='{"order": 9}')
        page = operator_client.post(URL, form)
        assert page.status_code == 422
        assert words in page.content.decode()
        assert soup(page).find("textarea").text.strip() == '{"order": 9}'
        assert soup(page).find("input", {"name": "own_id"})["value"] == form["own_id"]
        assert len([seen for seen in fault_upstream.seen if seen.method == "POST"]) == 1
