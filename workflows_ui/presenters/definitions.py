"""How a workflow is defined now, and what another definition would change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from workflows_ui import cloudflare as cf
from workflows_ui.presenters.changes import LEFT_OUT, NOT_TOLD, Change, Draft
from workflows_ui.presenters.schedules import cron_runs
from workflows_ui.presenters.words import number, retention_text

JURISDICTIONS = {"eu": "European Union", "fedramp": "FedRAMP", "us": "United States"}
SCHEDULES = "Schedules"
SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
LENGTH = re.compile(r"(\d+)\s+(second|minute|hour|day|week)s?")
REFUSALS = {
    cf.INTERNAL_ERROR: (
        "script_name",
        "The API gave an internal error, as it does for a script that it doesn't know. "
        "Nothing was changed.",
    ),
    cf.CRON_NEEDS_PLAN: ("schedules", "Schedules need a paid plan at Cloudflare."),
    cf.JURISDICTION_FIXED: (
        "jurisdiction",
        "The workflow exists already, and its jurisdiction can't be changed.",
    ),
}
"""What codes of a refused PUT say, each at its field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defined:
    """A workflow and its newest version. None where the API doesn't tell."""

    class_name: str
    script_name: str
    limits_steps: int | None = None
    concurrency_limit: int | None = None
    success_retention: int | str | None = None
    error_retention: int | str | None = None
    schedules: tuple[str, ...] = ()
    jurisdiction: str | None = None
    version_id: str | None = None

    @property
    def retention(self) -> cf.Retention:
        return cf.Retention(
            success_retention=self.success_retention, error_retention=self.error_retention
        )

    @classmethod
    def of(cls, workflow: cf.Workflow, version: cf.Version | None) -> Defined:
        keep = (version and version.default_retention) or cf.Retention()
        return cls(
            class_name=workflow.class_name,
            script_name=workflow.script_name,
            limits_steps=version.limits_steps if version else None,
            concurrency_limit=version.concurrency_limit if version else None,
            success_retention=keep.success_retention,
            error_retention=keep.error_retention,
            schedules=tuple(schedule.cron for schedule in workflow.schedules),
            jurisdiction=workflow.jurisdiction,
            version_id=version.id if version else workflow.version_id,
        )


def definition_draft(
    workflow: str,
    now: Defined | None,
    then: cf.WorkflowDefinition,
    *,
    back: str,
    new: bool,
    protected: bool,
) -> Draft:
    """The change from what is defined now, None for nothing yet, to what was asked for.

    `new` says that the person meant to create it.
    """
    taken = now is not None and now.script_name != then.script_name
    changed = tuple(changes(now, then))
    return Draft(
        title=f"Create {workflow}?" if now is None else f"Change {workflow}?",
        label="Create" if now is None else "Change",
        back=back,
        before=asdict(now) if now else None,
        changes=changed,
        workflow="" if now is None else workflow,
        warnings=tuple(warnings(workflow, now, then, new=new)),
        notes=tuple(notes(now, then)),
        tick=f"Take {workflow} over from {now.script_name}" if now and taken else "",
        wants_reason=protected and now is not None,
        runs=cron_runs(then.schedules or () if SCHEDULES in {c.field for c in changed} else ()),
    )


def warnings(
    workflow: str, now: Defined | None, then: cf.WorkflowDefinition, *, new: bool
) -> Iterator[str]:
    if now and new:
        yield f"A workflow named {workflow} exists already. This changes it."
    if now and now.script_name != then.script_name:
        yield (
            f"This takes the workflow over: it belongs to the script {now.script_name} now, and "
            f"{then.script_name} would run it from then on. Cloudflare does not ask."
        )


def notes(now: Defined | None, then: cf.WorkflowDefinition) -> Iterator[str]:
    yield f"The next wrangler deploy of {then.script_name} may set it back to its configuration."
    if now is None and then.jurisdiction:
        yield "The jurisdiction can't be changed afterwards."
    if now is not None:
        yield "A new version is made. Instances that run go on with theirs."


def changes(now: Defined | None, then: cf.WorkflowDefinition) -> Iterator[Change]:
    """The fields that differ. What the API doesn't tell differs from whatever is asked for."""
    before = told(now, now.retention) if now else {}
    for field, value in told(then, then.default_retention or cf.Retention()).items():
        was = before.get(field)
        if value != was:
            shown = (was or NOT_TOLD,) if now else ()
            yield Change(field=field, now=shown, then=(value or LEFT_OUT,))
    yield from schedule_changes(now, then.schedules)
    if then.jurisdiction and then.jurisdiction != (now and now.jurisdiction):
        lies = (JURISDICTIONS.get(now.jurisdiction or "", "none"),) if now else ()
        after = (JURISDICTIONS[then.jurisdiction],)
        yield Change(field="Jurisdiction", now=lies, then=after)


def told(of: Defined | cf.WorkflowDefinition, keep: cf.Retention) -> dict[str, str | None]:
    """The fields of one value, as they are shown; None for what isn't told or asked for."""
    steps, instances = of.limits_steps, of.concurrency_limit
    return {
        "Class": of.class_name,
        "Script": of.script_name,
        "Step limit": None if steps is None else number(steps),
        "Concurrency limit": None if instances is None else number(instances),
        **retentions_told(keep),
    }


def retentions_told(keep: cf.Retention) -> dict[str, str | None]:
    """Both spans, written alike: 604,800,000 is no other than 7 days."""
    return {
        "Keep when complete": span(keep.success_retention),
        "Keep when errored": span(keep.error_retention),
    }


def span(value: int | str | None) -> str | None:
    if value is None:
        return None
    if match := LENGTH.fullmatch(str(value)):
        value = int(match[1]) * SECONDS[match[2]] * 1000
    return retention_text(value)


def schedule_changes(now: Defined | None, then: tuple[str, ...] | None) -> Iterator[Change]:
    before = now.schedules if now else ()
    if then is None:
        if before:
            yield Change(field=SCHEDULES, now=before, then=(LEFT_OUT,))
    elif then != before:
        yield Change(field=SCHEDULES, now=before or ("none",), then=then or ("none",))
