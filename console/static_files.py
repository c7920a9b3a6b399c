"""The static files as they are served: addresses, and style sheets and scripts in one piece."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

SHEET = "css/app.css"
IMPORT = re.compile(r'@import url\("([\w.-]+)"\) layer\(([\w-]+)\);')
BUNDLE = "js/app.js"
SCRIPTS = (
    "django_htmx/htmx-2.min.js",
    "vendor/idiomorph@0.8.0/idiomorph-ext.min.js",
    "js/live.js",
    "js/times.js",
    "js/dialog.js",
    "js/copy.js",
    "js/json_text.js",
    "js/json_editor.js",
    "js/keys.js",
    "js/ticks.js",
)
"""What every page loads, in this order."""


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
        """Makes one file of what a browser would ask for piece by piece."""
        if SHEET in paths and not dry_run:
            for name, text in ((SHEET, sheet(paths)), (BUNDLE, bundle(paths))):
                self.delete(name)
                self.save(name, ContentFile(text))
                paths = paths | {name: (self, name)}
        yield from super().post_process(paths, dry_run, **options)


def scripts() -> tuple[str, ...]:
    """The names of what a page has to load: one when the files were collected."""
    return (BUNDLE,) if isinstance(staticfiles_storage, ManifestStorage) else SCRIPTS


def sheet(paths: dict[str, Any]) -> str:
    """The main sheet with each import in its place, in the layer that was named for it."""

    def imported(found: re.Match[str]) -> str:
        return f"@layer {found[2]} {{\n{text_of(paths, f'css/{found[1]}')}\n}}"

    return IMPORT.sub(imported, text_of(paths, SHEET))


def bundle(paths: dict[str, Any]) -> str:
    """All scripts of a page, none of which goes on with the statement of the one before."""
    return "\n;\n".join(text_of(paths, name) for name in SCRIPTS)


def text_of(paths: dict[str, Any], name: str) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        return str(file.read().decode())
