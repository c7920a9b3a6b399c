from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from workflows_ui.watching import Board

# no HTML of the writer's own, no images: what a note shows never comes from elsewhere
markdown = MarkdownIt("commonmark", {"html": False}).disable("image").enable("table")


def read(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The text, drawn from its Markdown."""
    return {"html": SafeString(markdown.render(str(settings.get("text", ""))))}
