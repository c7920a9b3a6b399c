from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db.migrations.recorder import MigrationRecorder

ROOT = Path(__file__).resolve().parents[2]
PROBE = """
import django
django.setup()
from django.test import Client
for path in ("/healthz", "/readyz"):
    answer = Client(SERVER_NAME="localhost").get(path)
    print(answer.status_code, answer.content.decode())
"""


def test_healthz_asks_nothing_but_the_process(client):
    """Without the `db` mark any query would raise."""
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert answer.headers["Content-Type"] == "text/plain"
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_readyz_says_that_all_is_there(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "migrations": "ok"}


@pytest.mark.django_db
def test_readyz_misses_a_migration(client):
    MigrationRecorder.Migration.objects.filter(app="vault").delete()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "migrations": "not applied"}


@pytest.mark.parametrize(
    "database",
    [
        "postgresql://console:hunter2-secret@127.0.0.1:1/console?connect_timeout=1",
        "sqlite:////no-such-directory/console.sqlite3",
    ],
)
def test_readyz_says_that_the_database_is_gone_and_no_more(tmp_path, database):
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "CONSOLE_DATA_DIR": str(tmp_path),
        "DATABASE_URL": database,
    }
    probe = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )
    assert probe.stdout.splitlines() == ["200 ok", '503 {"database": "unreachable"}']
    assert "hunter2-secret" not in probe.stdout + probe.stderr
