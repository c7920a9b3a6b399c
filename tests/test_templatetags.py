from __future__ import annotations

from datetime import UTC, datetime

from django.template import Context, Template
from django.utils import timezone

from console.audit.queries import Creator
from workflows_ui.cloudflare import InstanceRow
from workflows_ui.presenters.instances import instance_line
from workflows_ui.presenters.status import look_of
from workflows_ui.presenters.words import cut
from workflows_ui.presenters.workflows import segments


def drawn(text: str, **values: object) -> str:
    return Template("{% load console %}" + text).render(Context(values))


def test_badges_and_counts_are_those_of_what_they_are_given():
    assert "complete" in drawn("{% status look %}", look=look_of("complete"))
    assert "errored" in drawn("{% status look %}", look=look_of("errored"))
    odd = drawn("{% status look %}", look=look_of("<b>odd</b>"))
    assert "&lt;b&gt;odd&lt;/b&gt;" in odd
    assert "<b>odd" not in odd
    assert "1,204" in drawn("{% counts counts %}", counts=segments({"errored": 1204}, "/w/"))
    assert "?status=errored" in drawn("{% counts counts %}", counts=segments({"errored": 7}, "/x/"))
    assert "not told" in drawn("{% counts counts %}", counts=None)
    assert "none yet" in drawn("{% counts counts %}", counts=())


def test_an_exact_moment_is_told_in_the_zone_of_who_looks():
    moment = datetime(2026, 7, 1, 12, tzinfo=UTC)
    with timezone.override("Europe/Berlin"):
        assert "14:00:00 CEST" in drawn("{% ago moment %}", moment=moment)
    with timezone.override("Asia/Tokyo"):
        assert "21:00:00 JST" in drawn("{% ago moment %}", moment=moment)


def test_an_id_leads_to_its_page_and_stands_alone_without_one():
    text = "{% row_link id url %}"
    linked = drawn(text, id=cut("0b7e6f3a-12c4-4f5e-9d21-77aa01c2"), url="/i/")
    assert 'href="/i/"' in linked
    assert '<span class="id-tail">77aa01c2</span>' in linked
    alone = drawn(text, id=cut('<i>"'), url="")
    assert "<a" not in alone
    assert "&lt;i&gt;&quot;" in alone
    assert "<i>" not in alone


def test_icons_are_told_apart_by_id_and_class():
    assert "#user" in drawn('{% icon "user" %}')
    assert 'class="icon push"' in drawn('{% icon "user" "push" %}')
    assert 'class="icon"' in drawn('{% icon "user" %}')


def test_a_page_waits_for_its_answer_where_it_says_so():
    asked = []

    class Before:
        def __str__(self) -> str:
            asked.append("drawn")
            return "before "

    def answer() -> dict[str, str]:
        asked.append("answer")
        return {"name": "after"}

    text = drawn("{{ before }}{% answer %}{{ name }}", before=Before(), answer=answer)
    assert text == "before after"
    assert asked == ["drawn", "answer"]


ROWS = "{% instance_rows lines ticks=ticks versions=versions trigger_url=url %}"
ALL = {"ticks": ["terminate"], "versions": True, "url": "/trigger/"}


def line(id: str, **values: object):
    row = InstanceRow(id=id, status="complete", **values)
    by = Creator(7, values.get("version_id") or "ann", 1)
    return instance_line(row, account="acme", workflow="orders", by=by)


def test_rows_that_look_alike_are_each_their_own():
    first, second = drawn(ROWS, lines=[line("order-1"), line("order-2")], **ALL).split("</tr>")[:2]
    for name, row in (("order-1", first), ("order-2", second)):
        assert f'<tr id="i-{name}">' in row
        assert f'value="{name}"' in row
        assert f'href="/a/acme/workflows/orders/instances/{name}/"' in row
        assert f'href="/trigger/?from={name}"' in row
        assert row.count("order-") == row.count(name)


def test_a_row_offers_what_may_be_done_alone():
    row = drawn(ROWS, lines=[line("order-1", version_id="v-1")], ticks=[], versions=False, url="")
    assert "order-1" in row
    assert not [word for word in ("checkbox", "Run again", '"Version"') if word in row]
    assert "checkbox" not in drawn(ROWS, lines=[line("no/../page?")], **ALL)


def test_a_row_escapes_whatever_it_is_filled_with():
    hostile = '"><script>'
    row = drawn(ROWS, lines=[line(hostile, version_id=hostile, trigger_source=hostile)], **ALL)
    assert "<script>" not in row
    assert '""' not in row
    assert row.count("&quot;&gt;&lt;script&gt;") >= 4


def test_nothing_from_elsewhere_passes_for_a_gap():
    row = drawn(ROWS, lines=[line("<gap>id<gap>"), line('{% gap "link" %}')], **ALL)
    assert "<gap" not in row
    assert "&lt;gap&gt;id&lt;gap&gt;" in row
