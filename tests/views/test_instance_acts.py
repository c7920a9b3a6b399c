from __future__ import annotations

import json
import re
import uuid

import pytest
from django.test import Client

from console.audit.models import Entry
from console.audit.verify import verify
from console.team.models import Protection
from tests.cloudflare import fault_server as faults
from tests.factories import TOKEN
from tests.views.ladder import HTMX
from tests.views.simulated import soup, started
from workflows_ui.models import SentForm, Snapshot
from workflows_ui.services import sent_forms

ACTS = ["pause", "resume", "restart", "terminate", "delete", "event"]
ADMINS = ["terminate", "delete"]
WORKFLOW = "/a/acme/workflows/checkout/"


def url_of(act: str, instance: str = "order-errored") -> str:
    return f"{WORKFLOW}instances/{instance}/{act}/"


def sent(**values) -> dict[str, str]:
    return {"key": str(uuid.uuid4()), "event_type": "approve", "payload": "{}", **values}


def first_act() -> Entry:
    """The attempt of the first act; logging in is in the trail too."""
    return Entry.objects.filter(action__startswith="instance:").last()


@pytest.mark.django_db
@pytest.mark.parametrize("act", ACTS)
class TestTheDoor:
    def test_a_viewer_may_neither_be_asked_nor_act(self, viewer_client, fault_upstream, act):
        assert viewer_client.get(url_of(act)).status_code == 403
        assert viewer_client.post(url_of(act), sent()).status_code == 403
        assert fault_upstream.seen == []

    def test_an_operator_may_not_terminate_or_delete(self, operator_client, act):
        if act in ADMINS:
            assert operator_client.post(url_of(act), sent()).status_code == 403
        else:
            assert operator_client.get(url_of(act)).status_code != 403

    def test_an_outsider_finds_nothing(self, account, outsider_client, act):
        assert outsider_client.get(url_of(act)).status_code == 404
        assert outsider_client.post(url_of(act), sent()).status_code == 404

    def test_nobody_is_sent_to_log_in(self, admin, act):
        assert Client().post(url_of(act), sent()).url.startswith("/person/login/")

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_other_methods_are_refused(self, admin_client, act, method):
        assert getattr(admin_client, method)(url_of(act)).status_code == 405

    def test_a_form_without_its_mark_is_refused(self, admin, act):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(admin)
        assert strict.post(url_of(act), sent()).status_code == 403


