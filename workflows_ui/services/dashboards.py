"""Writes to dashboards. Our own rows only; no call goes out."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.team.models import Account, User
from workflows_ui.models import Dashboard, DashboardLink, Panel, StartPage

MOST_PANELS = 24


class TooManyPanels(Exception):
    """A dashboard holds at most MOST_PANELS panels. Nothing was added."""

    maybe_done = False


def dashboard_create(*, actor: Actor, title: str, panels: Sequence[Panel] = ()) -> Dashboard:
    """A private dashboard of the actor's, with these panels in their order."""
    assert actor.account is not None  # noqa: S101 - a dashboard is always of an account
    with actor.recording(AuditAction.DASHBOARD_CREATE, target=title), transaction.atomic():
        board = Dashboard.objects.create(account=actor.account, owner=actor.user, title=title)
        for place, panel in enumerate(panels):
            panel.pk, panel.dashboard, panel.place = None, board, place
            panel.save(force_insert=True)
    return board


def dashboard_rename(board: Dashboard, *, actor: Actor, title: str) -> None:
    """Gives it another title."""
    with changing(board, actor, was=board.title, title=title):
        board.title = title
        board.save(update_fields=["title"])


def dashboard_share(board: Dashboard, *, actor: Actor) -> None:
    """Shows it to everybody of the account."""
    with actor.recording(AuditAction.DASHBOARD_SHARE, target=board.title):
        board.shared = True
        board.save(update_fields=["shared", "changed"])


def dashboard_unshare(board: Dashboard, *, actor: Actor) -> int:
    """Shows it to its owner alone again. How many links ended with that."""
    action = AuditAction.DASHBOARD_UNSHARE
    with actor.recording(action, target=board.title), transaction.atomic():
        held = board.links_held
        board.links.all().delete()
        board.shared = False
        board.save(update_fields=["shared", "changed"])
    return held


def dashboard_delete(board: Dashboard, *, actor: Actor) -> None:
    """Deletes it with its panels and links."""
    with actor.recording(AuditAction.DASHBOARD_DELETE, target=board.title):
        board.delete()


def panel_add(
    board: Dashboard,
    *,
    actor: Actor,
    kind: str,
    title: str,
    size: str,
    settings: dict[str, Any],
) -> Panel:
    """Adds a panel at the end. Raises TooManyPanels."""
    with changing(board, actor, added=kind):
        places = list(ordered(board).values_list("place", flat=True))
        if len(places) >= MOST_PANELS:
            raise TooManyPanels
        place = places[-1] + 1 if places else 0
        return board.panels.create(
            kind=kind, title=title, size=size, settings=settings, place=place
        )


def panel_change(
    panel: Panel, *, actor: Actor, title: str, size: str, settings: dict[str, Any]
) -> None:
    """Changes what a panel shows and how large it is."""
    with changing(panel.dashboard, actor, changed=panel.kind):
        panel.title, panel.size, panel.settings = title, size, settings
        panel.save(update_fields=["title", "size", "settings"])


def panel_move(panel: Panel, *, actor: Actor, by: int) -> None:
    """Moves it towards the end (`by` 1) or the beginning (-1); at the edge it stays."""
    with changing(panel.dashboard, actor, moved=panel.kind):
        panels = list(ordered(panel.dashboard))
        here = panels.index(panel)
        there = min(max(here + by, 0), len(panels) - 1)
        panels.insert(there, panels.pop(here))
        for place, each in enumerate(panels):
            each.place = place
        Panel.objects.bulk_update(panels, ["place"])


def panel_remove(panel: Panel, *, actor: Actor) -> None:
    """Takes it off the dashboard."""
    with changing(panel.dashboard, actor, removed=panel.kind):
        panel.delete()


def start_with(board: Dashboard | None, *, user: User, account: Account) -> None:
    """Makes it what the person starts with at the account; None for the list of workflows."""
    if board is None:
        StartPage.objects.filter(user=user, account=account).delete()
    else:
        StartPage.objects.update_or_create(
            user=user, account=account, defaults={"dashboard": board}
        )


def link_make(
    board: Dashboard, *, actor: Actor, label: str, expires: datetime
) -> tuple[DashboardLink, str]:
    """A read-only link and its secret, which is told this once."""
    secret = secrets.token_urlsafe(32)
    with actor.recording(
        AuditAction.DASHBOARD_LINK,
        target=board.title,
        detail={"link": label, "expires": expires.isoformat()},
    ):
        link = board.links.create(
            digest=DashboardLink.digest_of(secret), label=label, made_by=actor.user, expires=expires
        )
    return link, secret


def link_revoke(link: DashboardLink, *, actor: Actor) -> None:
    """Ends a link at once."""
    with actor.recording(
        AuditAction.DASHBOARD_UNLINK, target=link.dashboard.title, detail={"link": link.label}
    ):
        link.delete()


@contextmanager
def changing(board: Dashboard, actor: Actor, **detail: Any) -> Iterator[None]:
    """Writes the change down, and its moment too: whoever watches sees it at once."""
    action = AuditAction.DASHBOARD_CHANGE
    with actor.recording(action, target=board.title, detail=detail), transaction.atomic():
        yield
        Dashboard.objects.filter(pk=board.pk).update(changed=timezone.now())


def ordered(board: Dashboard) -> Any:
    """Its panels in their order, locked, so that two who move panels don't mix them up."""
    return board.panels.select_for_update().order_by("place", "pk")
