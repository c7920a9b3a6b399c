from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.audit.management.arguments import moment
from console.audit.recording import TrailUnavailable
from console.audit.sealing import CannotSeal, seal
from console.audit.verify import Broken


class Command(BaseCommand):
    help = "Moves the oldest entries of the trail into a file. The sealing is itself recorded."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--before",
            type=moment,
            required=True,
            metavar="DATE",
            help="entries from this day on stay; ISO 8601, UTC if unsaid",
        )
        parser.add_argument(
            "--output", type=Path, required=True, metavar="DIR", help="a folder that exists"
        )

    def handle(self, *args: Any, before: datetime, output: Path, **options: Any) -> None:
        try:
            segment = seal(before, output)
        except Broken as bad:
            raise CommandError(f"The trail is broken, nothing was sealed. {bad}") from None
        except (CannotSeal, TrailUnavailable) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"Can't write into {output}: {error.strerror}") from None
        if segment is None:
            self.stdout.write("Nothing to seal: no settled entries are that old.")
        else:
            path = output / segment.file_name
            self.stdout.write(f"Sealed entries {segment} into {path}")
            self.stdout.write(f"SHA-256 {segment.sha256}")
