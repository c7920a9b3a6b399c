"""Who may do what: the one table from role to actions."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from fnmatch import fnmatchcase

from django.db import models


class Role(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    ADMIN = "admin", "Admin"


class Action(StrEnum):
    """`subject:verb`, in the API's own words."""

    WORKFLOW_VIEW = "workflow:view"
    INSTANCE_TRIGGER = "instance:trigger"
    INSTANCE_EVENT = "instance:event"
    INSTANCE_PAUSE = "instance:pause"
    INSTANCE_RESUME = "instance:resume"
    INSTANCE_RESTART = "instance:restart"
    INSTANCE_TERMINATE = "instance:terminate"
    INSTANCE_DELETE = "instance:delete"
    WORKFLOW_WRITE = "workflow:write"
    WORKFLOW_DELETE = "workflow:delete"
    WORKFLOW_PROTECT = "workflow:protect"
    ACCOUNT_MANAGE = "account:manage"
    MEMBER_VIEW = "member:view"
    MEMBER_MANAGE = "member:manage"
    TOKEN_LEND = "token:lend"  # noqa: S105 - a name, not a secret
    TRAIL_VIEW = "trail:view"
    TRAIL_EXPORT = "trail:export"


VIEWER_ACTIONS = frozenset({Action.WORKFLOW_VIEW, Action.MEMBER_VIEW, Action.TRAIL_VIEW})
OPERATOR_ACTIONS = VIEWER_ACTIONS | {
    Action.INSTANCE_TRIGGER,
    Action.INSTANCE_EVENT,
    Action.INSTANCE_PAUSE,
    Action.INSTANCE_RESUME,
    Action.INSTANCE_RESTART,
}
ROLE_ACTIONS: dict[str, frozenset[Action]] = {
    Role.VIEWER: VIEWER_ACTIONS,
    Role.OPERATOR: OPERATOR_ACTIONS,
    Role.ADMIN: frozenset(Action),
}


def actions_of(role: str) -> frozenset[Action]:
    """What a role may do. An unknown role may do nothing."""
    return ROLE_ACTIONS.get(role, frozenset())


def may(role: str, action: Action, *, workflow: str = "", limits: Iterable[str] = ()) -> bool:
    """Whether a role holds the action, on this workflow where it acts on one.

    `limits` are globs that bind an operator to the workflows whose names fit one of them. Reading
    stays whole; an act that names no workflow fits none.
    """
    if action not in actions_of(role):
        return False
    if role != Role.OPERATOR or action in VIEWER_ACTIONS or not (globs := list(limits)):
        return True
    return bool(workflow) and any(fnmatchcase(workflow, glob) for glob in globs)
