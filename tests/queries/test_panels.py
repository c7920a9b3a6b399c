from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.models import Outcome
from tests.factories import make_account, make_user
from workflows_ui import cloudflare as cf
from workflows_ui import panels
from workflows_ui.forms.panels import PANEL_FORMS, RowsField
from workflows_ui.models import CountSample, Dashboard, EndedRun, Panel, Sampling, SeenInstance
from workflows_ui.panels import draw, drawn_panels
from workflows_ui.presenters.presets import PRESETS
from workflows_ui.presenters.trouble import trouble_of
from workflows_ui.queries.boards import NeedsToken
from workflows_ui.queries.dashboards import panels_of
from workflows_ui.queries.panels import KINDS, rates, schedules
from workflows_ui.queries.panels import counts as counts_panel
from workflows_ui.queries.panels.seen import watched_at
from workflows_ui.queries.reads import Reading
from workflows_ui.services.sampling import lease_end, lease_take
from workflows_ui.watching import Board

pytestmark = pytest.mark.django_db

NOW = timezone.now()
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _the_clock_stands_still(time_machine) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def board() -> Board:
    account = make_account(slug="acme")
    Sampling.objects.create(account=account, whole_since=NOW - 12 * HOUR, sampled=NOW, tried=NOW)
    return Board(account=account, api=None, reader="none")


def seen(board: Board, name: str, **values) -> SeenInstance:
    given = {
        "workflow": "billing",
        "status": "running",
        "created": NOW - HOUR,
        "started": NOW - HOUR,
        "read": NOW,
    }
    CountSample.objects.get_or_create(
        account=board.account,
        workflow=values.get("workflow", "billing"),
        span="day",
        at=NOW.replace(hour=0, minute=0, second=0, microsecond=0),
        defaults={"counts": {}},
    )
    return SeenInstance.objects.create(account=board.account, instance_id=name, **(given | values))


def failed(board: Board, name: str, message: str, fingerprint: str, **values) -> SeenInstance:
    return seen(
        board,
        name,
        status="errored",
        ended=values.pop("ended", NOW - HOUR / 2),
        error_name="Error",
        error_message=message,
        fingerprint=fingerprint,
        **values,
    )


def read(kind: str, board: Board, **settings):
    return KINDS[kind].read(board, settings)


def html_of(kind: str, board: Board, **settings) -> str:
    return draw(Panel(pk=1, kind=kind, settings=settings), board).html


def soup_of(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


def ids(found) -> list[str]:
    return [line.row.instance_id for line in found["lines"]]


def test_every_kind_has_a_form_and_a_template_and_is_drawn_when_nothing_was_seen(board):
    assert set(KINDS) == set(PANEL_FORMS)
    for kind in KINDS.values():
        panel = Panel(pk=1, kind=kind.name, size=kind.size, settings={"text": "words"})
        drawn = draw(panel, board)
        assert kind.label in drawn.html
        assert drawn.mark


def test_presets_hold_panels_that_their_own_forms_would_take():
    for preset in PRESETS.values():
        for panel in preset.made():
            data = {"key": "0b7e6f3a-12c4-4aa0-9f00-77aa01c2d3e4", "size": panel.size}
            form = PANEL_FORMS[panel.kind]({**data, **panel.settings})
            assert form.is_valid(), (preset.name, panel.kind, form.errors)


def test_a_kind_nobody_knows_any_more_says_so(board):
    assert "kind “future”" in draw(Panel(pk=1, kind="future"), board).html


def test_instances_come_from_all_workflows_newest_first(board):
    seen(board, "old", created=NOW - 3 * HOUR)
    seen(board, "new", workflow="orders", created=NOW)
    seen(board, "done", status="complete", created=NOW - HOUR)
    assert ids(read("instances", board)) == ["new", "done", "old"]
    assert ids(read("instances", board, status="complete")) == ["done"]
    assert ids(read("instances", board, rows=1)) == ["new"]


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"created": "1h"}, {"eu-1"}),
        ({"created": "7d"}, {"eu-1", "eu-2"}),
        ({"trigger": "cron"}, {"eu-2", "us-1"}),
        ({"version": "ab12"}, {"eu-1", "us-1"}),
        ({"begins": "eu-"}, {"eu-1", "eu-2"}),
        ({"begins": "eu_"}, set()),
        ({"begins": "eu-", "trigger": "cron", "status": "errored"}, {"eu-2"}),
        ({"begins": "eu-", "trigger": "cron", "status": "complete"}, set()),
        ({"begins": "", "trigger": "", "created": "", "version": ""}, {"eu-1", "eu-2", "us-1"}),
    ],
)
def test_instances_are_those_that_fit_all_filters(board, settings, wanted):
    seen(board, "eu-1", created=NOW - HOUR / 2, trigger_source="api", version_id="ab12cd")
    seen(board, "eu-2", created=NOW - 30 * HOUR, trigger_source="cron", status="errored")
    seen(board, "us-1", created=NOW - 300 * HOUR, trigger_source="cron", version_id="ab12ff")
    assert set(ids(read("instances", board, **settings))) == wanted


