from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.audit.actions import AuditAction
from console.audit.export import csv_lines, json_lines
from console.audit.management.arguments import moment
from console.audit.models import Outcome
from console.audit.queries import Filter, stream
from console.audit.recording import record_event
from console.team.models import Account, User


class Command(BaseCommand):
    help = "Writes the trail as CSV or JSON lines, oldest first. The export is itself recorded."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=("csv", "jsonl"), default="jsonl")
        parser.add_argument("--output", type=Path, help="a new file (standard output without)")
        parser.add_argument("--account", help="the account's slug")
        parser.add_argument("--actor", help="the person's username")
        parser.add_argument("--action", choices=list(AuditAction), metavar="SUBJECT:VERB")
        parser.add_argument("--outcome", choices=Outcome.values)
        parser.add_argument("--workflow")
        parser.add_argument("--instance")
        parser.add_argument("--since", type=moment, metavar="TIME", help="ISO 8601, UTC if unsaid")
        parser.add_argument("--until", type=moment, metavar="TIME")
        parser.add_argument("--text")

    def handle(self, *args: Any, **options: Any) -> None:
        account = found(Account, slug=options["account"]) if options["account"] else None
        actor = found(User, username=options["actor"]) if options["actor"] else None
        wanted = Filter(
            account_ids=[account.pk] if account else None,
            actor_id=actor.pk if actor else None,
            action=options["action"] or "",
            outcome=options["outcome"] or "",
            workflow=options["workflow"] or "",
            instance_id=options["instance"] or "",
            since=options["since"],
            until=options["until"],
            text=options["text"] or "",
        )
        record_event(
            actor=None,
            actor_name="manage.py",
            action=AuditAction.TRAIL_EXPORT,
            account=account,
            detail={"format": options["format"], "filter": wanted.facts},
        )
        lines = {"csv": csv_lines, "jsonl": json_lines}[options["format"]](stream(wanted))
        if not options["output"]:
            self.stdout.writelines(lines)
            return
        try:
            with options["output"].open("x", encoding="utf-8", newline="") as file:
                options["output"].chmod(0o600)
                file.writelines(lines)
        except OSError as error:
            raise CommandError(f"Can't write {options['output']}: {error.strerror}") from None


def found(model: Any, **known: Any) -> Any:
    try:
        return model.objects.get(**known)
    except model.DoesNotExist:
        raise CommandError(f"No {model._meta.verbose_name} {', '.join(known.values())}") from None
