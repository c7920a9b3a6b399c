from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Q
from django.utils import timezone

from console.vault.models import ApiToken
from console.vault.sealing import CannotOpen
from workflows_ui.cloudflare import CloudflareError
from workflows_ui.token_checks import check


class Command(BaseCommand):
    help = "Asks the API again about tokens that were not looked at for a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hours", type=int, default=24, help="how old a look may be")

    def handle(self, *args: Any, hours: int, **options: Any) -> None:
        before = timezone.now() - timedelta(hours=hours)
        due = ApiToken.objects.select_related("account", "owner").filter(
            Q(verified=None) | Q(verified__lte=before)
        )
        for token in due.order_by("verified", "pk"):
            self.stdout.write(
                f"{token.account.slug}: {token.label} of {token.owner}: {found_out(token)}"
            )


def found_out(token: ApiToken) -> str:
    try:
        check(token)
    except CannotOpen:
        return "no key opens it"
    except CloudflareError as error:
        return f"nothing found out ({type(error).__name__})"
    return token.status
