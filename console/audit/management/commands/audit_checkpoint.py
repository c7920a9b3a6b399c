from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.audit.verify import checkpoint


class Command(BaseCommand):
    help = "Prints where the trail ends as SEQ:HASH, to be kept elsewhere (see audit_verify)."

    def handle(self, *args: Any, **options: Any) -> None:
        end = checkpoint()
        if end is None:
            raise CommandError("The trail is empty.")
        self.stdout.write(str(end))
