from __future__ import annotations

from urllib.parse import parse_qs

from django.http import QueryDict

from workflows_ui.presenters.paging import REMEMBERED, Trail


def follow(url: str, following: str | None) -> Trail:
    return Trail(QueryDict(url.removeprefix("?")), following)


def test_one_can_go_forward_and_back_the_same_way():
    first = follow("?status=errored", "B")
    second = follow(first.next_url, "C")
    third = follow(second.next_url, None)
    assert (first.page, second.page, third.page) == (1, 2, 3)
    assert third.next_url == ""
    assert follow(third.previous_url, "C").here == "B"
    assert follow(second.previous_url, "B").here == ""


def test_filters_stay_on_the_way():
    url = follow("?status=errored&since=24h", "B").next_url
    assert parse_qs(url[1:])["status"] == ["errored"]
    assert parse_qs(follow(url, None).first_url[1:]) == {"status": ["errored"], "since": ["24h"]}


def test_a_long_way_does_not_make_a_long_address():
    trail = follow("", "c0")
    for number in range(60):
        trail = follow(trail.next_url, f"c{number + 1}")
    assert len(trail.walked) == REMEMBERED


def test_a_shared_address_without_the_way_leads_back_to_the_newest():
    trail = follow("?cursor=X", None)
    assert trail.previous_url == trail.first_url == "?"
