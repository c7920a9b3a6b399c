"""`manage.py simulator`: a Workflows API to try the console with."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workflows_ui.simulator.program import add_arguments, serve


class Command(BaseCommand):
    help = "Serves a simulated Workflows API on loopback until stopped."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        serve(argparse.Namespace(**options))
