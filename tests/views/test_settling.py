"""Opening a page finds out how an act ended whose answer was lost."""

from __future__ import annotations

import uuid

import pytest

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.models import Entry
from tests.conftest import logged_in
from tests.factories import make_membership, make_user
from tests.views.ladder import HTMX
from tests.views.simulated import soup, started

pytestmark = pytest.mark.django_db

WORKFLOW = "/a/acme/workflows/checkout/"


@pytest.fixture
def upstream_url(simulator) -> str:
    return simulator.base_url


@pytest.fixture
def lost(account, operator):
    """A create that got no answer, a moment ago."""

    def make(instance: str, action=AuditAction.INSTANCE_CREATE) -> Entry:
        actor = Actor(user=operator, account=account)
        with actor.recording(action, workflow="checkout", instance_id=instance) as act:
            act.unknown()
        return act.attempt

    return make


@pytest.fixture
def made(simulator):
    """An instance that was made just now."""

    def make() -> str:
        name = f"lost-{uuid.uuid4().hex[:12]}"
        found = simulator.simulator.account.workflows["checkout"]
        with simulator.simulator._lock:
            now = simulator.simulator.clock.millis()
            found.add(name, at=now, params={}, human_scale=False)
        return name

    return make


def outcomes(attempt: Entry) -> list[str]:
    rows = Entry.objects.filter(attempt_sequence=attempt.sequence).order_by("sequence")
    return [row.outcome for row in rows]


def test_the_instances_page_settles_what_is_open_about_it(viewer_client, lost, made):
    instance = made()
    attempt = lost(instance)
    page = f"{WORKFLOW}instances/{instance}/"
    viewer_client.get(page, headers=HTMX)
    assert outcomes(attempt) == ["unknown"]
    viewer_client.get(page)
    assert outcomes(attempt) == ["unknown", "succeeded"]
    viewer_client.get(page)
    assert outcomes(attempt) == ["unknown", "succeeded"]


def test_an_older_instance_of_that_id_is_not_its_creates(viewer_client, lost, simulator):
    instance = f"older-{uuid.uuid4().hex[:12]}"
    started(simulator, "checkout", instance, steps=2)
    attempt = lost(instance)
    viewer_client.get(f"{WORKFLOW}instances/{instance}/")
    assert outcomes(attempt) == ["unknown", "failed"]


def test_a_delete_is_settled_by_the_page_of_what_is_gone(viewer_client, lost):
    attempt = lost("never-was-there", AuditAction.INSTANCE_DELETE)
    assert viewer_client.get(f"{WORKFLOW}instances/never-was-there/").status_code == 404
    assert outcomes(attempt) == ["unknown", "succeeded"]


def test_the_page_of_an_entry_looks_with_the_token_of_whoever_opens_it(viewer_client, lost, made):
    attempt = lost(made())
    page = soup(viewer_client.get(f"/a/acme/trail/{attempt.sequence}/"))
    assert outcomes(attempt) == ["unknown", "succeeded"]
    assert "succeeded" in page.text


def test_without_a_token_it_stays_open(account, lost, made):
    attempt = lost(made())
    guest = make_user()
    make_membership(account, guest)
    answer = logged_in(guest).get(f"/a/acme/trail/{attempt.sequence}/")
    assert answer.status_code == 200
    assert outcomes(attempt) == ["unknown"]


def test_what_cannot_be_told_by_looking_asks_nothing(viewer_client, lost, made, simulator):
    attempt = lost(made(), AuditAction.INSTANCE_RESTART)
    simulator.simulator.calls.reset()
    viewer_client.get(f"/a/acme/trail/{attempt.sequence}/")
    assert len(simulator.simulator.calls) == 0
    assert outcomes(attempt) == ["unknown"]


def test_an_act_under_way_is_left_to_whoever_is_at_it(viewer_client, account, operator, made):
    instance = made()
    actor = Actor(user=operator, account=account)
    with actor.recording(
        AuditAction.INSTANCE_CREATE, workflow="checkout", instance_id=instance
    ) as act:
        viewer_client.get(f"{WORKFLOW}instances/{instance}/")
        viewer_client.get(f"/a/acme/trail/{act.sequence}/")
        assert outcomes(act.attempt) == []
    assert outcomes(act.attempt) == ["succeeded"]
