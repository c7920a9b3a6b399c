from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.audit.verify import BadRow, Checkpoint, verify


class Command(BaseCommand):
    help = "Checks the whole trail; names the first bad row and exits with 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--checkpoint",
            type=parsed,
            metavar="SEQ:HASH",
            help="what `audit_checkpoint` printed earlier",
        )

    def handle(self, *args: Any, checkpoint: Checkpoint | None = None, **options: Any) -> None:
        try:
            end = verify(checkpoint)
        except BadRow as bad:
            raise CommandError(f"The trail is broken. {bad}", returncode=1) from None
        if end is None:
            self.stdout.write("The trail is empty.")
        else:
            self.stdout.write(f"The trail is whole: {end.sequence} entries, ending with {end}")


def parsed(text: str) -> Checkpoint:
    sequence, _, digest = text.strip().partition(":")
    if not sequence.isdecimal() or len(digest) != 64:
        raise ArgumentTypeError("must be SEQ:HASH, as `audit_checkpoint` prints it")
    return Checkpoint(int(sequence), digest)
