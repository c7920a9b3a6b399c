"""The trail's pages: who may see what, said plainly and found again."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from console.audit import acts as audit_acts
from console.audit.actions import AuditAction
from console.audit.models import Entry, Outcome
from console.team.models import Account
from console.vault.models import ApiToken
from tests.conftest import logged_in
from tests.factories import TOKEN, make_account, make_membership, make_token, make_user
from tests.views.ladder import ReadLadder
from tests.views.simulated import soup
from tests.views.trails import act, batch, failed_log_in, log_in, unfinished
from workflows_ui.forms.trail import TrailFilterForm
from workflows_ui.models import Dashboard

pytestmark = pytest.mark.django_db

TRAIL = "/a/acme/trail/"
HTML = "<script>alert(1)</script>"
TURNED = "\u202egnp.exe"


class TestListLadder(ReadLadder):
    path = "trail/"


class TestLogInsLadder(ReadLadder):
    path = "trail/log-ins/"


class TestEntryLadder(ReadLadder):
    path = "trail/1/"


def lines(answer) -> list[str]:
    return [" ".join(row.text.split()) for row in soup(answer).select("tbody tr")]


def ids(answer) -> list[int]:
    return [int(row["id"].removeprefix("e-")) for row in soup(answer).select("tbody tr")]


# --- The list ------------------------------------------------------------------------------


def test_an_act_is_one_line_with_its_outcome(viewer_client, operator, account):
    number = act(operator, account, reason="stuck since noon")
    answer = viewer_client.get(TRAIL)
    (line,) = lines(answer)
    assert "the-operator restarted instance run-1 of billing-run" in line
    assert "stuck since noon" in line
    assert "succeeded" in line
    links = [link["href"] for link in soup(answer).select("tbody a")]
    assert links == [
        f"{TRAIL}{number}/",
        "/a/acme/workflows/billing-run/instances/run-1/",
        "/a/acme/workflows/billing-run/",
    ]


def test_a_member_without_a_token_sees_it(account, operator):
    user = make_user("no-token")
    make_membership(account, user)
    act(operator, account)
    assert len(lines(logged_in(user).get(TRAIL))) == 1
    assert not ApiToken.objects.filter(owner=user).exists()


def test_how_it_ended_can_be_read_without_colour(viewer_client, operator, account):
    act(operator, account, outcome=Outcome.FAILED, answer={"status": 409, "code": 10300})
    act(operator, account, outcome=Outcome.UNKNOWN)
    unknown, failed = lines(viewer_client.get(TRAIL))
    assert "could not restart" in failed
    assert "status 409, code 10300" in failed
    assert failed.endswith("failed")
    assert "tried to restart" in unknown
    assert unknown.endswith("unknown")


@pytest.mark.parametrize(
    ("age", "words"), [(timedelta(seconds=9), "no outcome yet"), (timedelta(hours=1), "no outcome")]
)
def test_an_attempt_without_an_outcome_is_marked(viewer_client, operator, account, age, words):
    number = unfinished(operator, account, age=age)
    (line,) = lines(viewer_client.get(TRAIL))
    assert "the-operator set out to restart" in line
    assert line.endswith(words)
    assert ids(viewer_client.get(f"{TRAIL}?outcome=pending")) == [number]


def test_a_batch_is_one_line_that_counts(viewer_client, operator, account):
    outcomes = {f"run-{n}": Outcome.FAILED if n < 2 else Outcome.SUCCEEDED for n in range(12)}
    number = batch(operator, account, outcomes)
    (line,) = lines(viewer_client.get(TRAIL))
    assert "terminated a batch of workflow billing-run" in line
    assert "12 instances, 2 failed" in line
    assert line.endswith("in part")
    own = viewer_client.get(f"{TRAIL}?workflow=billing-run&instance=run-1")
    assert "could not terminate instance run-1" in lines(own)[0]
    assert soup(own).select_one(".row-link")["href"] == f"{TRAIL}{number}/"


def test_which_event_and_from_which_step_is_said(viewer_client, operator, account):
    act(operator, account, AuditAction.INSTANCE_EVENT, detail={"event_type": "approve"})
    act(operator, account, AuditAction.INSTANCE_RESTART_FROM, detail={"step": "charge card"})
    restarted, sent = lines(viewer_client.get(TRAIL))
    assert "event approve" in sent
    assert "from step charge card" in restarted


def test_whose_token_was_used_is_said_when_it_was_not_ones_own(viewer_client, operator, account):
    act(operator, account, token=make_token(make_user("grace"), account))
    assert "with the token of grace" in lines(viewer_client.get(TRAIL))[0]


def test_every_filter_narrows_and_stays_in_the_address(viewer_client, operator, admin, account):
    one = act(operator, account, reason="stuck")
    two = act(admin, account, AuditAction.INSTANCE_PAUSE, instance_id="run-2")
    three = act(admin, account, outcome=Outcome.FAILED, workflow="audit", instance_id="run-3")
    wanted = {
        f"person={operator.pk}": [one],
        f"person={admin.pk}": [three, two],
        "action=instance:pause": [two],
        "outcome=failed": [three],
        "workflow=audit": [three],
        "instance=run-2": [two],
        "q=STUCK": [one],
        "since=1h": [three, two, one],
        "date_end=2020-01-01T00:00": [],
        f"person={admin.pk}&action=instance:restart&outcome=failed&workflow=audit": [three],
    }
    for query, expected in wanted.items():
        assert ids(viewer_client.get(f"{TRAIL}?{query}")) == expected, query
    page = soup(viewer_client.get(f"{TRAIL}?person={admin.pk}&q=x&workflow=audit"))
    assert page.select_one("#id_person option[selected]").text == "the-admin"
    assert page.select_one("#id_q")["value"] == "x"
    assert page.select_one("#id_workflow").find_parent(class_="menu") is None
    assert "Nothing in the trail fits" in page.text


@pytest.mark.parametrize("text", ["Müller", 'say "hi"', "C:\\temp", "100%_", "日本"])
def test_a_text_is_found_in_params_whatever_json_makes_of_it(
    viewer_client, admin_client, operator, account, text
):
    one = act(operator, account, params={"note": f"x {text} y"})
    two = act(operator, account, reason=f"x {text} y")
    three = act(operator, account, answer={"detail": {"said": f"x {text} y"}})
    act(operator, account, params={"note": "Muller, 100 of them"})
    query = urlencode({"q": text})
    assert ids(viewer_client.get(f"{TRAIL}?{query}")) == [three, two, one]
    assert ids(viewer_client.get(f"{TRAIL}?{query}&outcome=succeeded")) == [three, two, one]


def test_days_are_those_of_the_viewers_zone(viewer_client, operator, account):
    act(operator, account)
    form = TrailFilterForm({"date_start": "2026-01-01T00:00"}, people={})
    with timezone.override("Asia/Tokyo"):
        assert form.chosen(1).since.isoformat() == "2026-01-01T00:00:00+09:00"


def test_a_wrong_filter_is_named_and_kept_and_the_rest_still_filters(
    viewer_client, operator, account
):
    act(operator, account)
    query = "outcome=failed&date_start=2026-01-02T00:00&date_end=2026-01-01T00:00"
    page = soup(viewer_client.get(f"{TRAIL}?{query}"))
    assert "This is before the start." in page.text
    assert page.find("input", {"name": "date_end"})["value"] == "2026-01-01T00:00"
    assert not page.select("tbody tr")
    for odd in ("person=99999", "person=x", "action=no:such", "before=x", "after=-1"):
        assert viewer_client.get(f"{TRAIL}?{odd}").status_code == 200


def test_who_left_can_still_be_asked_for(viewer_client, account):
    gone = make_user("gone-girl")
    make_membership(account, gone, "operator")
    number = act(gone, account)
    pk = gone.pk
    gone.delete()
    assert ids(viewer_client.get(f"{TRAIL}?person={pk}")) == [number]
    assert "gone-girl" in soup(viewer_client.get(TRAIL)).select_one("#id_person").text


def test_pages_lead_on_and_back_under_a_filter(viewer_client, operator, admin, account):
    for n in range(60):
        act(operator, account, instance_id=f"run-{n}")
        if n % 10 == 0:
            act(admin, account)
    url, seen = f"{TRAIL}?person={operator.pk}", []
    while url:
        page = viewer_client.get(url)
        seen += ids(page)
        link = soup(page).find("a", rel="next")
        url = TRAIL + link["href"] if link else ""
    assert len(seen) == len(set(seen)) == 60
    back = soup(page).find("a", rel="prev")["href"]
    assert f"person={operator.pk}" in back
    assert ids(viewer_client.get(TRAIL + back)) == seen[:50]


def test_a_search_that_stopped_says_so_and_goes_on(viewer_client, operator, account, monkeypatch):
    monkeypatch.setattr(audit_acts, "SEARCHED", 4)
    number = act(operator, account, reason="needle")
    for _ in range(5):
        act(operator, account)
    page = viewer_client.get(f"{TRAIL}?q=needle")
    assert "searched so far" in soup(page).text
    while not ids(page):
        page = viewer_client.get(TRAIL + soup(page).find("a", rel="next")["href"])
    assert ids(page) == [number]


def test_another_accounts_entries_are_nowhere(viewer_client, operator, account):
    other = make_account(slug="other", account_id="e" * 32)
    number = act(operator, other, reason="secret-reason")
    assert not lines(viewer_client.get(TRAIL))
    assert "Nothing yet" in soup(viewer_client.get(TRAIL)).text
    assert not lines(viewer_client.get(f"{TRAIL}?q=secret-reason"))
    assert viewer_client.get(f"{TRAIL}{number}/").status_code == 404


@pytest.mark.parametrize("text", [HTML, TURNED, "x" * 5_000, "{{ 7|add:7 }}"])
def test_hostile_texts_stay_texts(viewer_client, operator, account, text):
    facts = {"workflow": text, "instance_id": text, "reason": text, "target": text}
    number = act(
        operator, account, outcome=Outcome.FAILED, answer={"detail": {"message": text}}, **facts
    )
    for url in (TRAIL, f"{TRAIL}{number}/", f"{TRAIL}?q={text[:100]}&instance={text[:200]}"):
        answer = viewer_client.get(url)
        assert answer.status_code == 200
        assert HTML not in answer.content.decode()


def test_a_longest_id_is_cut_and_whole_in_the_title(viewer_client, operator, account):
    long = "0 2 * * *-" + "a" * 245
    act(operator, account, instance_id=long)
    piece = soup(viewer_client.get(TRAIL)).select_one("tbody .id")
    assert piece["title"] == long
    assert piece.select_one(".id-tail").text == "a" * 8


def test_a_page_asks_a_fixed_number_of_questions(
    viewer_client, operator, account, django_assert_max_num_queries
):
    for n in range(60):
        act(operator, account, instance_id=f"run-{n}")
    # session, user, membership, started, switcher, token; people twice, acts, outcomes
    with django_assert_max_num_queries(10):
        viewer_client.get(TRAIL)


def test_the_title_of_a_private_dashboard_is_its_owners_and_the_admins(
    viewer_client, operator_client, admin_client, operator, account
):
    board = Dashboard.objects.create(account=account, owner=operator, title="Layoffs")
    facts = {"workflow": "", "instance_id": "", "detail": {"was": "Layoffs", "title": "Layoffs 2"}}
    sequence = act(operator, account, AuditAction.DASHBOARD_CHANGE, target="Layoffs", **facts)
    page = f"{TRAIL}{sequence}/"
    assert "changed the dashboard (not shared)" in lines(viewer_client.get(TRAIL))[0]
    for path in (TRAIL, page, f"{TRAIL}?q=layoff"):
        assert "Layoffs" not in viewer_client.get(path).content.decode()
        for client in (operator_client, admin_client):
            assert "Layoffs" in client.get(path).content.decode()
    assert lines(viewer_client.get(f"{TRAIL}?q=layoff")) == []
    Dashboard.objects.filter(pk=board.pk).update(shared=True)
    # the title it is changed to is another, which nobody else has seen
    assert "Layoffs" not in viewer_client.get(page).content.decode()
    Dashboard.objects.create(account=account, owner=operator, title="Layoffs 2", shared=True)
    for path in (TRAIL, page, f"{TRAIL}?q=layoff"):
        assert "Layoffs" in viewer_client.get(path).content.decode()


def test_it_is_in_the_rail(viewer_client):
    link = soup(viewer_client.get(TRAIL)).select_one('.rail [data-key="t"]')
    assert (link["href"], link["aria-current"]) == (TRAIL, "page")


# --- Log-ins -------------------------------------------------------------------------------


@pytest.fixture
def log_ins(viewer, admin) -> dict[str, int]:
    stranger = make_user("stranger")
    return {
        "viewer": log_in(viewer),
        "admin": log_in(admin),
        "stranger": log_in(stranger),
        "viewer failed": failed_log_in("The-Viewer"),
        "admin failed": failed_log_in("the-admin"),
        "stranger failed": failed_log_in("stranger"),
        "nobody failed": failed_log_in("nobody"),
    }


def seen(client: Client, made: dict[str, int]) -> set[str]:
    page = client.get(f"{TRAIL}log-ins/")
    shown = {name for name, number in made.items() if number in ids(page)}
    opened = {
        name for name, number in made.items() if client.get(f"{TRAIL}{number}/").status_code == 200
    }
    assert shown == opened
    return shown


def test_everybody_sees_their_own_log_ins(viewer, log_ins):
    client = Client()
    client.force_login(viewer)
    assert seen(client, log_ins) == {"viewer", "viewer failed"}


def test_an_admin_sees_those_of_the_members_and_of_nobody_else(admin, log_ins):
    client = Client()
    client.force_login(admin)
    assert seen(client, log_ins) == {"viewer", "viewer failed", "admin", "admin failed"}


def test_an_operator_sees_no_other_ones(operator, log_ins):
    client = Client()
    client.force_login(operator)
    assert seen(client, log_ins) == set()


def test_an_admin_can_ask_for_one_person_and_nobody_for_a_stranger(
    viewer, admin_client, log_ins, viewer_client, admin
):
    url = f"{TRAIL}log-ins/?person="
    assert log_ins["viewer"] in ids(admin_client.get(f"{url}{viewer.pk}"))
    assert log_ins["admin"] not in ids(admin_client.get(f"{url}{viewer.pk}"))
    assert log_ins["admin"] not in ids(viewer_client.get(f"{url}{admin.pk}"))


def test_a_failed_log_in_reads_as_refused(viewer_client, viewer, log_ins):
    page = soup(viewer_client.get(f"{TRAIL}log-ins/"))
    row = page.find(id=f"e-{log_ins['viewer failed']}")
    assert row["data-status"] == "refused"
    assert "failed to log in" in row.text
    assert "192.0.2.7" in row.text


# --- One entry -----------------------------------------------------------------------------


def test_an_entry_tells_everything_of_its_act(viewer_client, operator, account):
    before = act(operator, account, AuditAction.INSTANCE_PAUSE)
    number = act(
        operator,
        account,
        outcome=Outcome.FAILED,
        reason="stuck",
        params={"order": 7, "password": "hunter2"},
        answer={"status": 409, "code": 10300, "ray_id": "8f00-FRA"},
    )
    after = act(operator, account, AuditAction.INSTANCE_TERMINATE)
    answer = viewer_client.get(f"{TRAIL}{number}/")
    page = soup(answer)
    for words in ("stuck", "order", "[redacted]", "409", "10300", "8f00-FRA", "the-operator"):
        assert words in page.text
    assert "hunter2" not in page.text
    assert TOKEN not in page.text
    rows = Entry.objects.filter(sequence__in=[number, number + 1])
    assert all(row.hash in page.text and row.previous_hash in page.text for row in rows)
    assert page.find("a", rel="prev")["href"] == f"{TRAIL}{before}/"
    assert page.find("a", rel="next")["href"] == f"{TRAIL}{after}/"
    assert viewer_client.get(f"{TRAIL}{number + 1}/").url == f"{TRAIL}{number}/"


def test_address_and_session_are_for_oneself_and_admins(
    viewer_client, operator_client, operator, admin_client, account
):
    url = f"{TRAIL}{act(operator, account)}/"
    for client, told in ((viewer_client, False), (operator_client, True), (admin_client, True)):
        text = client.get(url).content.decode()
        assert ("192.0.2.7" in text) is told
        assert ("abcdef0123456789" in text) is told


def test_params_that_are_too_long_leave_digest_and_size(viewer_client, operator, account):
    number = act(operator, account, params={"text": "x" * 20_000})
    page = soup(viewer_client.get(f"{TRAIL}{number}/"))
    assert Entry.objects.get(sequence=number).params_digest in page.text
    assert "19.5 KB" in page.text


def test_the_instances_of_a_batch_are_there_the_failed_first(viewer_client, operator, account):
    outcomes = {f"run-{n}": Outcome.FAILED if n == 3 else Outcome.SUCCEEDED for n in range(5)}
    number = batch(operator, account, outcomes)
    rows = lines(viewer_client.get(f"{TRAIL}{number}/"))
    assert len(rows) == 5
    assert rows[0].startswith("run-3")


def test_the_runs_an_act_kept_are_linked(viewer_client, operator, account):
    number = act(operator, account)
    account.snapshots.create(
        workflow="billing-run",
        instance_id="run-1",
        attempt_sequence=number,
        status="errored",
        size=9,
        packed=b"",
    )
    link = soup(viewer_client.get(f"{TRAIL}{number}/")).find("a", string="The run that was errored")
    assert "/billing-run/instances/run-1/earlier/" in link["href"]


def test_entries_that_are_not_there_are_not_found(viewer_client, account):
    for number in (0, 1_000, 10**30):
        assert viewer_client.get(f"{TRAIL}{number}/").status_code == 404


# --- The download --------------------------------------------------------------------------


def exported(client: Client, kind: str, query: str = ""):
    return client.post(f"{TRAIL}export/?{query}", {"format": kind})


def body(answer) -> str:
    return b"".join(answer.streaming_content).decode()


def test_an_admin_takes_the_filtered_trail_with_them(admin_client, operator, admin, account):
    act(operator, account, reason="=cmd|' /C calc'!A0")
    act(admin, account, reason="other")
    answer = exported(admin_client, "csv", f"person={operator.pk}")
    assert answer.streaming
    assert 'filename="trail-acme-' in answer["Content-Disposition"]
    text = body(answer)
    head, *rows = csv.reader(io.StringIO(text))
    told = [dict(zip(head, row, strict=True)) for row in rows]
    assert [row["outcome"] for row in told] == ["attempted", "succeeded"]
    assert told[0]["reason"] == "'=cmd|' /C calc'!A0"


def test_json_lines_are_read_back(admin_client, operator, account):
    act(operator, account, params={"a": 1})
    rows = [json.loads(line) for line in body(exported(admin_client, "jsonl")).splitlines()]
    assert rows[0]["params"] == {"a": 1}


@pytest.mark.parametrize(
    ("query", "outcomes"), [("", ["attempted", "failed"]), ("&outcome=failed", ["failed"])]
)
def test_what_came_of_an_attempt_is_in_the_download_of_its_params(
    admin_client, operator, account, query, outcomes
):
    act(operator, account, outcome=Outcome.FAILED, params={"order": "needle"})
    act(operator, account, outcome=Outcome.FAILED)
    text = body(exported(admin_client, "jsonl", f"q=needle{query}"))
    rows = [json.loads(line) for line in text.splitlines()]
    told = [row["outcome"] for row in rows if row["action"] == "instance:restart"]
    assert told == outcomes


def test_a_download_is_written_down_before_its_first_byte(admin_client, operator, account):
    act(operator, account)
    answer = exported(admin_client, "csv", "q=stuck&outcome=failed")
    entry = Entry.objects.first()
    assert (entry.action, entry.actor_name) == ("trail:export", "the-admin")
    assert entry.account_id == account.pk
    assert entry.detail == {"format": "csv", "filter": {"outcome": "failed", "text": "stuck"}}
    answer.close()


def test_another_accounts_rows_are_in_no_download(admin_client, operator, account):
    act(operator, make_account(slug="other", account_id="e" * 32), reason="secret-reason")
    log_in(operator)
    text = body(exported(admin_client, "jsonl"))
    assert "secret-reason" not in text
    assert "session:log_in" not in text


def test_it_is_refused_to_everybody_else(operator_client, viewer_client, outsider_client, account):
    for client, status in ((operator_client, 403), (viewer_client, 403), (outsider_client, 404)):
        assert exported(client, "csv").status_code == status
    assert not Entry.objects.filter(action="trail:export").exists()
    assert "Download" not in soup(operator_client.get(TRAIL)).text


def test_only_a_form_takes_it(admin_client, account):
    assert admin_client.get(f"{TRAIL}export/").status_code == 405
    assert exported(admin_client, "exe").status_code == 400
    wrong = exported(admin_client, "csv", "date_start=2026-01-02T00:00&date_end=2026-01-01T00:00")
    assert wrong.status_code == 422
    assert "This is before the start." in wrong.content.decode()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(account.members.get())
    assert exported(strict, "csv").status_code == 403
    assert not Entry.objects.filter(action="trail:export").exists()


def test_a_local_account_has_a_trail_too(db):
    place = make_account(slug="dev", kind=Account.Kind.LOCAL, account_id="")
    user = make_user("dev")
    make_membership(place, user)
    assert logged_in(user).get("/a/dev/trail/").status_code == 200
