"""What the worker does in the background."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.tasks import task
from django.utils import timezone

from console.team.models import Account
from workflows_ui.cloudflare import CloudflareError
from workflows_ui.presenters.trouble import trouble_of
from workflows_ui.services.sampling import lease_end, lease_take, sample
from workflows_ui.watching import sampling_api

EVERY = timedelta(seconds=60)
CALLS = 48
"""For a round, so that sampling takes a fifth of what a token may call in five minutes."""
NO_TOKEN = "No token is lent to this account's dashboards."  # noqa: S105 - a sentence


@task()
def sample_account(account_id: int) -> None:
    """One round of sampling, unless another process is at it. What went wrong is kept and shown."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None or not lease_take(account, now=timezone.now()):
        return
    problem = "The sampler made a mistake; the server's log says more."
    try:
        api = sampling_api(account)
        problem = "" if api else NO_TOKEN
        if api:
            sample(account, api, calls=CALLS)
    except CloudflareError as error:
        problem = trouble_of(error).title
    finally:
        lease_end(account, problem=problem)


def due_accounts() -> list[int]:
    """The accounts whose last round began a minute ago or earlier."""
    now = timezone.now()
    waiting = Q(sampling__isnull=True) | Q(sampling__tried__lt=now - EVERY)
    free = Q(sampling__leased_until__isnull=True) | Q(sampling__leased_until__lt=now)
    return list(Account.objects.filter(waiting, free).values_list("pk", flat=True))
