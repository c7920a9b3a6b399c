"""Reads of instances."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from console.audit.acts import triggers_by
from console.audit.models import Entry
from console.audit.queries import Creator, creators_of
from workflows_ui import cloudflare as cf
from workflows_ui.access import Access, readers_at
from workflows_ui.presenters.instances import InstanceLine, instance_line, instance_span
from workflows_ui.presenters.status import GONE, look_of
from workflows_ui.presenters.steps import StepLine, split_counter, step_line, step_status
from workflows_ui.presenters.trail import story_url
from workflows_ui.presenters.workflows import WorkflowLine, workflow_line
from workflows_ui.queries.reads import (
    FINISHED_SECONDS,
    FRESH_SECONDS,
    Reading,
    forget,
    kept,
    read,
)
from workflows_ui.queries.workflows import workflow_reading
from workflows_ui.side_by_side import ahead, all_of, both_ahead

PER_PAGE = 50
READ_EACH = 20
"""Instances on a page that takes a call for each."""
STEPS_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFilter:
    status: str = ""
    date_start: datetime | None = None
    date_end: datetime | None = None
    cursor: str = ""
    by: int | None = None
    """A user: what they triggered is listed from the trail, which knows no status."""

    @property
    def key(self) -> str:
        text = repr((self.status, self.date_start, self.date_end, self.cursor))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    @property
    def narrows(self) -> bool:
        return bool(self.status or self.date_start or self.date_end or self.by)


@dataclass(frozen=True, slots=True)
class InstancePage:
    """A workflow with one page of its instances."""

    workflow: WorkflowLine
    lines: tuple[InstanceLine, ...]
    cursor: str | None
    reading: Reading[Any]
    """The staler of the two that the page stands on."""
    searched_to: datetime | None = None
    """How far back the trail was searched, when that was not to its beginning."""

    @property
    def live(self) -> bool:
        return self.workflow.live or any(line.look.live for line in self.lines)


def instance_page(
    access: Access, workflow: str, chosen: InstanceFilter
) -> Callable[[], InstancePage]:
    """Starts to read the workflow and a page of its instances, side by side (4.2, 4.5), and gives
    the page when it is called for. A list by person is read only then: the trail begins it."""
    if chosen.by:
        return partial(triggered_page, access, workflow, chosen.by, chosen.cursor)
    # the larger answer first
    page, about = both_ahead(
        partial(instance_reading, access, workflow, chosen),
        partial(workflow_reading, access, workflow),
    )
    return partial(listed_page, access, workflow, about, page)


def listed_page(
    access: Access,
    workflow: str,
    read_workflow: Callable[[], Reading[cf.Workflow]],
    read_rows: Callable[[], Reading[cf.CursorPage[cf.InstanceRow]]],
) -> InstancePage:
    page = read_rows()
    slug, rows = access.account.slug, page.value.items
    by = creators_of(access.account.pk, workflow, [row.id for row in rows])
    lines = [instance_line(row, account=slug, workflow=workflow, by=by.get(row.id)) for row in rows]
    about = read_workflow()
    staler = page if page.error or not about.error else about
    return InstancePage(
        workflow_line(about.value, account=slug), tuple(lines), page.value.cursor, staler
    )


def triggered_page(access: Access, workflow: str, by: int, cursor: str) -> InstancePage:
    """What one person triggered through the console, newest first, each read by itself (4.12):
    the API can't list by person. Those it knows no more are there as gone."""
    before = int(cursor) if cursor.isdecimal() else None
    found = triggers_by(by, access.account.pk, workflow, before=before, limit=READ_EACH)
    entries = {entry.instance_id: entry for entry in reversed(found.rows)}
    reads = [partial(triggered_line, access, workflow, e) for e in reversed(entries.values())]
    read_workflow = ahead(partial(workflow_reading, access, workflow))
    lines = all_of(reads)
    about = read_workflow()
    return InstancePage(
        workflow_line(about.value, account=access.account.slug),
        tuple(lines),
        None if found.older is None else str(found.older),
        about,
        found.searched_to,
    )


def triggered_line(access: Access, workflow: str, entry: Entry) -> InstanceLine:
    instance, slug = entry.instance_id, access.account.slug
    by = Creator(entry.actor_id, entry.actor_name, entry.attempt_sequence)
    try:
        detail = read(
            access.reader,
            f"brief:{workflow}:{instance}",
            partial(access.api.get_instance, workflow, instance, simple=True),
        ).value
    except cf.NotFound:
        row = cf.InstanceRow(id=instance, status=GONE.label, created_on=entry.at)
        line = instance_line(row, account=slug, workflow=workflow, by=by)
        return replace(line, look=GONE, url=story_url(slug, workflow, instance))
    row = cf.InstanceRow(
        id=instance,
        status=detail.status,
        created_on=entry.at,
        started_on=detail.start,
        ended_on=detail.end,
        version_id=detail.version_id,
        trigger_source=detail.trigger_source,
    )
    return instance_line(row, account=slug, workflow=workflow, by=by)


