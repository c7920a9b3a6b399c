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
    before = an_hour_ago(board)
    lines = [(workflow_line(item, account=board.slug), changes_of(item, before)) for item in chosen]
    big = settings.get("style") == "numbers"
    then: Counter[str] = Counter()
    for workflow in chosen:
        then.update((before or {}).get(workflow.name, {}))
    together = changes(total, then) if before is not None else {}
    return {
        "compared": before is not None,
        "changed": bool(together) if big else any(change for _, change in lines),
        "changes": together,
        "lines": lines,
        "total": segments(total, ""),
        "big": big,
        "reading": reading,
    }


def fits(workflow: cf.Workflow, globs: object) -> bool:
    """Whether the name fits one of the globs; without any, all do, new ones too."""
    names = globs if isinstance(globs, list | tuple) else ()
    return not names or any(fnmatchcase(workflow.name, str(glob)) for glob in names)


def an_hour_ago(board: Board) -> dict[str, Mapping[str, int]] | None:
    """The counts of each workflow an hour ago; None when nobody looked then."""
    then = timezone.now() - timedelta(hours=1)
    samples = CountSample.objects.filter(
        account=board.account, span=Span.MINUTE, at__gt=then - LOOKED_WITHIN, at__lte=then
    )
    latest = samples.order_by("-at").values_list("at", flat=True).first()
    if latest is None:
        return None
    return dict(samples.filter(at=latest).values_list("workflow", "counts"))


def changes_of(
    workflow: cf.Workflow, before: Mapping[str, Mapping[str, int]] | None
) -> dict[str, str]:
    if before is None or workflow.instances is None:
        return {}
    return changes(workflow.instances, before.get(workflow.name, {}))


def changes(now: Mapping[str, int], before: Mapping[str, int]) -> dict[str, str]:
    """By status, how the count changed since then: "+3", "-1". What stayed is left out."""
    steps = {status: now.get(status, 0) - before.get(status, 0) for status in (*now, *before)}
    return {status: f"{step:+,}" for status, step in steps.items() if step}
