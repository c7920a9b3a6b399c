"""What the worker does in the background."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q
from django.tasks import task
from django.utils import timezone

from console.team.models import Account
from console.vault.sealing import CannotOpen
from workflows_ui.budget import CALLS, SAMPLER, UNATTENDED, may_read_in_background, used
from workflows_ui.cloudflare import CloudflareError
from workflows_ui.presenters.trouble import trouble_of
from workflows_ui.queries.history import NO_TOKEN
from workflows_ui.services.sampling import lease_end, lease_take, sample
from workflows_ui.watching import Board, sampling_board

EVERY = timedelta(seconds=60)
AGAIN = timedelta(seconds=15)
"""After a round that failed."""
SHARE = CALLS // 5
"""Of the calls that a token has in five minutes."""
LEAST = SHARE // 8
"""For a round, so that there is one every minute whatever the rounds before took."""
YIELDS = "Few calls are left in these five minutes, and people come first."


@task()
def sample_account(account_id: int) -> None:
    """One round of sampling, unless another process is at it. What went wrong is kept and shown."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None or (until := lease_take(account, now=timezone.now())) is None:
        return
    problem = "The sampler made a mistake; the server's log says more."
    try:
        problem = look(sampling_board(account))
    except CannotOpen:
        problem = "The lent token can't be opened: a key of the vault is missing."
    except CloudflareError as error:
        problem = trouble_of(error).title
    finally:
        lease_end(account, until, problem=problem)


def look(board: Board) -> str:
    """One round, if there is a token for it and calls to spare; else why not."""
    if board.api is None:
        return NO_TOKEN
    if board.account.needs_token and not may_read_in_background(board.reader):
        return YIELDS
    calls = calls_for_round(board.reader)
    if not calls:
        return YIELDS  # a round that can't ask which workflows there are would forget them all
    refused = sample(board.account, board.api, calls=calls)
    return f"The API would not list the instances of {listed(refused)}." if refused else ""


def listed(names: Sequence[str]) -> str:
    """The first of them, in a sentence that stays short."""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"“{names[0]}”{more}"


def calls_for_round(reader: str) -> int:
    """A third of what is left of the share: the first look at an account has much to read, and may
    take more than what each minute leaves to the next."""
    left = max(SHARE - used(reader, UNATTENDED[SAMPLER]), 0)
    return max(left // 3, min(left, LEAST))


def due_accounts() -> list[int]:
    """The accounts whose last round began a minute ago or earlier, a failed one sooner."""
    now = timezone.now()
    troubled = Q(sampling__tried__lt=now - AGAIN) & ~Q(sampling__problem="")
    waiting = Q(sampling__isnull=True) | Q(sampling__tried__lt=now - EVERY) | troubled
    free = Q(sampling__leased_until__isnull=True) | Q(sampling__leased_until__lt=now)
    return list(Account.objects.filter(waiting, free).values_list("pk", flat=True))
