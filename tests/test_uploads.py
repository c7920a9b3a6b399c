from __future__ import annotations

import pytest
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_no_file_is_taken_from_anyone():
    make_user("somebody")
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    file = SimpleUploadedFile("big.bin", b"x" * 100_000)
    answer = strict.post("/preferences/", {"theme": "dark", "file": file})
    assert answer.status_code == 403
    assert not answer.wsgi_request.FILES


def test_a_request_larger_than_any_form_is_refused(settings):
    client = Client(raise_request_exception=False)
    client.force_login(make_user("somebody"))
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 50_000
    file = SimpleUploadedFile("big.bin", b"x" * 100_000)
    for values in ({"file": file}, {"theme": "x" * 100_000}):
        answer = client.post("/preferences/", values)
        assert answer.status_code == 400
        assert "more than a form here takes" in answer.content.decode()


def batch_view(client: Client, **files):
    return client.post("/a/nowhere/workflows/orders/batch/", files)


def test_the_batch_takes_one_file_in_memory_from_whoever_is_logged_in():
    client = Client()
    client.force_login(make_user("somebody"))
    one, two = (SimpleUploadedFile(f"{n}.csv", b"x" * 300_000) for n in "12")
    answer = batch_view(client, file=one)
    assert answer.status_code == 404
    assert [len(file.read()) for file in answer.wsgi_request.FILES.values()] == [300_000]
    assert list(batch_view(client, file=one, more=two).wsgi_request.FILES) == ["file"]
    assert not batch_view(Client(), file=one).wsgi_request.FILES


def test_of_a_file_that_is_too_large_only_so_much_is_kept():
    client = Client(raise_request_exception=False)
    client.force_login(make_user("somebody"))
    big = SimpleUploadedFile("big.csv", b"x" * 6_000_000)
    kept = batch_view(client, file=big).wsgi_request.FILES["file"]
    assert kept.size == 4 * 1024 * 1024 + 1
    huge = SimpleUploadedFile("huge.csv", b"x" * 17_000_000)
    with pytest.raises(RequestDataTooBig):
        _ = batch_view(client, file=huge).wsgi_request.FILES
