"""What a member asked for by hand that their role doesn't allow, and a trail that takes nothing."""

from __future__ import annotations

import pytest
from django.db import connection
from django.urls import reverse

from console.audit.models import Entry
from console.audit.refusals import A_MINUTE
from console.audit.verify import verify
from console.vault.models import ApiToken

pytestmark = pytest.mark.django_db

TRIGGER = reverse("workflows_ui:instance-trigger", args=["acme", "orders"])
NOON = "2026-11-24T12:00:01Z"


def refusals() -> list[Entry]:
    return list(Entry.objects.filter(action="access:refused").order_by("sequence"))


def trail_away() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry RENAME COLUMN ray_id TO gone")


def test_a_form_sent_by_hand_is_in_the_trail(viewer, viewer_client, account):
    refused = viewer_client.post(TRIGGER, {"params": "{}"}, REMOTE_ADDR="192.0.2.7")
    assert refused.status_code == 403
    (row,) = refusals()
    assert (row.actor_id, row.account_id, row.address) == (viewer.pk, account.pk, "192.0.2.7")
    assert row.detail == {"asked": "instance:trigger", "method": "POST", "path": TRIGGER}
    assert row.target == f"POST {TRIGGER}"
    verify()


def test_a_page_asked_for_by_hand_is_not(viewer_client):
    assert viewer_client.get(TRIGGER).status_code == 403
    assert not refusals()


def test_a_viewer_cannot_flood_the_trail(time_machine, viewer_client):
    time_machine.move_to(NOON, tick=False)
    for _ in range(A_MINUTE + 10):
        viewer_client.post(TRIGGER)
    rows = refusals()
    assert len(rows) == A_MINUTE + 1
    assert rows[-1].detail == {"left_out": True, "a_minute": A_MINUTE}
    time_machine.shift(60)
    viewer_client.post(TRIGGER)
    assert refusals()[-1].detail["asked"] == "instance:trigger"


def test_a_refusal_stands_when_the_trail_is_away(viewer_client, caplog):
    trail_away()
    assert viewer_client.post(TRIGGER).status_code == 403
    assert "instance:trigger" in caplog.text


@pytest.mark.parametrize("act", ["remove", "verify"])
def test_what_cannot_be_written_down_is_refused_in_plain_words(viewer_client, act):
    trail_away()
    url = reverse(f"workflows_ui:token-{act}", args=["acme", ApiToken.objects.get().pk])
    refused = viewer_client.post(url)
    assert refused.status_code == 503
    page = refused.content.decode()
    assert "could not be written down, so it was not done" in page
    assert "<html" in page
    assert ApiToken.objects.exists()
    panel = viewer_client.post(url, headers={"HX-Request": "true"})
    assert panel.status_code == 503
    assert "<html" not in panel.content.decode()
