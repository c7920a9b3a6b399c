from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows_ui.presenters.status import LOOKS
from workflows_ui.presenters.workflows import segments

COUNTS = st.dictionaries(st.sampled_from([*LOOKS, "novel"]), st.integers(0, 10**7), max_size=10)


@given(COUNTS)
def test_the_bar_is_filled_and_each_status_keeps_a_visible_share(counts):
    found = segments(counts, "/w/")
    assert {s.look.label: s.count for s in found} == {k: v for k, v in counts.items() if v}
    if found:
        assert sum(s.width for s in found) == pytest.approx(100, abs=0.1)
        assert min(s.width for s in found) > 2


def test_segments_come_in_the_order_of_a_life_and_link_to_their_instances():
    found = segments({"complete": 5, "queued": 1, "novel": 2, "errored": 0}, "/w/")
    assert [s.look.label for s in found] == ["queued", "complete", "novel"]
    assert found[0].url == "/w/?status=queued"
