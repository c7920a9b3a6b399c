from __future__ import annotations

import pytest
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
    answer = client.post("/preferences/", {"file": file})
    assert answer.status_code == 400
