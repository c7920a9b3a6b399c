from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.audit.management.arguments import known_end
from console.audit.verify import Broken, Checkpoint, FileNeeded, verify


class Command(BaseCommand):
    help = "Checks the whole trail; names the first thing that isn't right and exits with 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--checkpoint",
            type=known_end,
            metavar="SEQ:HASH",
            help="what `audit_checkpoint` printed earlier",
        )
        parser.add_argument(
            "--segment",
            type=Path,
            nargs="+",
            default=[],
            metavar="FILE",
            help="what `audit_seal` wrote, to be checked too",
        )

    def handle(
        self,
        *args: Any,
        checkpoint: Checkpoint | None = None,
        segment: list[Path] | None = None,
        **options: Any,
    ) -> None:
        try:
            end = verify(checkpoint, segment or [])
        except Broken as bad:
            raise CommandError(f"The trail is broken. {bad}", returncode=1) from None
        except FileNeeded as needed:
            raise CommandError(str(needed), returncode=2) from None
        if end is None:
            self.stdout.write("The trail is empty.")
        else:
            self.stdout.write(f"The trail is whole: {end.sequence} entries, ending with {end}")
