from __future__ import annotations

import json
import uuid

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from console.audit.models import Entry
from console.team.models import Account
from tests.cloudflare import fault_server as faults
from tests.conftest import logged_in
from tests.factories import TOKEN, make_account, make_membership, make_user
from tests.views.ladder import HTMX
from tests.views.simulated import soup
from tests.views.test_definitions import fields_of, rows_of
from workflows_ui.simulator import Simulator, SimulatorServer

SETTINGS = "/a/acme/settings/"
REDACTION = f"{SETTINGS}redaction/"
EXAMPLE = f"{REDACTION}example/"
FACTOR = f"{SETTINGS}second-factor/"
RETENTION = f"{SETTINGS}retention/"


def sent(**values: str) -> dict[str, str]:
    return {"key": str(uuid.uuid4()), **values}


def acts() -> list[tuple[str, str]]:
    rows = Entry.objects.filter(action__startswith="account:").order_by("sequence")
    return list(rows.values_list("action", "outcome"))


@pytest.mark.django_db
@pytest.mark.parametrize("url", [SETTINGS, REDACTION, RETENTION, EXAMPLE, FACTOR])
class TestTheDoor:
    @pytest.mark.parametrize("role", ["viewer", "operator"])
    def test_only_an_admin_comes_in(self, member, account, fault_upstream, url, role):
        client = logged_in(member(role))
        if url not in (EXAMPLE, FACTOR):
            assert client.get(url).status_code == 403
        form = sent(name="Mine", words="", keep_params="on", success_retention="1 day", go="1")
        assert client.post(url, form).status_code == 403
        assert fault_upstream.seen == []
        assert acts() == []
        assert SETTINGS not in client.get("/a/acme/connection/").content.decode()

    def test_an_outsider_finds_nothing(self, account, outsider_client, url):
        assert outsider_client.post(url, sent()).status_code == 404

    def test_nobody_is_sent_to_log_in(self, admin, url):
        assert Client().post(url, sent()).url.startswith("/person/login/")

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_other_methods_are_refused(self, admin_client, url, method):
        assert getattr(admin_client, method)(url).status_code == 405


@pytest.mark.django_db
class TestName:
    def test_it_is_in_the_rail_and_shows_the_name(self, admin_client):
        page = soup(admin_client.get(SETTINGS))
        assert page.select_one('.rail a[aria-current="page"]')["href"] == SETTINGS
        assert page.find("input", {"name": "name"})["value"] == "Acme"

    def test_an_account_gets_another_name_once(self, admin_client, account):
        form = sent(name="Acme Shop")
        answers = [admin_client.post(SETTINGS, form) for _ in range(2)]
        assert [answer.url for answer in answers] == [SETTINGS, SETTINGS]
        account.refresh_from_db()
        assert (account.name, account.slug) == ("Acme Shop", "acme")
        assert acts() == [("account:rename", "attempted"), ("account:rename", "succeeded")]

    def test_a_name_without_anything_is_named(self, admin_client, account):
        answer = admin_client.post(SETTINGS, sent(name=" \u200b "))
        assert answer.status_code == 422
        assert soup(answer).find("input", {"name": "name"})["aria-invalid"] == "true"
        assert acts() == []

    def test_an_admin_without_a_token_may_set_it_too(self, account):
        user = make_user("tokenless")
        make_membership(account, user, "admin")
        client = Client()
        client.force_login(user)
        assert client.post(SETTINGS, sent(name="Shop")).url == SETTINGS
        assert client.get(RETENTION).url == "/a/acme/connection/"


@pytest.mark.django_db
class TestSecondFactor:
    def test_who_has_none_is_told_at_the_field(self, admin_client, account):
        answer = admin_client.post(FACTOR, sent(required="on"))
        assert answer.status_code == 422
        field = soup(answer).find("input", {"name": "required"})
        assert (field["aria-invalid"], field.has_attr("checked")) == ("true", True)
        assert soup(answer).find("input", {"name": "name"})["value"] == "Acme"
        account.refresh_from_db()
        assert not account.require_second_factor
        assert acts() == []

    def test_who_has_one_may_require_it(self, admin, admin_client, account):
        Authenticator.objects.create(user=admin, type="webauthn", data={"name": "Key"})
        assert admin_client.post(FACTOR, sent(required="on")).url == SETTINGS
        account.refresh_from_db()
        assert account.require_second_factor
        assert acts()[-1] == ("account:settings", "succeeded")

    def test_the_page_of_it_is_the_accounts(self, admin_client):
        assert admin_client.get(FACTOR).status_code == 405
        assert FACTOR in admin_client.get(SETTINGS).content.decode()


