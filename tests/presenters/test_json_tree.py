from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows_ui.presenters.json_tree import NODES_SHOWN, json_tree

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_any_value_gives_balanced_markup_and_no_markup_of_its_own(value):
    html = json_tree(value)
    for tag in ("details", "div", "li", "ul", "span", "summary"):
        assert html.count(f"<{tag}") == html.count(f"</{tag}>")
    assert "<script" not in html


@pytest.mark.parametrize("place", ["key", "value"])
def test_hostile_text_stays_text(place):
    hostile = '<script>alert("1")</script>'
    html = json_tree({hostile: 1} if place == "key" else {"a": hostile})
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_huge_list_is_cut_and_says_so():
    html = json_tree(list(range(20_000)))
    assert html.count("json-number") <= NODES_SHOWN
    assert "more not shown" in html


def test_deep_nesting_ends():
    value: object = 1
    for _ in range(5_000):
        value = [value]
    assert "more not shown" in json_tree(value)


def test_a_long_text_tells_its_length():
    assert "10,000 characters" in json_tree("x" * 10_000)


def test_lone_surrogates_do_not_break_it():
    assert json_tree(json.loads('"\\ud800"')).encode("utf-8", "replace")
