"""Any JSON value as a tree that folds. Text stays text: everything is escaped here."""

from __future__ import annotations

import json
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString

from workflows_ui.presenters.words import shorten

NODES_SHOWN = 1_500
TEXT_SHOWN = 4_000
OPEN_TO_DEPTH = 2
DEEPEST = 40


def json_tree(value: Any) -> SafeString:
    """HTML of nested `<details>`. A huge value is cut and says so."""
    writer = _Writer()
    writer.value(value, key="", depth=0)
    return SafeString(f'<div class="json-tree">{"".join(writer.parts)}</div>')


class _Writer:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.left = NODES_SHOWN

    def value(self, value: Any, *, key: str, depth: int) -> None:
        self.left -= 1
        if isinstance(value, dict):
            self.branch(list(value.items()), key=key, depth=depth, ends="{}", keyed=True)
        elif isinstance(value, list):
            entries = [(str(place), item) for place, item in enumerate(value)]
            self.branch(entries, key=key, depth=depth, ends="[]", keyed=False)
        else:
            self.parts.append(key + leaf(value))

    def branch(
        self, entries: list[tuple[Any, Any]], *, key: str, depth: int, ends: str, keyed: bool
    ) -> None:
        if not entries:
            self.parts.append(f'{key}<span class="json-count">{ends}</span>')
            return
        count = f"{ends[0]} {len(entries)} {ends[1]}"
        is_open = " open" if not depth or (depth < OPEN_TO_DEPTH and len(entries) <= 100) else ""
        self.parts.append(
            f"<details{is_open}><summary>{key}"
            f'<span class="json-count">{count}</span></summary><ul role="list">'
        )
        for place, (name, item) in enumerate(entries):
            if self.left <= 0 or depth >= DEEPEST:
                more = f"… {len(entries) - place} more not shown: copy or download for all"
                self.parts.append(f'<li class="json-count">{more}</li>')
                break
            label = ""
            if keyed:
                label = f'<span class="json-key">{escape(shorten(str(name), 200))}</span>'
            self.parts.append("<li>")
            self.value(item, key=label, depth=depth + 1)
            self.parts.append("</li>")
        self.parts.append("</ul></details>")


def leaf(value: Any) -> str:
    if isinstance(value, str):
        text = shorten(value, TEXT_SHOWN)
        cut = "" if text == value else f' <span class="json-count">{len(value):,} characters</span>'
        shown = json.dumps(text, ensure_ascii=False)
        return f'<span class="json-string">{escape(shown)}</span>{cut}'
    kind = "json-word" if value is None or isinstance(value, bool) else "json-number"
    return f'<span class="{kind}">{escape(json.dumps(value))}</span>'
