from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from django.utils import timezone

from workflows_ui import cloudflare as cf
from workflows_ui.models import CountSample, Span
from workflows_ui.presenters.workflows import segments, workflow_line
from workflows_ui.queries.boards import all_workflows
from workflows_ui.watching import Board

LOOKED_WITHIN = timedelta(minutes=10)


def read(board: Board, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The chosen workflows with their counts, and all together (4.1)."""
    reading = all_workflows(board)
    chosen = [item for item in reading.value if fits(item, settings.get("workflows", ()))]
    total: Counter[str] = Counter()
    for workflow in chosen:
        total.update(workflow.instances or {})
    before = an_hour_ago(board, {item.name for item in chosen})
    return {
        "changes": changes(total, before),
        "lines": [workflow_line(item, account=board.slug) for item in chosen],
        "total": segments(total, ""),
        "big": settings.get("style") == "numbers",
        "reading": reading,
    }


def fits(workflow: cf.Workflow, globs: object) -> bool:
    """Whether the name fits one of the globs; without any, all do, new ones too."""
    names = globs if isinstance(globs, list | tuple) else ()
    return not names or any(fnmatchcase(workflow.name, str(glob)) for glob in names)


def an_hour_ago(board: Board, names: set[str]) -> Counter[str] | None:
    """The counts of these workflows an hour ago, all together; None when nobody looked then."""
    then = timezone.now() - timedelta(hours=1)
    samples = CountSample.objects.filter(
        account=board.account, span=Span.MINUTE, at__gt=then - LOOKED_WITHIN, at__lte=then
    )
    latest = samples.order_by("-at").values_list("at", flat=True).first()
    if latest is None:
        return None
    found: Counter[str] = Counter()
    for workflow, counts in samples.filter(at=latest).values_list("workflow", "counts"):
        if workflow in names:
            found.update(counts)
    return found


def changes(now: Mapping[str, int], before: Mapping[str, int] | None) -> dict[str, str]:
    """By status, how the count changed since then: "+3", "-1". What stayed is left out."""
    if before is None:
        return {}
    steps = {status: now.get(status, 0) - before.get(status, 0) for status in {*now, *before}}
    return {status: f"{step:+,}" for status, step in steps.items() if step}