@pytest.mark.parametrize(
    ("globs", "wanted"),
    [([], {"a", "b", "c"}), (["bill*"], {"a", "b"}), (["orders", "x"], {"c"}), (["x*"], set())],
)
def test_globs_choose_workflows_and_new_ones_join(board, globs, wanted):
    seen(board, "a")
    seen(board, "b", workflow="billing-eu")
    seen(board, "c", workflow="orders")
    assert set(ids(read("instances", board, workflows=globs))) == wanted


def test_a_panel_says_what_narrows_it(board):
    narrowed = {
        "workflows": ["bill*", "orders"],
        "status": "errored",
        "created": "7d",
        "trigger": "cron",
        "version": "ab12",
        "begins": "<i>eu-",
        "rows": 10,
    }
    line = soup_of(html_of("instances", board, **narrowed)).select_one(".board-narrowing")
    assert line.text == line["title"]
    assert line.text == (
        "status errored · triggered by cron · version ab12… · id <i>eu-…"
        " · created in the last 7 days · bill*, orders"
    )
    plain = {"workflows": [], "status": "", "created": "", "period": "24h", "text": "words"}
    for kind in set(KINDS) - {"longest"}:
        assert "board-narrowing" not in html_of(kind, board, **plain)
    for kind in ("counts", "schedules"):  # no token, and yet
        assert "bill*" in html_of(kind, board, workflows=["bill*"])


SAMPLED = ("failures", "throughput", "durations", "instances", "longest", "waiting")


@pytest.mark.parametrize("kind", SAMPLED)
def test_a_panel_whose_globs_fit_nothing_says_so_and_reassures_nobody(board, kind):
    seen(board, "a")
    html = html_of(kind, board, workflows=["bilin*"])
    body = soup_of(html).select_one(".card-body").text
    assert "No workflow fits yet." in body
    assert not any(word in body for word in ("Complete since", "Nothing", "ended", "None"))
    for globs in (["billing"], []):
        assert "No workflow fits" not in html_of(kind, board, workflows=globs)


@pytest.mark.parametrize("kind", SAMPLED)
def test_where_nobody_ever_watched_no_name_is_called_unfit(board, kind):
    Sampling.objects.all().delete()
    assert "Nothing was seen yet." in html_of(kind, board, workflows=["bilin*"])


@pytest.mark.parametrize(("kind", "module"), [("counts", counts_panel), ("schedules", schedules)])
def test_panels_that_ask_the_api_tell_no_fitting_workflow_from_none(
    board, monkeypatch, kind, module
):
    found = (workflow("billing", {"errored": 1}),)
    monkeypatch.setattr(module, "all_workflows", lambda board: Reading(found, NOW))
    assert "No workflow fits." in html_of(kind, board, workflows=["bilin*"])
    assert "No workflow fits" not in html_of(kind, board, workflows=["bil*"])
    found = ()
    for globs in ([], ["bil*"]):
        assert "This account has no workflows." in html_of(kind, board, workflows=globs)


