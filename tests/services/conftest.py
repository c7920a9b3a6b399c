from __future__ import annotations

import uuid

import pytest
from django.db import connection

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.recording import TrailUnavailable
from tests.factories import make_account, make_user
from workflows_ui import calls
from workflows_ui import cloudflare as cf
from workflows_ui.models import Batch
from workflows_ui.services.batches import batch_open


@pytest.fixture
def broken_trail(db) -> type[TrailUnavailable]:
    """The trail takes no rows; what writing one raises."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry RENAME TO away")
    return TrailUnavailable


def client(upstream, kind=cf.CloudflareClient) -> cf.CloudflareClient:
    return kind(
        base_url=upstream.url,
        account_id="0" * 32,
        token="t",
        rules=cf.AddressRules(loopback=True),
        timeout=(1, 0.3),
        on_call=calls.note,
    )


@pytest.fixture
def unsteady_api(fault_upstream) -> cf.CloudflareClient:
    """A client of the upstream that fails as it is told to."""
    return client(fault_upstream)


@pytest.fixture
def actor(db) -> Actor:
    return Actor(user=make_user("ada"), account=make_account())


@pytest.fixture
def batch(actor) -> Batch:
    return batch_open(
        actor=actor, workflow="orders", key=uuid.uuid4(), action=AuditAction.INSTANCE_CREATE
    )
