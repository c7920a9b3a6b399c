"""What an account's admins set, and the account itself."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from console.audit.actions import AuditAction
from console.audit.actor import Actor
from console.team.models import Account, Protection
from console.team.names import one_line, slugs
from console.team.second_factor import has_second_factor, issuer_vouches


class SecondFactorMissing(Exception):
    """Whoever wants to require a second factor of others has none."""


def account_at(*, kind: str, base_url: str, account_id: str, name: str) -> Account:
    """The account at an address, made when it is missing."""
    at_address = Account.objects.filter(base_url=base_url, account_id=account_id)
    title = one_line(name) or "Account"
    for slug in slugs(title):
        if found := at_address.first():
            return found
        if Account.objects.filter(slug=slug).exists():
            continue
        try:
            with transaction.atomic():
                return Account.objects.create(
                    slug=slug, name=title, kind=kind, base_url=base_url, account_id=account_id
                )
        except IntegrityError:
            continue  # somebody was faster, with the account or with the slug
    raise AssertionError("slugs never end")


def account_rename(*, actor: Actor, name: str) -> None:
    """Gives the actor's account another name. Its address stays."""
    account = on_account(actor)
    detail = {"before": account.name, "after": name}
    with actor.recording(AuditAction.ACCOUNT_RENAME, detail=detail):
        Account.objects.filter(pk=account.pk).update(name=name)


def account_redact(*, actor: Actor, words: list[str], keep_params: bool, reason: str = "") -> None:
    """Sets what the trail leaves out of the params of acts on the actor's account, from now on."""
    account = on_account(actor)
    detail = {
        "before": {"words": account.redacted_keys, "keep_params": account.keep_params},
        "after": {"words": words, "keep_params": keep_params},
    }
    with actor.recording(AuditAction.ACCOUNT_REDACTION, reason=reason, detail=detail):
        Account.objects.filter(pk=account.pk).update(redacted_keys=words, keep_params=keep_params)


def account_require_second_factor(account: Account, *, actor: Actor, required: bool) -> None:
    """Closes the account to members without a second factor, or opens it to them again.

    Raises SecondFactorMissing when the actor, who closes it, has none: they would shut themselves
    out, and ask of others what they don't do.
    """
    if required and not (has_second_factor(actor.user) or issuer_vouches(actor.user)):
        raise SecondFactorMissing
    if account.require_second_factor == required:
        return
    detail = {"require_second_factor": required}
    with actor.recording(AuditAction.ACCOUNT_SETTINGS, target=account.name, detail=detail):
        account.require_second_factor = required
        account.save(update_fields=["require_second_factor"])


def workflow_protect(*, actor: Actor, workflow: str) -> None:
    """Makes destructive acts on the workflow ask for a reason and its name."""
    with actor.recording(AuditAction.WORKFLOW_PROTECT, workflow=workflow):
        Protection.objects.get_or_create(
            account=actor.account, workflow=workflow, defaults={"by": actor.user}
        )


def workflow_unprotect(*, actor: Actor, workflow: str, reason: str) -> None:
    """Lifts the protection again, if there is one."""
    with actor.recording(AuditAction.WORKFLOW_UNPROTECT, workflow=workflow, reason=reason):
        Protection.objects.filter(account=actor.account, workflow=workflow).delete()


def on_account(actor: Actor) -> Account:
    assert actor.account is not None  # noqa: S101 - whoever sets something for one sits there
    return actor.account
