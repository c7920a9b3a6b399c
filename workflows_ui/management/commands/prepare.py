from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.audit.origin import Origin
from console.audit.recording import record_event
from console.team.models import User
from console.team.roles import Role
from console.team.services.members import InvitationNeeded, membership_change
from console.vault.models import ApiToken
from console.vault.queries import token_for
from workflows_ui.access import address_rules
from workflows_ui.cloudflare import AddressRefused, check_url
from workflows_ui.presenters.presets import PRESETS
from workflows_ui.services.accounts import demo_join, demo_membership
from workflows_ui.services.dashboards import dashboard_create, dashboard_share
from workflows_ui.services.tokens import token_lend

DEMO_USER = "demo"


class Command(BaseCommand):
    help = "Brings database and static files up to date. May be run as often as you like."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--demo",
            action="store_true",
            help=f"also a user `{DEMO_USER}` (CONSOLE_DEMO_PASSWORD) with the demo account",
        )

    def handle(self, *args: Any, demo: bool = False, **options: Any) -> None:
        if demo and not settings.DEMO_PASSWORD:
            raise CommandError("Set CONSOLE_DEMO_PASSWORD: the demo's user has no other password.")
        call_command("migrate", interactive=False, verbosity=0)
        if not is_collected():
            call_command("collectstatic", interactive=False, verbosity=0)
        if demo:
            prepare_demo()


def is_collected() -> bool:
    """Whether the static files need no collecting: they are served as they are, or none is newer.

    Asked because collecting takes longer than all the rest, and can't write into an image.
    """
    name = getattr(staticfiles_storage, "manifest_name", None)
    if name is None:
        return True
    manifest = Path(settings.STATIC_ROOT) / name
    if not manifest.exists():
        return False
    collected = manifest.stat().st_mtime
    return all(
        Path(storage.path(path)).stat().st_mtime < collected
        for finder in get_finders()
        for path, storage in finder.list(None)
    )


def prepare_demo() -> None:
    """The demo's user, admin of the demo's account, with the simulator's token."""
    try:
        base_url = check_url(settings.SIMULATOR_URL, kind="cloudflare", rules=address_rules())
    except AddressRefused as refused:
        raise CommandError(f"CONSOLE_SIMULATOR_URL: {refused.message}") from None
    user, is_new = User.objects.get_or_create(username=DEMO_USER)
    if is_new:
        record_event(
            actor=None, actor_name="manage.py", action=AuditAction.USER_CREATE, target=DEMO_USER
        )
    # only when it differs: a new hash would log the user out everywhere
    if not user.check_password(settings.DEMO_PASSWORD):
        user.set_password(settings.DEMO_PASSWORD)
        user.save(update_fields=["password"])
    actor = Actor(user=user, origin=Origin(address="manage.py"))
    try:
        membership = demo_membership(user, base_url)
        if membership is None:
            membership = demo_join(actor=actor, base_url=base_url)
            prepare_dashboard(replace(actor, account=membership.account))
    except InvitationNeeded:
        return  # an admin of the demo put the user out, and that holds
    if membership.role != Role.ADMIN:
        with replace(actor, account=membership.account).recording(
            AuditAction.MEMBER_ROLE,
            target=DEMO_USER,
            detail={"from": membership.role, "to": Role.ADMIN},
        ):
            membership_change(membership, role=Role.ADMIN)


def prepare_dashboard(actor: Actor) -> None:
    """The demo's first dashboard, and its token lent, so that the worker has something to look
    with. Once only: what a person takes away stays away."""
    assert actor.account is not None  # noqa: S101 - the demo's account
    token = token_for(actor.user, actor.account)
    if token is not None:
        token_lend(actor=actor, token=token, lent=ApiToken.Lent.DASHBOARDS)
    preset = PRESETS["on-call"]
    board = dashboard_create(actor=actor, title=preset.title, panels=preset.made())
    dashboard_share(board, actor=actor)