def test_another_account_is_not_seen(board):
    other = Board(account=make_account(account_id="e" * 32), api=None, reader="none")
    seen(other, "theirs")
    for kind in ("instances", "longest"):
        assert ids(read(kind, board)) == []
    assert read("failures", board)["groups"] == []
    assert read("throughput", board)["total"] == 0


def test_failures_of_one_kind_are_one_row_with_count_and_times(board):
    failed(board, "a", "card 1 declined", "f1", ended=NOW - 3 * HOUR)
    failed(board, "b", "card 2 declined", "f1", ended=NOW - HOUR)
    failed(board, "c", "no such tenant", "f2")
    failed(board, "d", "", "", error_step="")
    failed(board, "old", "card 3 declined", "f1", ended=NOW - 30 * HOUR)
    found = read("failures", board, period="24h")
    first, second = found["groups"]
    assert (first.count, first.text) == (2, "card … declined")
    assert (first.first, first.last) == (NOW - 3 * HOUR, NOW - HOUR)
    assert (second.count, found["unread"], found["total"]) == (1, 1, 4)
    assert first.url == "/a/acme/failures/f1/?period=24h"


@pytest.mark.parametrize(
    ("workflows", "words"),
    [
        ("a", "of a ·"),
        ("ba", "of a and b ·"),
        ("cab", "of a, b and c ·"),
        ("dcab", "of 4 workflows ·"),
    ],
)
def test_failures_say_of_which_workflows_they_are(board, workflows, words):
    for name in workflows:
        for number in range(2):
            failed(board, f"{name}-{number}", "no", "f1", workflow=name)
    assert words in soup_of(html_of("failures", board)).select_one("li .faint").text
    assert "of a ·" in soup_of(html_of("failures", board, workflows=["a"])).li.text


def test_failures_say_how_many_kinds_are_left_out_and_a_new_one_is_not(board):
    for kind in range(15):
        for number in range(2 + kind):
            failed(board, f"{kind}-{number}", "no", f"k{kind}", ended=NOW - 5 * HOUR)
    failed(board, "new", "never seen before", "new", ended=NOW)
    found = read("failures", board)
    kinds = [group.row.fingerprint for group in found["groups"]]
    assert kinds[:7] == [f"k{kind}" for kind in range(14, 7, -1)]
    assert (len(kinds), "new" in kinds) == (10, True)
    assert (found["more_kinds"], found["total"]) == (6, 136)
    assert found["more"] + sum(group.count for group in found["groups"]) == 136
    assert f"and 6 more kinds, {found['more']} failures" in html_of("failures", board)
    SeenInstance.objects.exclude(fingerprint__in=["new", "k1"]).delete()
    assert "more kind" not in html_of("failures", board)


def test_throughput_counts_endings_and_knows_what_it_did_not_watch(board):
    for number in range(3):
        seen(board, f"ok-{number}", status="complete", ended=NOW - 2 * HOUR)
    failed(board, "bad", "no", "f1", ended=NOW - 2 * HOUR)
    found = read("throughput", board, period="24h")
    assert (found["total"], found["failed"], found["rate"]) == (4, 1, 25)
    columns = found["chart"].columns
    assert columns[0].values == (None, None, None)
    assert columns[-1].values == (0, 0, 0)
    assert max(column.values[0] or 0 for column in columns) == 3
    assert 11 <= len(found["chart"].unknown) <= 12


def test_what_passed_since_the_worker_stopped_is_missing_and_not_zero(board):
    Sampling.objects.update(sampled=NOW - 5 * HOUR)
    seen(board, "ok", status="complete", ended=NOW - 8 * HOUR)
    found = read("throughput", board, period="24h")
    columns = found["chart"].columns
    assert all(column.values == (None, None, None) for column in columns[-6:])
    assert columns[-8].values == (0, 0, 0)
    assert found["total"] == 1
    html = draw(Panel(pk=1, kind="failures", settings={}), board).html
    assert "No failure was seen" in html
    assert "not watched since then" in html
    Sampling.objects.update(sampled=NOW - timedelta(minutes=1))
    assert "Nothing failed" in draw(Panel(pk=1, kind="failures", settings={}), board).html


