from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from workflows_ui import cloudflare as cf
from workflows_ui.presenters.workflows import segments, workflow_line
from workflows_ui.queries.boards import all_workflows
from workflows_ui.watching import Board


def read(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The chosen workflows with their counts, and all together (4.1)."""
    reading = all_workflows(board)
    chosen = [item for item in reading.value if fits(item, settings.get("workflows", ()))]
    total: Counter[str] = Counter()
    for workflow in chosen:
        total.update(workflow.instances or {})
    return {
        "lines": [workflow_line(item, account=board.account.slug) for item in chosen],
        "total": segments(total, ""),
        "big": settings.get("style") == "numbers",
        "reading": reading,
    }


def fits(workflow: cf.Workflow, globs: object) -> bool:
    """Whether the name fits one of the globs; without any, all do, new ones too."""
    names = globs if isinstance(globs, list | tuple) else ()
    return not names or any(fnmatchcase(workflow.name, str(glob)) for glob in names)
