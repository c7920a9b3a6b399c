"""Reads of dashboards: which there are, and each panel drawn once for everybody who watches."""

from __future__ import annotations

from django.db.models import F, Q
from django.utils import timezone

from console.team.models import Account, User
from console.team.roles import Action, Role, actions_of
from workflows_ui.models import Dashboard, DashboardLink, Panel

MAKERS = [role for role in Role if Action.ACCOUNT_MANAGE in actions_of(role)]


def dashboards_of(user: User, account: Account) -> list[Dashboard]:
    """The person's own dashboards and those shared with the account, by title."""
    seen = Q(owner=user) | Q(shared=True)
    return list(Dashboard.objects.filter(seen, account=account).select_related("owner"))


def dashboard_for(user: User, account: Account, pk: int) -> Dashboard | None:
    """One of them; None for one that isn't the person's to see."""
    try:
        found = Dashboard.objects.get(account=account, pk=pk)
    except Dashboard.DoesNotExist:
        return None
    return found if found.shared or found.owner_id == user.pk else None


def start_page(user: User, account: Account) -> Dashboard | None:
    """The dashboard that the person starts with, as long as they may see it."""
    chosen = Q(startpage__user=user, startpage__account=account)
    seen = Q(owner=user) | Q(shared=True)
    return Dashboard.objects.filter(chosen, seen, account=account).first()


def panels_of(board: Dashboard) -> list[Panel]:
    """Its panels in their order."""
    return list(board.panels.all())


def link_of(secret: str) -> DashboardLink | None:
    """The link with this secret, while it holds: not expired, its dashboard shared, and its maker
    still somebody who may make one."""
    found = DashboardLink.objects.select_related("dashboard__account").filter(
        digest=DashboardLink.digest_of(secret),
        expires__gt=timezone.now(),
        dashboard__shared=True,
        made_by__is_active=True,
        made_by__memberships__account=F("dashboard__account"),
        made_by__memberships__role__in=MAKERS,
    )
    return found.first()