@pytest.mark.django_db
class TestRedaction:
    def test_words_are_set_and_hold_for_the_next_act(self, admin_client, account):
        admin_client.post(REDACTION, sent(words="phone\nvat", keep_params="on"))
        account.refresh_from_db()
        assert account.redacted_keys == ["phone", "vat"]
        assert acts()[-1] == ("account:redaction", "succeeded")
        page = soup(admin_client.get(REDACTION))
        assert page.find("textarea", {"name": "words"}).text.strip() == "phone\nvat"

    def test_a_word_is_taken_out_with_a_reason_alone(self, admin_client, account):
        Account.objects.update(redacted_keys=["phone", "vat"])
        answer = admin_client.post(REDACTION, sent(words="vat", keep_params="on"))
        assert answer.status_code == 422
        assert "“phone”" in answer.content.decode()
        assert soup(answer).find("textarea", {"name": "words"}).text.strip() == "vat"
        account.refresh_from_db()
        assert account.redacted_keys == ["phone", "vat"]
        form = sent(words="vat", keep_params="on", reason="public anyway")
        assert admin_client.post(REDACTION, form).status_code == 302
        assert Entry.objects.filter(action="account:redaction")[0].reason == "public anyway"

    def test_a_word_that_came_in_between_does_not_go_unseen(self, admin_client, account):
        form = sent(words="vat", keep_params="on")
        Account.objects.update(redacted_keys=["phone"])
        assert admin_client.post(REDACTION, form).status_code == 422

    def test_what_always_goes_stands_beside(self, admin_client):
        assert "iban" in soup(admin_client.get(REDACTION)).aside.text

    def test_an_example_shows_what_the_trail_would_keep(self, admin_client):
        value = {"phone": "555", "customer": {"Home Phone": "556", "password": "x"}, "n": 1}
        form = sent(words="phone", keep_params="on", example=json.dumps(value))
        piece = admin_client.post(EXAMPLE, form, headers=HTMX)
        shown = json.loads(soup(piece).select_one(".code-body").text)
        assert shown == {
            "phone": "[redacted]",
            "customer": {"Home Phone": "[redacted]", "password": "[redacted]"},
            "n": 1,
        }
        assert b"<html" not in piece.content
        assert acts() == []

    def test_without_scripts_it_is_a_page_and_nothing_typed_is_lost(self, admin_client, account):
        form = sent(words="phone\nvat", keep_params="on", example='{"phone": 1}', reason="why")
        page = soup(admin_client.post(EXAMPLE, form))
        assert "[redacted]" in page.select_one("#example").text
        assert page.find("textarea", {"name": "words"}).text.strip() == "phone\nvat"
        assert page.find("textarea", {"name": "reason"}).text.strip() == "why"
        assert page.find("textarea", {"name": "example"}).text.strip() == '{"phone": 1}'
        account.refresh_from_db()
        assert account.redacted_keys == []

    def test_without_params_a_digest_is_left(self, admin_client):
        piece = admin_client.post(EXAMPLE, sent(example='{"n": 1}'), headers=HTMX)
        assert "digest" in piece.content.decode()

    @pytest.mark.parametrize("example", ["{", '{"a": 1, "a": 2}', "[" * 5000, "NaN"])
    def test_what_is_no_json_is_said(self, admin_client, example):
        piece = admin_client.post(EXAMPLE, sent(example=example), headers=HTMX)
        assert piece.status_code == 422
        assert soup(piece).select_one("#example .panel")

    def test_markup_in_an_example_stays_text(self, admin_client):
        form = sent(keep_params="on", example='{"a": "</section><script>x()</script>"}')
        assert "<script>x" not in admin_client.post(EXAMPLE, form, headers=HTMX).content.decode()


@pytest.mark.django_db
class TestRetention:
    @pytest.fixture
    def server(self):
        with SimulatorServer(Simulator(story="small", rate_limit=False)) as running:
            yield running

    @pytest.fixture
    def upstream_url(self, server) -> str:
        return server.base_url

    def test_it_is_shown_first_and_then_changed_once(self, admin_client, server):
        answer = admin_client.post(RETENTION, {"success_retention": "3 days"})
        assert rows_of(answer) == [["Keep when complete", "not told", "3 days"]]
        assert server.simulator.account.retention.success is None
        form = {**fields_of(answer), "go": "1"}
        for _ in range(2):
            assert admin_client.post(RETENTION, form).url == RETENTION
        assert server.simulator.account.retention.success == 3 * 24 * 3_600_000
        assert acts() == [("account:retention", "attempted"), ("account:retention", "succeeded")]
        page = soup(admin_client.get(RETENTION))
        assert page.find("input", {"name": "success_retention"})["value"] == "3 days"

    def test_a_change_in_between_is_shown_before_anything_is_done(self, admin_client, server):
        answer = admin_client.post(RETENTION, {"success_retention": "3 days"})
        form = {**fields_of(answer), "go": "1"}
        other = admin_client.post(RETENTION, {"success_retention": "5 days"})
        admin_client.post(RETENTION, {**fields_of(other), "go": "1"})
        answer = admin_client.post(RETENTION, form)
        assert answer.status_code == 422
        assert rows_of(answer) == [["Keep when complete", "5 days", "3 days"]]
        assert server.simulator.account.retention.success == 5 * 24 * 3_600_000

    @pytest.mark.parametrize("form", [{}, {"success_retention": "soon"}])
    def test_nothing_or_nonsense_is_said(self, admin_client, form):
        answer = admin_client.post(RETENTION, form)
        assert answer.status_code == 422
        assert acts() == []

    def test_what_the_api_refuses_is_said(self, admin_client):
        answer = admin_client.post(RETENTION, {"success_retention": "300 days"})
        answer = admin_client.post(RETENTION, {**fields_of(answer), "go": "1"})
        assert answer.status_code == 422
        assert "Nothing was done" in answer.content.decode()
        assert fields_of(answer)["success_retention"] == "300 days"
        assert acts()[-1] == ("account:retention", "failed")

    def test_a_local_engine_has_none(self, admin, admin_client):
        local = make_account(slug="local", kind=Account.Kind.LOCAL, base_url="http://127.0.0.1:9")
        make_membership(local, admin, "admin")
        assert admin_client.get("/a/local/settings/retention/").status_code == 404
        assert "retention/" not in admin_client.get("/a/local/settings/").content.decode()


@pytest.mark.django_db
class TestTrouble:
    @pytest.fixture
    def upstream_url(self, fault_upstream) -> str:
        return f"{fault_upstream.url}/client/v4"

    def test_an_upstream_that_fails_has_its_panel(self, admin_client, fault_upstream):
        fault_upstream.answer(faults.failure(401, 10000, "Authentication error"))
        answer = admin_client.get(RETENTION)
        assert answer.status_code == 502
        assert "no longer accepts" in answer.content.decode()
        assert TOKEN not in answer.content.decode()