@pytest.mark.django_db
class TestActing:
    @pytest.fixture
    def upstream_url(self, simulator) -> str:
        return simulator.base_url

    @pytest.fixture
    def instance(self, simulator) -> str:
        name = f"acted-{uuid.uuid4().hex[:12]}"
        started(simulator, "checkout", name, steps=500, step_seconds=60)
        return name

    def status_of(self, simulator, instance: str) -> str | None:
        answer = simulator.simulator.call("GET", f"/workflows/checkout/instances/{instance}")
        body = json.loads(answer.body)
        return body["result"]["status"] if body["success"] else None

    def test_pause_and_resume(self, operator_client, simulator, instance):
        answer = operator_client.post(url_of("pause", instance), sent())
        assert answer.url == f"{WORKFLOW}instances/{instance}/"
        assert self.status_of(simulator, instance) in ("paused", "waitingForPause")
        operator_client.post(url_of("resume", instance), sent())
        assert self.status_of(simulator, instance) in ("queued", "running", "waiting")
        assert [row.outcome for row in Entry.objects.filter(outcome="succeeded")] == [
            "succeeded",
            "succeeded",
        ]
        verify()

    def test_a_form_acts_once_however_often_it_is_sent(self, operator_client, instance):
        form = sent()
        first = operator_client.post(url_of("restart", instance), form)
        second = operator_client.post(url_of("restart", instance), form)
        assert first.url == second.url
        assert Entry.objects.filter(action="instance:restart", outcome="succeeded").count() == 1
        page = operator_client.get(second.url)
        assert "Nothing was done a second time" in page.content.decode()

    def test_a_second_click_is_told_what_came_of_the_first(
        self, operator, operator_client, instance, monkeypatch
    ):
        form = sent()
        first = SentForm.objects.create(user=operator, key=form["key"])
        monkeypatch.setattr(sent_forms.time, "sleep", lambda _: sent_forms.form_release(first))
        answer = operator_client.post(url_of("pause", "order-errored"), form)
        assert answer.status_code == 422
        assert "It is errored now" in answer.content.decode()

    def test_a_form_without_a_key_is_not_taken(self, operator_client, instance):
        answer = operator_client.post(url_of("restart", instance), {})
        assert answer.status_code == 422
        assert "Open it once more" in answer.content.decode()
        assert soup(answer).find("input", {"name": "key"})["value"]
        assert not Entry.objects.filter(action__startswith="instance:").exists()

    def test_restart_keeps_the_run_that_it_forgets(self, operator_client, instance):
        operator_client.post(url_of("restart", instance), sent(reason="it hung"))
        kept = Snapshot.objects.get()
        assert (kept.instance_id, kept.status) == (instance, "running")
        page = operator_client.get(f"{WORKFLOW}instances/{instance}/earlier/{kept.pk}/")
        assert "Earlier run of" in page.content.decode()
        assert soup(page).select(".step")
        whole = operator_client.get(
            f"{WORKFLOW}instances/{instance}/earlier/{kept.pk}/download/?what=detail"
        )
        assert json.loads(whole.content)["status"] == "running"

    def test_restart_from_a_step_is_offered_on_the_step(self, operator_client, instance):
        page = soup(operator_client.get(f"{WORKFLOW}instances/{instance}/"))
        link = page.select_one("#step-3 a[href*='restart/?step=']")
        asked = soup(operator_client.get(link["href"]))
        assert "from" in asked.h1.text
        fields = {field["name"]: field.get("value", "") for field in asked.select("main input")}
        assert (fields["count"], fields["type"]) == ("1", "do")
        answer = operator_client.post(url_of("restart", instance), fields)
        assert answer.status_code == 302
        assert first_act().detail["step"] == fields["step"]

    def test_a_missing_step_is_said_and_nothing_is_done(self, operator_client, instance):
        answer = operator_client.post(
            url_of("restart", instance), sent(step="no such step", count="1", type="do")
        )
        said = answer.content.decode()
        assert answer.status_code == 422
        assert "can&#x27;t be restarted from no such step" in said
        assert "Nothing was done" in said
        assert "Its status changed" not in said

    def test_terminate_and_delete(self, admin_client, simulator, instance):
        admin_client.post(url_of("terminate", instance), sent())
        assert self.status_of(simulator, instance) == "terminated"
        answer = admin_client.post(url_of("delete", instance), sent(reason="test data"))
        assert answer.url == WORKFLOW
        assert self.status_of(simulator, instance) is None
        gone = admin_client.get(f"{WORKFLOW}instances/{instance}/")
        assert gone.status_code == 404
        assert len(soup(gone).select("tbody tr")) == 2

    def test_an_event_is_sent_with_its_payload(self, operator_client, instance):
        form = sent(event_type="approve", payload='{"ok": true}')
        assert operator_client.post(url_of("event", instance), form).status_code == 302
        assert first_act().params == {"ok": True}
        assert first_act().detail == {"event_type": "approve"}

    def test_broken_payloads_and_types_are_named_and_kept(self, operator_client, instance):
        form = sent(event_type="no spaces", payload='{"a" 1}')
        answer = operator_client.post(url_of("event", instance), form)
        page = soup(answer)
        assert answer.status_code == 422
        assert "Line 1, column 6" in page.text
        assert "A type starts with" in page.text
        assert page.find("textarea").text.strip() == '{"a" 1}'
        assert page.find("input", {"name": "event_type"})["value"] == "no spaces"

    def test_the_type_that_it_waits_for_is_suggested(self, operator_client):
        page = soup(operator_client.get(url_of("event", "order-waiting")))
        types = [option["value"] for option in page.select("#event-types option")]
        assert page.find("input", {"name": "event_type"})["value"] == types[0]

    def test_only_acts_that_role_and_status_allow_are_drawn(
        self, viewer_client, operator_client, admin_client, instance
    ):
        def drawn(client: Client, name: str) -> set[str]:
            text = client.get(f"{WORKFLOW}instances/{name}/").content.decode()
            return set(re.findall(rf"/{name}/(pause|resume|restart|terminate|delete|event)/", text))

        assert drawn(viewer_client, instance) == set()
        assert drawn(operator_client, instance) == {"pause", "restart", "event"}
        assert drawn(admin_client, instance) == {"pause", "restart", "event", "terminate", "delete"}
        assert drawn(admin_client, "order-errored") == {"restart", "delete"}

    def test_a_state_that_changed_meanwhile_is_said_in_words(self, admin_client):
        answer = admin_client.post(url_of("terminate", "order-errored"), sent())
        assert answer.status_code == 422
        assert "It is errored now" in answer.content.decode()
        assert Entry.objects.first().outcome == "failed"

    def test_an_event_for_one_that_ended_meanwhile_is_said_in_words(self, operator_client):
        form = sent(event_type="approve", payload='{"ok": true}')
        answer = operator_client.post(url_of("event", "order-errored"), form)
        assert answer.status_code == 422
        assert "It is errored now" in answer.content.decode()
        assert soup(answer).find("textarea").text.strip() == '{"ok": true}'

    def test_a_protected_workflow_wants_a_reason_and_its_name(
        self, admin_client, account, simulator, instance
    ):
        Protection.objects.create(account=account, workflow="checkout")
        url = url_of("terminate", instance)
        for form in (sent(), sent(reason="why"), sent(typed="checkout"), sent(typed="check out")):
            assert admin_client.post(url, form).status_code == 422
        assert self.status_of(simulator, instance) == "running"
        assert admin_client.post(url, sent(reason="why", typed="checkout")).status_code == 302
        assert first_act().reason == "why"

    def test_in_a_dialog_it_is_a_piece_and_success_moves_the_page(self, admin_client, instance):
        asked = admin_client.get(url_of("terminate", instance), headers=HTMX)
        assert b"<html" not in asked.content
        assert soup(asked).form["hx-target"] == "#ask"
        refused = admin_client.post(url_of("terminate", instance), {}, headers=HTMX)
        assert refused.status_code == 422
        assert b"<html" not in refused.content
        done = admin_client.post(url_of("terminate", instance), sent(), headers=HTMX)
        assert done.headers["HX-Redirect"] == f"{WORKFLOW}instances/{instance}/"

    def test_the_question_costs_no_upstream_call(self, admin_client, simulator, instance):
        simulator.simulator.calls.reset()
        admin_client.get(url_of("terminate", instance))
        assert len(simulator.simulator.calls) == 0

    def test_another_instances_copy_is_not_shown(self, admin_client, viewer_client, instance):
        admin_client.post(url_of("terminate", instance), sent())
        kept = Snapshot.objects.get()
        assert (
            viewer_client.get(f"{WORKFLOW}instances/{instance}/earlier/{kept.pk}/").status_code
            == 200
        )
        other = f"{WORKFLOW}instances/order-errored/earlier/{kept.pk}/"
        assert viewer_client.get(other).status_code == 404

    def test_the_list_is_read_anew_after_an_act(self, admin_client, instance):
        assert instance in admin_client.get(WORKFLOW).content.decode()
        admin_client.post(url_of("delete", instance), sent())
        assert f"instances/{instance}/" not in admin_client.get(WORKFLOW).content.decode()


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
            (faults.cut, "is not known"),
            (faults.hang, "is not known"),
            (faults.html(502), "is not known"),
            (faults.failure(429, 1, "slow", Retry_After="9"), "calls again in 9 s"),
        ],
    )
    def test_the_form_says_what_went_wrong_and_keeps_everything(
        self, operator_client, fault_upstream, answer, words
    ):
        fault_upstream.answer(answer)
        page = operator_client.post(url_of("event"), sent(payload='{"a": 1}'))
        assert page.status_code == 422
        assert words in page.content.decode()
        assert TOKEN not in page.content.decode()
        assert soup(page).find("textarea").text.strip() == '{"a": 1}'
        assert len(fault_upstream.seen) == 1

    def test_after_an_unknown_end_the_same_form_is_spent_and_the_new_one_is_not(
        self, operator_client, fault_upstream
    ):
        fault_upstream.answer(faults.cut)
        form = sent()
        page = soup(operator_client.post(url_of("event"), form))
        assert page.find("input", {"name": "key"})["value"] != form["key"]
        assert operator_client.post(url_of("event"), form).status_code == 302
        assert len(fault_upstream.seen) == 1

    def test_after_a_refusal_the_same_form_may_be_sent_again(self, operator_client, fault_upstream):
        done = faults.result({"instanceId": "order-errored"})
        fault_upstream.answer(faults.failure(403, 10000, "Authentication error"), done)
        form = sent()
        assert operator_client.post(url_of("event"), form).status_code == 422
        assert operator_client.post(url_of("event"), form).status_code == 302
        assert SentForm.objects.get().led_to.endswith("/order-errored/")

    def test_without_a_copy_it_is_offered_to_go_on(self, admin_client, fault_upstream):
        broken = faults.failure(500, 10001, "internal_server")
        fault_upstream.answer(broken)
        url = url_of("delete")
        assert "without_snapshot" not in admin_client.get(url).content.decode()
        answer = admin_client.post(url, sent())
        assert "No copy could be kept" in answer.content.decode()
        assert soup(answer).find("input", {"name": "without_snapshot"})
        fault_upstream.answer(faults.result({"instanceId": "order-errored"}))
        assert admin_client.post(url, sent(without_snapshot="on")).status_code == 302
        assert [seen.method for seen in fault_upstream.seen][-1] == "DELETE"