def test_what_ended_before_a_restart_stays_in_the_charts(board):
    start, end = NOW - 3 * HOUR, NOW - 2 * HOUR
    for name, status in (("again", "errored"), ("deleted", "complete")):
        EndedRun.objects.create(
            account=board.account,
            workflow="billing",
            instance_id=name,
            status=status,
            started=start,
            ended=end,
        )
    seen(board, "again", status="running")
    seen(board, "deleted", status="gone", ended=end)
    found = read("throughput", board)
    assert (found["total"], found["failed"]) == (2, 1)
    assert read("throughput", board, workflows=["orders"])["total"] == 0
    assert read("durations", board)["all"] == (3600, 3600)
    # the act did nothing: the instance tells of that run itself
    SeenInstance.objects.filter(instance_id="again").update(status="errored", ended=end)
    assert read("throughput", board)["total"] == 2


def behind(**minutes: int) -> None:
    """Since so many minutes, what went on in these workflows was not read."""
    now = timezone.now()
    unread = {name: (now - timedelta(minutes=ago)).isoformat() for name, ago in minutes.items()}
    Sampling.objects.update(unread=unread, sampled=now)


def test_the_piece_that_goes_on_is_drawn_as_far_as_it_was_read(board, time_machine):
    now = NOW.replace(minute=30, second=0, microsecond=0)
    time_machine.move_to(now, tick=False)
    behind(billing=3)
    seen(board, "ok", status="complete", ended=now - timedelta(minutes=9))
    assert read("throughput", board)["chart"].columns[-1].values == (1, 0, 0)
    html = html_of("throughput", board)
    assert "what went on since then is being read" in html
    assert "not watched since then" not in html
    short = read("throughput", board, period="1h")["chart"].columns
    assert short[-1].values == (None, None, None)
    Sampling.objects.update(sampled=now - HOUR / 4, unread={})
    assert read("throughput", board)["chart"].columns[-1].values == (None, None, None)
    assert "not watched since then" in html_of("throughput", board)


def test_what_is_unread_of_one_workflow_is_none_of_the_others(board):
    behind(billing=300, orders=3)
    account = board.account
    assert watched_at(account).until == NOW - 5 * HOUR
    assert watched_at(account, {"workflows": ["ord*"]}).until == NOW - timedelta(minutes=3)
    assert watched_at(account, {"workflows": ["other"]}).until is None


def test_headlines_tell_of_what_was_watched_and_say_how_much_that_is(board):
    Sampling.objects.update(whole_since=NOW - timedelta(days=2))
    for days, took in ((1, 60), (5, 9_000)):
        end = NOW - timedelta(days=days)
        start = end - timedelta(seconds=took)
        seen(board, f"ok-{days}", status="complete", started=start, ended=end)
        failed(board, f"bad-{days}", "no", "f1", ended=end)
    found = read("throughput", board, period="7d")
    assert (found["total"], found["failed"]) == (2, 1)
    assert read("durations", board, period="7d")["all"] == (60, 60)
    for kind in ("throughput", "durations"):
        assert "of it that somebody watched" in html_of(kind, board, period="7d")
        assert "of it that somebody watched" not in html_of(kind, board, period="24h")


def test_where_nobody_watched_nothing_is_counted(board):
    Sampling.objects.update(whole_since=NOW)
    for kind in ("throughput", "durations"):
        assert "Not watched for long enough to tell." in html_of(kind, board)
    Sampling.objects.all().delete()
    failed(board, "bad", "no", "f1")
    for kind in ("throughput", "durations"):
        assert "Nothing was seen yet." in html_of(kind, board)
        assert "errored</span>" not in html_of(kind, board)


@pytest.mark.parametrize("kind", ["failures", "throughput", "durations"])
def test_a_panel_over_time_names_its_period_at_its_heading(board, kind):
    head = html_of(kind, board, period="7d").partition("card-body")[0]
    assert "last 7 days" in head


