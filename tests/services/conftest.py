from __future__ import annotations

import pytest
from django.db import connection

from console.audit.recording import TrailUnavailable


@pytest.fixture
def broken_trail(db) -> type[TrailUnavailable]:
    """The trail takes no rows; what writing one raises."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry RENAME TO away")
    return TrailUnavailable
