from __future__ import annotations

import logging
import threading
from typing import Any

from django.db import close_old_connections
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

from workflows_ui.tasks import due_accounts, sample_account

logger = logging.getLogger(__name__)

LOOK_EVERY = 10
"""Seconds between two looks for accounts that are due."""


class Command(db_worker.Command):
    help = "Runs tasks in the background, and samples every account once a minute."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        thread = threading.Thread(target=schedule, args=(stop,), daemon=True)
        thread.start()
        try:
            super().handle(*args, **options)
        finally:
            stop.set()
            thread.join(timeout=LOOK_EVERY)


def schedule(stop: threading.Event) -> None:
    """Queues a round for each account that is due. Several workers may do so: a round that finds
    another one at work does nothing."""
    while not stop.is_set():
        try:
            close_old_connections()
            enqueue_due()
        except Exception:
            # whatever it is: without this thread nothing is looked at any more, and nobody is told
            logger.exception("No rounds were queued")
        stop.wait(LOOK_EVERY)


def enqueue_due() -> None:
    queued = {
        result.args_kwargs["args"][0]
        for result in DBTaskResult.objects.ready().filter(task_path=sample_account.module_path)
    }
    for account_id in due_accounts():
        if account_id not in queued:
            sample_account.enqueue(account_id)
    DBTaskResult.objects.finished().filter(task_path=sample_account.module_path).delete()