def test_what_nobody_reads_any_more_is_not_being_read(board):
    seen(board, "a", status="waiting")
    failed(board, "b", "", "", error_step="")
    for kind in ("waiting", "failures"):
        assert "is being read" in html_of(kind, board)
    Sampling.objects.update(sampled=NOW - HOUR)
    for kind in ("waiting", "failures"):
        assert "is not known" in html_of(kind, board)


def test_what_is_behind_is_being_read(board):
    seen(board, "a", status="waiting")
    failed(board, "b", "", "", error_step="")
    behind(billing=4)
    for kind in ("waiting", "failures"):
        html = html_of(kind, board, workflows=["billing"])
        assert html.count("being read") == 2
        assert "what went on" not in html_of(kind, board, workflows=["orders", "b"])


def test_a_piece_that_was_watched_in_part_is_not_told_as_whole(board):
    seen(board, "ok", status="complete", ended=NOW - HOUR)
    Sampling.objects.update(whole_since=NOW)
    found = read("throughput", board, period="30d")
    assert {column.values for column in found["chart"].columns} == {(None, None, None)}


def test_hours_without_an_ending_are_watched_all_the_same(board):
    chart = read("durations", board, period="24h")["chart"]
    assert len(chart.unknown) == len(read("throughput", board, period="24h")["chart"].unknown)
    assert "none" in draw(Panel(pk=1, kind="durations", settings={}), board).html


def test_more_endings_than_are_gone_through_cut_the_chart_where_they_end(board, monkeypatch):
    monkeypatch.setattr(rates, "MOST_ROWS", 2)
    for hours in (1, 2, 6):
        seen(board, f"ok-{hours}", status="complete", ended=NOW - hours * HOUR)
    found = read("throughput", board, period="24h")
    assert found["watched"].since == NOW - 2 * HOUR
    assert found["chart"].columns[-7].values == (None, None, None)


def test_durations_have_a_middle_and_a_tail(board):
    for seconds in (1, 2, 3, 4, 100):
        end = NOW - 2 * HOUR
        start = end - timedelta(seconds=seconds)
        seen(board, f"took-{seconds}", status="complete", started=start, ended=end)
    found = read("durations", board)
    middle, tail = found["all"]
    assert (middle, found["count"]) == (3, 5)
    assert 60 < tail <= 100
    assert read("durations", board, workflows=["none"])["all"] is None


def test_charts_name_their_series_and_the_value_at_their_upper_edge(board):
    for number in range(3):
        seen(board, f"ok-{number}", status="complete", ended=NOW - HOUR / 2)
    failed(board, "bad", "no", "f1")
    throughput = html_of("throughput", board, period="24h")
    assert "4 per hour" in throughput
    legend = throughput.partition("chart-legend")[2].partition("</ul>")[0]
    assert all(name in legend for name in ("complete", "errored", "terminated", "not watched"))
    durations = html_of("durations", board, period="24h")
    assert "30 m" in durations.partition("chart-top")[2].partition("</div>")[0]
    legend = durations.partition("chart-legend")[2].partition("</ul>")[0]
    assert all(name in legend for name in ("median", "p95"))


def test_longest_running_are_those_alive_the_oldest_first(board):
    seen(board, "young", started=NOW - HOUR)
    seen(board, "old", started=NOW - 9 * HOUR)
    seen(board, "over", status="complete", started=NOW - 20 * HOUR)
    seen(board, "gone", status="gone", started=NOW - 20 * HOUR)
    assert ids(read("longest", board)) == ["old", "young"]


def test_what_waits_by_design_hides_nothing_that_runs_for_long(board):
    seen(board, "hangs", started=NOW - 2 * HOUR)
    for number in range(12):
        status = ("waiting", "paused")[number % 2]
        seen(board, f"waits-{number}", status=status, started=NOW - 90 * HOUR)
    for settings in ({}, {"status": "running"}):
        assert ids(read("longest", board, **settings)) == ["hangs"]
        assert ">status running</bdi>" in html_of("longest", board, **settings)
    assert len(ids(read("longest", board, status="", rows=20))) == 13
    assert "board-narrowing" not in html_of("longest", board, status="")


