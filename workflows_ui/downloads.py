"""Answers that the browser saves instead of showing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse

UNSAFE = re.compile(r"[^a-zA-Z0-9._-]+")


def json_download(value: Any, name: str) -> HttpResponse:
    content = json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "replace")
    return attachment(content, f"{safe(name)}.json", "application/json")


def bytes_download(content: bytes, name: str) -> HttpResponse:
    """Always as plain bytes: what a step returned must never run as a page of ours."""
    return attachment(content, f"{safe(name)}.bin", "application/octet-stream")


def streamed_download(lines: Iterable[str], name: str, content_type: str) -> StreamingHttpResponse:
    """Text as it is made: a long download is never whole in memory."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    content = (line.encode("utf-8", "replace") for line in lines)
    return StreamingHttpResponse(content, content_type=content_type, headers=headers)


def attachment(content: bytes, name: str, content_type: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


def safe(name: str) -> str:
    return UNSAFE.sub("_", name).strip("._")[:120] or "download"
