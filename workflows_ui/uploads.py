"""No file is taken, except by a view that says so: what a stranger sends must not fill the disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

MOST_BYTES = 4 * 1024 * 1024
LARGEST_REQUEST = 16 * 1024 * 1024
"""With a file: what is over MOST_BYTES is read and dropped, so that the form can say so."""


def takes_a_file[View: Callable[..., Any]](view: View) -> View:
    """Lets the view take one file, in memory, from somebody who is logged in."""
    view.takes_a_file = True  # type: ignore[attr-defined]
    return view


class FewUploads(FileUploadHandler):
    """Of a file at most MOST_BYTES and one byte more are kept."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.content = bytearray()
        self.seen = False

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django's name, passed by keyword elsewhere
        content_length: int,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        most = LARGEST_REQUEST if self.is_wanted() else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if content_length > most:
            raise RequestDataTooBig("The request is larger than any form here.")

    def is_wanted(self) -> bool:
        # asked before the view runs: the token against forgery stands in the same body
        request: Any = self.request
        match = getattr(request, "resolver_match", None)
        takes = match is not None and getattr(match.func, "takes_a_file", False)
        return bool(takes and request.user.is_authenticated)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.seen or not self.is_wanted():
            raise StopUpload(connection_reset=True)
        self.seen = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.content += raw_data[: MOST_BYTES + 1 - len(self.content)]

    def file_complete(self, file_size: int) -> SimpleUploadedFile:
        return SimpleUploadedFile(self.file_name or "rows", bytes(self.content))