def test_a_form_offers_what_a_panel_means_that_was_not_told(board):
    old = Panel(pk=1, kind="longest", settings={"rows": 10}, size="medium")
    for form in (PANEL_FORMS["longest"](), PANEL_FORMS["longest"].of(old, None)):
        assert form["status"].value() == KINDS["longest"].unset["status"]


def test_events_that_are_waited_for_are_grouped(board):
    seen(board, "a", status="waiting", waits_for="approve", started=NOW - 2 * HOUR)
    seen(board, "b", status="waiting", waits_for="approve")
    seen(board, "c", status="complete", waits_for="approve")
    (group,) = read("waiting", board)["groups"]
    assert (group["count"], group["waits_for"], group["oldest"]) == (2, "approve", NOW - 2 * HOUR)


def test_events_that_are_left_out_are_counted(board):
    for number in range(23):
        seen(board, f"i-{number}", status="waiting", waits_for=f"event-{number}")
    assert "and 3 more events" in html_of("waiting", board)
    SeenInstance.objects.filter(waits_for__in=["event-1", "event-2", "event-3"]).delete()
    assert "more event" not in html_of("waiting", board)


def test_schedules_that_are_left_out_are_counted(board, monkeypatch):
    runs = tuple(cf.Schedule(cron=f"{minute} * * * *") for minute in range(21))
    found = (replace(workflow("billing", {}), schedules=runs), workflow("idle", {}))
    monkeypatch.setattr(schedules, "all_workflows", lambda board: Reading(found, NOW))
    assert "and 1 more schedule<" in html_of("schedules", board)
    assert "more schedule" not in html_of("schedules", board, rows=50)
    found = found[1:]
    assert "more schedule" not in html_of("schedules", board)


def test_those_whose_events_are_not_known_yet_are_counted(board):
    seen(board, "a", status="waiting")
    seen(board, "sleeps", status="waiting", looked_into=NOW)
    seen(board, "b", status="running")
    assert (read("waiting", board)["groups"], read("waiting", board)["unread"]) == ([], 1)


def test_what_needs_the_api_says_so_without_a_token(board):
    for kind in ("counts", "schedules"):
        with pytest.raises(NeedsToken):
            read(kind, board)


def test_big_numbers_say_how_they_changed_within_the_hour(board):
    then = NOW - HOUR - timedelta(minutes=2)
    for name, counts in (("billing", {"errored": 5, "complete": 7}), ("other", {"errored": 90})):
        CountSample.objects.create(
            account=board.account, workflow=name, span="minute", at=then, counts=counts
        )
    before = (counts_panel.an_hour_ago(board) or {})["billing"]
    now = {"errored": 8, "complete": 7, "running": 1}
    assert counts_panel.changes(now, before) == {"errored": "+3", "running": "+1"}
    assert counts_panel.changes({"errored": 4, "complete": 7}, before) == {"errored": "-1"}
    CountSample.objects.update(at=NOW - 3 * HOUR)
    assert counts_panel.an_hour_ago(board) is None


@pytest.mark.parametrize("style", ["bars", "numbers"])
def test_counts_say_how_they_changed_or_that_nobody_counted(board, monkeypatch, style):
    names = {"billing": {"errored": 8, "complete": 7}, "orders": {"complete": 1}, "idle": {}}
    found = [workflow(name, instances) for name, instances in names.items()]
    reading = Reading(value=tuple(found), read_at=NOW)
    monkeypatch.setattr(counts_panel, "all_workflows", lambda board: reading)
    settings = {"style": style, "workflows": ["billing"]}
    assert "No count an hour ago" in html_of("counts", board, **settings)
    sample = CountSample.objects.create(
        account=board.account,
        workflow="billing",
        span="minute",
        at=NOW - HOUR,
        counts={"errored": 5, "complete": 7},
    )
    html = html_of("counts", board, **settings)
    assert "+3" in html
    assert "since an hour ago" in html
    sample.counts = found[0].instances
    sample.save()
    assert "No change since an hour ago" in html_of("counts", board, **settings)
    assert "No workflow fits." in html_of("counts", board, style=style, workflows=["none*"])


