"""Writes to instances."""

from __future__ import annotations

import logging

from console.team.models import User
from workflows_ui import cloudflare as cf

logger = logging.getLogger(__name__)


class AlreadyExists(Exception):
    """The workflow has an instance of this id already."""


class OutcomeUnknown(Exception):
    """The create got no answer, and whether the instance exists could not be told."""

    def __init__(self, instance_id: str, error: cf.CloudflareError) -> None:
        super().__init__(instance_id)
        self.instance_id = instance_id
        self.error = error


def instance_create(
    *, actor: User, api: cf.WorkflowsApi, workflow: str, new: cf.NewInstance
) -> cf.CreatedInstance:
    """Triggers one instance (4.6), sent once only.

    A create whose answer was lost is settled by asking for its id. Raises AlreadyExists,
    OutcomeUnknown, or the CloudflareError that says why nothing was made.
    """
    try:
        created = api.create_instance(workflow, new)
    except cf.CloudflareError as error:
        if taken(error):
            raise AlreadyExists(new.instance_id) from None
        if not error.maybe_done:
            raise
        created = settled(api, workflow, new.instance_id, error)
    logger.info("instance_created user=%s workflow=%s id=%s", actor.pk, workflow, created.id)
    return created


def taken(error: cf.CloudflareError) -> bool:
    return error.code == cf.ALREADY_EXISTS or isinstance(error, cf.Conflict)


def settled(
    api: cf.WorkflowsApi, workflow: str, instance_id: str, lost: cf.CloudflareError
) -> cf.CreatedInstance:
    """The instance whose create got no answer, if it is there.

    A "not found" now proves nothing: the create may still be on its way.
    """
    try:
        detail = api.get_instance(workflow, instance_id, simple=True)
    except cf.CloudflareError:
        raise OutcomeUnknown(instance_id, lost) from None
    return cf.CreatedInstance(
        id=instance_id,
        status=detail.status,
        version_id=detail.version_id,
        trigger_source=detail.trigger_source,
    )
