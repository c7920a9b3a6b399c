from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from workflows_ui import cloudflare as cf
from workflows_ui.queries.boards import MOST_PAGES, walked
from workflows_ui.side_by_side import FEW


class Api:
    """So many workflows; pages after the first wait until `together` of them are asked for."""

    capabilities = SimpleNamespace(list_counts=True)

    def __init__(
        self, count: int, *, told: bool = True, together: int = 1, broken: int = 0
    ) -> None:
        self.count, self.told, self.broken = count, told, broken
        self.meeting = threading.Barrier(together, timeout=10)
        self.asked: list[int] = []

    def list_workflows(self, *, page: int, per_page: int) -> cf.Page[str]:
        self.asked.append(page)
        if page > 1:
            self.meeting.wait()
        if page == self.broken:
            raise cf.RateLimited("slow down")
        names = range((page - 1) * per_page, min(page * per_page, self.count))
        items = tuple(f"w-{number}" for number in names)
        total = self.count if self.told else None
        return cf.Page(items=items, page=page, per_page=per_page, total_count=total)


@pytest.mark.parametrize("count", [0, 1, 100])
def test_one_page_is_one_call(count):
    api = Api(count)
    assert len(walked(api)) == count
    assert api.asked == [1]


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (99, 1), (250, 3), (100_000, MOST_PAGES)])
def test_where_nobody_tells_how_many_there_are_a_full_page_asks_for_the_next(count, pages):
    api = Api(count, told=False)
    assert len(walked(api)) == min(count, pages * 100)
    assert api.asked == list(range(1, pages + 1))


def test_the_pages_after_the_first_are_read_side_by_side_in_their_order():
    api = Api(450, together=4)
    assert walked(api) == tuple(f"w-{number}" for number in range(450))
    assert sorted(api.asked) == [1, 2, 3, 4, 5]


def test_no_more_are_read_at_once_and_in_all_than_a_page_bears():
    api = Api(100_000)
    assert len(walked(api)) == MOST_PAGES * 100
    assert sorted(api.asked) == list(range(1, MOST_PAGES + 1))
    assert set(api.asked[: FEW + 1]) == set(range(1, FEW + 2))


def test_a_page_that_is_refused_stops_the_rest():
    api = Api(2_000, broken=3)
    with pytest.raises(cf.RateLimited):
        walked(api)
    assert len(api.asked) <= FEW + 1