def test_a_status_that_fell_to_none_stays_among_the_big_numbers(board, monkeypatch):
    now = (workflow("billing", {"errored": 0, "running": 2, "paused": 0, "novel": 1}),)
    monkeypatch.setattr(counts_panel, "all_workflows", lambda board: Reading(now, NOW))
    assert big_numbers(board) == [("running", 2, ""), ("novel", 1, "")]
    CountSample.objects.create(
        account=board.account,
        workflow="billing",
        span="minute",
        at=NOW - HOUR,
        counts={"errored": 40, "running": 2, "paused": 0},
    )
    assert big_numbers(board) == [("running", 2, ""), ("errored", 0, "-40"), ("novel", 1, "+1")]


def test_an_old_answer_says_why_it_is_old_where_everybody_reads_it(board, monkeypatch):
    limited = cf.RateLimited("slow down", status=429)
    found = Reading((workflow("billing", {"running": 2}),), NOW - HOUR, limited)
    monkeypatch.setattr(counts_panel, "all_workflows", lambda board: found)
    words = soup_of(html_of("counts", board)).select_one(".card-body p").text
    assert words == f"{trouble_of(limited).title}. {trouble_of(limited).why}"


def big_numbers(board: Board) -> list[tuple[str, int, str]]:
    found = read("counts", board, style="numbers")["numbers"]
    return [(one.look.label, one.count, one.change) for one in found]


def workflow(name: str, instances: dict[str, int]) -> cf.Workflow:
    return cf.Workflow(name=name, class_name="It", script_name="it", instances=instances)


def test_recent_acts_come_from_the_trail(board):
    actor = Actor(user=make_user("ada"), account=board.account)
    with actor.recording(
        AuditAction.INSTANCE_RESTART, workflow="billing", instance_id="i-1", reason="asked for"
    ):
        pass
    html = draw(Panel(pk=1, kind="acts", settings={"rows": 5}), board).html
    assert "ada" in html
    assert "asked for" in html


def test_recent_acts_say_on_how_many_instances(board):
    actor, ids = Actor(user=make_user("ada"), account=board.account), ["a", "b", "c"]
    about = {"workflow": "billing", "detail": {"ids": ids}}
    with actor.recording(AuditAction.BATCH_RESTART, **about) as act:
        assert "3 instances asked for" in soup_of(html_of("acts", board)).li.text
        for name in ids:
            outcome = Outcome.FAILED if name == "c" else Outcome.SUCCEEDED
            act.part(AuditAction.INSTANCE_RESTART, name, outcome)
    line = soup_of(html_of("acts", board)).li.text
    assert "3 instances, 1 failed" in line
    assert "asked for" not in line
    with actor.recording(AuditAction.INSTANCE_PAUSE, workflow="billing", instance_id="i"):
        pass
    assert "instances" not in soup_of(html_of("acts", board, rows=5)).li.text


def test_recent_acts_are_those_on_workflows_and_instances(board):
    actor = Actor(user=make_user("ada"), account=board.account)
    for action in (AuditAction.INSTANCE_PAUSE, AuditAction.WORKFLOW_PROTECT):
        with actor.recording(action, workflow="billing", reason=f"because of {action}"):
            pass
    others = (
        AuditAction.DASHBOARD_CHANGE,
        AuditAction.ACCESS_REFUSED,
        AuditAction.TOKEN_LEND,
        AuditAction.MEMBER_ROLE,
    )
    for action in others * 15:  # more than a page of them
        with actor.recording(action, target="My secret plans"):
            pass
    html = html_of("acts", board, rows=5)
    assert "because of instance:pause" in html
    assert "because of workflow:protect" in html
    assert "secret" not in html


