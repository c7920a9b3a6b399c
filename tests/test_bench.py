"""The benches measure what is there."""

from __future__ import annotations

import importlib

import pytest

from console.audit.models import Entry
from console.team.models import Account
from tests.bench import __main__ as bench
from tests.bench import trail
from tests.bench.consoles import make_dashboard
from tests.bench.viewers import MARK
from tests.conftest import logged_in
from tests.factories import make_account, make_membership, make_user

pytestmark = pytest.mark.django_db


def test_the_rows_that_pages_are_timed_over_are_acts_that_each_page_finds(monkeypatch):
    monkeypatch.setattr(trail, "RUNS", 1)
    monkeypatch.setattr(trail, "VACUUM", "")
    account = make_account(slug="bench", kind=Account.Kind.LOCAL)
    people = [make_user() for _ in range(7)]
    make_membership(account, people[0])
    trail.fill(0, 600, account=account.pk, first=people[0].pk)
    client = logged_in(people[0])
    found = {}
    for name, query in trail.queries(people).items():
        assert trail.page(client, query) > 0
        found[name] = client.get(f"/a/bench/trail/{query}").content.count(b'<tr id="e-')
    assert Entry.objects.filter(outcome="attempted").count() == 300
    assert found == {
        "unfiltered": 50,
        "by_person": 43,
        "by_action_and_person": 22,
        "by_workflow": 20,
        "by_instance": 10,
        "failed": 50,
        "by_text": 1,
        "by_text_not_there": 0,
    }


@pytest.mark.parametrize("name", [*bench.SERVED, *bench.OWN_DATABASE])
def test_every_bench_can_be_run_by_its_name(name):
    assert callable(importlib.import_module(f"tests.bench.{name}").main)


def test_an_unknown_bench_is_refused(capsys):
    assert bench.main(["pages", "nope"]) == 2
    assert "pages, steps" in capsys.readouterr().out


def test_a_dashboard_of_panels_of_every_kind_is_watched(account, operator, operator_client):
    board = make_dashboard("the-operator")
    page = operator_client.get(f"/a/acme/dashboards/{board}/").content.decode()
    names = [name for name, _ in MARK.findall(page)]
    assert (names[0], len(names[1:])) == ("watch", 12)
