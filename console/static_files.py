"""The static files as they are served: addresses, and the style sheets in one piece."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

SHEET = "css/app.css"
IMPORT = re.compile(r'@import url\("([\w.-]+)"\) layer\(([\w-]+)\);')


class ManifestStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Works out each address once: a page asks for that of the icons a hundred times."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._addresses: dict[str, str] = {}

    def url(self, name: str, force: bool = False) -> str:
        if name not in self._addresses:
            self._addresses[name] = str(super().url(name, force))
        return self._addresses[name]

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        """Puts in what the main sheet imports: a browser would ask for it once more each, after
        it has the sheet."""
        if SHEET in paths and not dry_run:
            paths = paths | {SHEET: (joined(paths), SHEET)}
        yield from super().post_process(paths, dry_run, **options)


def joined(paths: dict[str, Any]) -> InMemoryStorage:
    """The main sheet with each import in its place, in the layer that was named for it."""

    def text_of(name: str) -> str:
        storage, path = paths[name]
        with storage.open(path) as file:
            return str(file.read().decode())

    def imported(found: re.Match[str]) -> str:
        return f"@layer {found[2]} {{\n{text_of(f'css/{found[1]}')}\n}}"

    sheet = InMemoryStorage()
    sheet.save(SHEET, ContentFile(IMPORT.sub(imported, text_of(SHEET))))
    return sheet
