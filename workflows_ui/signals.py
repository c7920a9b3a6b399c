"""What goes with a membership, however it ends."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from console.team.models import Membership
from console.team.roles import Action, actions_of
from workflows_ui.models import DashboardLink


@receiver(post_save, sender=Membership, dispatch_uid="links_end_with_the_role")
def role_saved(instance: Membership, *, created: bool, **_: Any) -> None:
    if not created and Action.ACCOUNT_MANAGE not in actions_of(instance.role):
        end_links(instance)


@receiver(post_delete, sender=Membership, dispatch_uid="links_end_with_the_membership")
def membership_deleted(instance: Membership, **_: Any) -> None:
    end_links(instance)


def end_links(membership: Membership) -> None:
    """For good: whoever manages the account again later finds no old link open."""
    DashboardLink.objects.filter(
        made_by=membership.user_id, dashboard__account=membership.account_id
    ).delete()
