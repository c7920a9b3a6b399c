from __future__ import annotations

import logging

import pytest
from django.conf import settings

from console.log_lines import OneLineForRefusals


@pytest.fixture
def lines(caplog) -> pytest.LogCaptureFixture:
    caplog.handler.addFilter(OneLineForRefusals())
    return caplog


@pytest.mark.django_db
def test_a_refusal_is_one_line(lines, viewer_client):
    assert viewer_client.get("/a/acme/workflows/checkout/trigger/").status_code == 403
    (said,) = [record for record in lines.records if record.name == "django.request"]
    assert "/a/acme/workflows/checkout/trigger/" in said.getMessage()
    assert "Traceback" not in lines.text


def test_a_fault_of_ours_is_told_whole(lines):
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        logging.getLogger("django.request").error("It broke", exc_info=True)
    assert "Traceback" in lines.text


def test_the_handler_has_the_filter():
    assert settings.LOGGING["handlers"]["out"]["filters"] == ["refusals"]
