from __future__ import annotations

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict

from workflows_ui.cloudflare import NOTHING
from workflows_ui.forms.batches import BatchForm, SweepForm, TickedForm
from workflows_ui.uploads import MOST_BYTES

KEY = str(uuid.uuid4())


def form(text: str = "", file: bytes | None = None, **values) -> BatchForm:
    data = QueryDict(mutable=True)
    data.update({"key": KEY, "text": text, "kind": "", "id_column": "", **values})
    files = {} if file is None else {"file": SimpleUploadedFile("rows.csv", file)}
    return BatchForm(data, files)


def test_the_ids_follow_from_the_key_so_that_a_resend_asks_for_the_same():
    first, second = form("n\n1\n2\n"), form("n\n1\n2\n")
    assert first.is_valid()
    assert second.is_valid()
    ids = [one.instance_id for one in first.new_instances]
    assert ids == [one.instance_id for one in second.new_instances]
    assert len(set(ids)) == 2
    second = form("n\n1\n2\n", key=str(uuid.uuid4()))
    assert second.is_valid()
    assert not set(ids) & {one.instance_id for one in second.new_instances}


def test_a_renewed_key_draws_new_ids_and_keeps_the_rows():
    drawn = form('[{"params": {}}]')
    assert drawn.is_valid()
    drawn.renew_key()
    assert drawn["key"].value() != KEY
    (one,) = drawn.new_instances
    assert uuid.UUID(one.instance_id)
    assert one.params is NOTHING


def test_a_file_goes_before_what_is_pasted_and_stands_in_the_field_after():
    given = form("old", b"\xef\xbb\xbfinstance_id;name\r\nx;Zo\xc3\xab\r\n")
    assert given.is_valid()
    assert given["text"].value() == "instance_id;name\nx;Zoë\n"
    assert given.rows[0].params == {"name": "Zoë"}


def test_a_file_in_another_encoding_says_on_which_line():
    given = form(file="a\nok\nZoë".encode("latin-1"))
    assert not given.is_valid()
    assert given.errors["file"] == ["The file is not UTF-8 on line 3."]


@pytest.mark.parametrize("field", ["text", "file"])
def test_more_than_4_mib_is_said_at_its_field(field):
    big = "x" * (MOST_BYTES + 1)
    given = form(big) if field == "text" else form(file=big.encode())
    assert not given.is_valid()
    assert "over 4 MiB" in given.errors[field][0]


def test_a_problem_keeps_the_rows():
    given = form("a,b\r\n1\r\n")
    assert not given.is_valid()
    assert given["text"].value() == "a,b\n1\n"
    assert given.problems[0].row == 1


def ticked(*ids: str, **values) -> TickedForm:
    data = QueryDict(mutable=True)
    data.update({"key": KEY, "reason": "", **values})
    data.setlist("instance", list(ids))
    return TickedForm(data, workflow="orders", protected=False)


def test_ticked_ids_are_taken_once_and_survive_a_new_key():
    asked = ticked("a", "*/5 * * * *-1", "a")
    assert asked.is_valid()
    assert asked.cleaned_data["instance"] == ["a", "*/5 * * * *-1"]
    asked.renew_key()
    assert asked.ids == ["a", "*/5 * * * *-1", "a"]


@pytest.mark.parametrize("ids", [[], ["a/../b\n"], ["x" * 272], [f"i{n}" for n in range(501)]])
def test_what_cannot_be_ticked_is_refused(ids):
    assert not ticked(*ids).is_valid()


def test_a_status_that_ends_by_itself_cannot_be_swept():
    data = QueryDict(mutable=True)
    data.update({"key": KEY, "status": "complete"})
    assert "status" in SweepForm(data, workflow="w", protected=False).errors
