from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from django.utils import timezone

from workflows_ui import cloudflare as cf
from workflows_ui.models import CountSample, Span
from workflows_ui.presenters.status import Look, look_of
from workflows_ui.presenters.workflows import in_order, workflow_line
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
    figures = numbers(total, together(before, chosen))
    return {
        "compared": before is not None,
        "changed": any(one.change for one in figures) if big else any(c for _, c in lines),
        "lines": lines,
        "numbers": figures,
        "big": big,
        "reading": reading,
    }


@dataclass(frozen=True, slots=True)
class BigNumber:
    """A count, and how it changed within the hour; no text where it did not."""

    look: Look
    count: int
    change: str


def numbers(now: Mapping[str, int], before: Mapping[str, int] | None) -> list[BigNumber]:
    """One for each status that has instances, or had some an hour ago: what fell to none is 0."""
    then = before or {}
    changed = {} if before is None else changes(now, before)
    there = [status for status in {**now, **then} if now.get(status) or then.get(status)]
    return [
        BigNumber(look_of(status), now.get(status, 0), changed.get(status, ""))
        for status in in_order(there)
    ]


def together(
    before: Mapping[str, Mapping[str, int]] | None, chosen: Sequence[cf.Workflow]
) -> Mapping[str, int] | None:
    """The counts of the chosen workflows an hour ago in one; None when nobody looked then."""
    if before is None:
        return None
    then: Counter[str] = Counter()
    for workflow in chosen:
        then.update(before.get(workflow.name, {}))
    return then


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