def instance_reading(
    access: Access, workflow: str, chosen: InstanceFilter
) -> Reading[cf.CursorPage[cf.InstanceRow]]:
    return read(
        access.reader,
        f"instances:{workflow}:{chosen.key}",
        partial(
            access.api.list_instances,
            workflow,
            cursor=chosen.cursor or None,
            per_page=PER_PAGE,
            direction="desc",
            status=chosen.status or None,
            date_start=chosen.date_start,
            date_end=chosen.date_end,
        ),
    )


def instance_detail(access: Access, workflow: str, instance: str) -> Reading[cf.InstanceDetail]:
    """An instance with all its steps (4.12). A finished one changes no more by itself, so its
    answer is kept longer. Raises NotFound."""
    name = f"instance:{workflow}:{instance}"
    last = kept(access.reader, name)
    over = last is not None and not look_of(last.status).live
    return read(
        access.reader,
        name,
        partial(access.api.get_instance, workflow, instance),
        fresh=FINISHED_SECONDS if over else FRESH_SECONDS,
    )


def forget_instances(access: Access, workflow: str, instances: Iterable[str]) -> None:
    """Makes the next readings of instances that were made or acted on fresh ones, for every
    member, and those of the list that one goes back to."""
    names = [f"instance:{workflow}:{instance}" for instance in instances]
    names += [f"instances:{workflow}:{InstanceFilter().key}", f"workflow:{workflow}"]
    for reader in readers_at(access.account):
        for name in names:
            forget(reader, name)


def instance_exists(access: Access, workflow: str, instance: str) -> bool:
    """Whether the workflow has such an instance now."""
    try:
        access.api.get_instance(workflow, instance, simple=True)
    except cf.NotFound:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFilter:
    order: str = "asc"
    status: str = ""
    text: str = ""
    start: int = 0


@dataclass(frozen=True, slots=True)
class StepWindow:
    """A window over the steps that fit a filter; `first` counts from 1."""

    lines: tuple[StepLine, ...]
    first: int
    fitting: int
    total: int
    previous: int | None
    following: int | None

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1


def step_window(detail: cf.InstanceDetail, chosen: StepFilter) -> StepWindow:
    """At most STEPS_SHOWN steps. Without a filter only those shown are looked at."""
    over = not look_of(detail.status).live
    places = fitting_places(detail, chosen, over=over)
    start = min(max(chosen.start, 0), max(len(places) - 1, 0))
    shown = places[start : start + STEPS_SHOWN]
    run = instance_span(detail)
    lines = tuple(
        step_line(detail.steps[place], place + 1, run=run, instance_over=over) for place in shown
    )
    following = start + STEPS_SHOWN
    return StepWindow(
        lines=lines,
        first=start + 1 if lines else 0,
        fitting=len(places),
        total=len(detail.steps),
        previous=max(start - STEPS_SHOWN, 0) if start else None,
        following=following if following < len(places) else None,
    )


def fitting_places(
    detail: cf.InstanceDetail, chosen: StepFilter, *, over: bool
) -> range | list[int]:
    places = range(len(detail.steps))
    ordered = places if chosen.order == "asc" else places[::-1]
    if not chosen.status and not chosen.text:
        return ordered
    return list(fitting(detail, chosen, ordered, over=over))


def fitting(
    detail: cf.InstanceDetail, chosen: StepFilter, places: range, *, over: bool
) -> Iterator[int]:
    wanted = chosen.text.casefold()
    for place in places:
        entry = detail.steps[place]
        if wanted and wanted not in entry.name.casefold():
            continue
        if chosen.status and step_status(entry, instance_over=over) != chosen.status:
            continue
        yield place


@dataclass(frozen=True, slots=True)
class FailedStep:
    place: int
    name: str
    url: str


def failed_step(detail: cf.InstanceDetail) -> FailedStep | None:
    """The last step that failed, which is what ended an errored instance; its address opens the
    window of steps that holds it."""
    if detail.error is None and detail.status != cf.InstanceStatus.ROLLING_BACK:
        return None
    for place in range(len(detail.steps) - 1, -1, -1):
        entry = detail.steps[place]
        if entry.type != "rollback" and step_status(entry, instance_over=True) == "errored":
            window = place // STEPS_SHOWN * STEPS_SHOWN
            return FailedStep(
                place + 1, split_counter(entry)[0], f"?start={window}#step-{place + 1}"
            )
    return None
