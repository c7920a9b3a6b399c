from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from console.audit.models import SETTLED, Entry, Outcome
from console.audit.recording import AlreadySettled, TrailUnavailable
from console.team.models import Account
from console.vault.sealing import CannotOpen
from workflows_ui.access import TokenMissing, member_api
from workflows_ui.cloudflare import AddressRefused, WorkflowsApi
from workflows_ui.services.settling import CannotLook, Result, settle_by_hand, settle_open


class Command(BaseCommand):
    help = (
        "Finds out how open attempts ended, by looking with the actor's own token. Nothing is "
        "sent again. What can't be told by looking may be settled by hand."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--entry", type=int, metavar="SEQ", help="settle this one by hand")
        parser.add_argument("--outcome", choices=[outcome.value for outcome in SETTLED])
        parser.add_argument("--reason", default="", help="how it is known; goes into the trail")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["entry"] is not None:
                self.by_hand(options["entry"], options["outcome"], options["reason"])
            else:
                self.by_looking()
        except TrailUnavailable as error:
            raise CommandError(str(error)) from None

    def by_looking(self) -> None:
        results = list(settle_open(client_for))
        for result in results:
            self.stdout.write(told(result))
        settled = sum(result.entry is not None for result in results)
        self.stdout.write(f"Settled {settled} of {len(results)} open attempts.")

    def by_hand(self, sequence: int, outcome: str | None, reason: str) -> None:
        if not outcome or not reason.strip():
            raise CommandError("By hand it takes --outcome and --reason.")
        attempt = Entry.objects.filter(sequence=sequence).first()
        if attempt is None:
            raise CommandError(f"There is no entry {sequence}.")
        try:
            entry = settle_by_hand(attempt, outcome=Outcome(outcome), reason=reason)
        except (AlreadySettled, ValueError) as error:
            raise CommandError(str(error) or f"Entry {sequence} is settled already.") from None
        self.stdout.write(entry.sentence)


def told(result: Result) -> str:
    what = result.entry.sentence if result.entry else result.attempt.sentence
    return f"{result.attempt.sequence}: {what} {result.said}"


def client_for(attempt: Entry) -> WorkflowsApi:
    """The client of whoever made the attempt, as they are a member now. Raises CannotLook."""
    account = Account.objects.filter(pk=attempt.account_id or 0).first()
    if account is None:
        raise CannotLook("The account is not connected any more.")
    try:
        return member_api(attempt.actor_id or 0, account)
    except PermissionDenied:
        raise CannotLook(f"{attempt.actor_name} is no member of it any more.") from None
    except TokenMissing:
        raise CannotLook(f"{attempt.actor_name} has no token for it any more.") from None
    except CannotOpen:
        raise CannotLook("The stored token can't be opened.") from None
    except AddressRefused as refused:
        raise CannotLook(refused.message) from None
