"""What panels read of the API. Most are answered from our own rows (`models.history`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

from workflows_ui import cloudflare as cf
from workflows_ui.queries.reads import Reading, read
from workflows_ui.side_by_side import all_of, few_at_once
from workflows_ui.watching import Board

PER_PAGE = 100
MOST_PAGES = 20


class NeedsToken(Exception):
    """The panel reads the API, and no token is lent to the account's dashboards."""


def all_workflows(board: Board) -> Reading[tuple[cf.Workflow, ...]]:
    """Every workflow of the account with its counts (4.1), one reading for all panels.

    Raises NeedsToken or CloudflareError.
    """
    if board.api is None:
        raise NeedsToken
    return read(board.reader, "every workflow", partial(walked, board.api), fresh=board.fresh)


def walked(api: cf.WorkflowsApi) -> tuple[cf.Workflow, ...]:
    """The first page says how many there are; the others are read side by side."""

    def page(number: int) -> cf.Page[cf.Workflow]:
        return api.list_workflows(page=number, per_page=PER_PAGE)

    first = page(1)
    if first.total_count is None:
        rest = in_turn(first, page)
    else:
        last = min(-(-first.total_count // PER_PAGE), MOST_PAGES)
        numbers = range(2, last + 1)
        rest = chain.from_iterable(few_at_once([partial(page, number) for number in numbers]))
    found = [item for each in (first, *rest) for item in each.items]
    if not api.capabilities.list_counts:
        return tuple(all_of([partial(api.get_workflow, item.name) for item in found]))
    return tuple(found)


def in_turn(
    page: cf.Page[cf.Workflow], read_page: Callable[[int], cf.Page[cf.Workflow]]
) -> Iterator[cf.Page[cf.Workflow]]:
    """The pages after this one, where nobody told how many there are."""
    while page.has_next and page.page < MOST_PAGES:
        page = read_page(page.page + 1)
        yield page
