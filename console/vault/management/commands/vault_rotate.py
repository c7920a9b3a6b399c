from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.audit.actions import AuditAction
from console.audit.recording import recording
from console.team.models import User
from console.vault.rotation import ALREADY, LOT, OVERTAKEN, SEALED, rotate


class Command(BaseCommand):
    help = "Seals every token and second factor with the first key of CONSOLE_TOKEN_KEYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--lot", type=int, default=LOT, help="how many rows are read at once")

    def handle(self, *args: Any, lot: int, **options: Any) -> None:
        operator = User(username="manage.py")
        with recording(actor=operator, action=AuditAction.VAULT_ROTATE) as act:
            done = rotate(lot=max(lot, 1))
            act.succeeded(detail={**done.counts, "broken": len(done.broken)})
        counts = done.counts
        self.stdout.write(
            f"{counts[SEALED]} sealed anew, {counts[ALREADY]} were already, "
            f"{counts[OVERTAKEN]} changed meanwhile, {len(done.broken)} can't be opened."
        )
        if done.broken:
            raise CommandError(
                f"No key opens: {', '.join(done.broken)}. Put the key that is missing back into "
                "CONSOLE_TOKEN_KEYS and run this again, or let their owners replace them."
            )
        if counts[OVERTAKEN]:
            self.stdout.write("Run it again to see to those.")
        else:
            self.stdout.write(
                "Only the first key is needed now. Keep the others for ten minutes more: tokens "
                "that are just being connected are sealed with them."
            )