def test_as_many_rows_are_shown_as_the_form_offers(board):
    most = max(count for count, _ in RowsField().choices)
    actor = Actor(user=make_user("ada"), account=board.account)
    for number in range(most):
        seen(board, f"i-{number}")
        failed(board, f"f-{number}", "no", f"k{number}")
        seen(board, f"w-{number}", status="waiting", waits_for=f"event-{number}")
        with actor.recording(AuditAction.INSTANCE_PAUSE, workflow="billing", instance_id="i"):
            pass
    for kind in ("acts", "instances", "longest"):
        assert len(read(kind, board, rows=most)["lines"]) == most
    for kind, unset in (("failures", 10), ("waiting", 20)):
        assert len(read(kind, board, rows=most)["groups"]) == most
        assert len(read(kind, board)["groups"]) == unset == PANEL_FORMS[kind]()["rows"].value()


@pytest.mark.parametrize(
    ("text", "there", "not_there"),
    [
        ("# Runbook\n\n* one", "<h1>Runbook</h1>", "# "),
        ("<script>alert(1)</script>", "&lt;script&gt;", "<script"),
        ("[x](javascript:alert(1))", "javascript", "href"),
        ("![x](https://example.com/pixel.png)", "pixel", "<img"),
        ("<b onclick=x>y</b>", "&lt;b", "<b onclick"),
    ],
)
def test_a_note_is_markdown_and_nothing_else(board, text, there, not_there):
    html = draw(Panel(pk=1, kind="note", settings={"text": text}), board).html
    body = html.partition('class="prose"')[2]
    assert there in body
    assert not_there not in body


def test_hostile_texts_are_texts(board):
    failed(board, "a", "<script>alert(1)</script>", "f1", error_step="<i>")
    seen(board, "<b>", workflow="billing", waits_for="<u>", status="waiting")
    for kind in ("failures", "instances", "waiting"):
        html = draw(Panel(pk=1, kind=kind, settings={}), board).html
        assert "<script>" not in html
        assert "<u>" not in html
        assert "<i>" not in html


def dashboard_of(board: Board, **panel) -> Dashboard:
    made = Dashboard.objects.create(account=board.account, owner=make_user(), title="Ours")
    made.panels.create(place=0, **panel)
    return made


def test_panels_are_drawn_once_for_all_who_watch(board, django_assert_num_queries):
    dashboard = dashboard_of(board, kind="failures")
    first = drawn_panels(dashboard, board)
    with django_assert_num_queries(0):
        assert drawn_panels(dashboard, board) == first


def test_while_one_draws_anew_the_others_are_shown_what_is_at_hand(
    board, monkeypatch, time_machine
):
    dashboard, others = dashboard_of(board, kind="instances"), []
    first = drawn_panels(dashboard, board)
    time_machine.move_to(NOW + timedelta(seconds=panels.SEEN_SECONDS), tick=False)
    seen(board, "new")

    def in_the_middle(dashboard):
        others.append(drawn_panels(dashboard, board))
        return panels_of(dashboard)

    monkeypatch.setattr(panels, "panels_of", in_the_middle)
    (again,) = drawn_panels(dashboard, board)
    assert "new" in again.html
    assert others == [first]


def test_what_the_sampler_saw_is_drawn_anew_when_it_looked_again(board, time_machine):
    dashboard = dashboard_of(board, kind="instances")
    dashboard.panels.create(kind="acts", place=1)
    first = drawn_panels(dashboard, board)
    seen(board, "new")
    later = NOW + timedelta(seconds=board.fresh + 1)
    time_machine.move_to(later, tick=False)
    before, acts = drawn_panels(dashboard, board)
    assert (before, acts.at) == (first[0], timezone.now())
    until = lease_take(board.account, now=later)
    time_machine.move_to(later + timedelta(seconds=board.fresh + 1), tick=False)
    assert "new" in drawn_panels(dashboard, board)[0].html
    seen(board, "newer")
    lease_end(board.account, until)
    time_machine.move_to(later + timedelta(seconds=2 * board.fresh + 1), tick=False)
    assert "newer" in drawn_panels(dashboard, board)[0].html


def test_drawn_panels_are_kept_within_bounds(board, monkeypatch):
    cache = panels.region.backend._cache
    monkeypatch.setattr(cache, "_Cache__maxsize", 30_000)
    for number in range(30):
        drawn_panels(dashboard_of(board, kind="note", settings={"text": f"{number}"}), board)
    assert 0 < len(cache) < 10
