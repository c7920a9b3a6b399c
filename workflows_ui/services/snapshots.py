"""Keeping an instance as it is, before an act that makes Cloudflare forget it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from console.audit.redaction import scrub_id
from console.team.models import Account
from workflows_ui import cloudflare as cf
from workflows_ui.models import Snapshot
from workflows_ui.presenters.steps import is_truncated
from workflows_ui.side_by_side import all_of

MOST_BYTES = 8 * 1024 * 1024
MOST_OUTPUTS = 100
"""Calls for full outputs, of the 1,200 that Cloudflare allows in five minutes."""


def snapshot_take(
    *, api: cf.WorkflowsApi, account: Account, workflow: str, instance: str, attempt_sequence: int
) -> Snapshot:
    """Keeps the instance as it is; see `snapshot_read`."""
    taken = snapshot_read(
        api=api,
        account=account,
        workflow=workflow,
        instance=instance,
        attempt_sequence=attempt_sequence,
        outputs=MOST_OUTPUTS,
    )
    taken.save()
    return taken


def snapshot_read(
    *,
    api: cf.WorkflowsApi,
    account: Account,
    workflow: str,
    instance: str,
    attempt_sequence: int,
    outputs: int,
) -> Snapshot:
    """The instance's full detail (4.12), compressed, cut outputs replaced by whole ones (4.14).

    At most MOST_BYTES are kept: beyond, outputs stay cut, and then go, and `missing` says so;
    `outputs` is how many may be asked for. What looks like a token is taken out. Nothing is
    stored yet, so that threads may read. Raises CloudflareError when it can't be read.
    """
    detail = api.get_instance(workflow, instance)
    content, missing = whole(api, workflow, instance, detail.raw, outputs)
    text = scrub_id(json.dumps(content, ensure_ascii=False, separators=(",", ":")))
    encoded = text.encode("utf-8", "replace")
    return Snapshot(
        account=account,
        workflow=workflow,
        instance_id=instance,
        attempt_sequence=attempt_sequence,
        status=detail.status,
        step_count=len(detail.steps),
        size=len(encoded),
        packed=gzip.compress(encoded),
        missing=missing,
    )


def whole(
    api: cf.WorkflowsApi, workflow: str, instance: str, raw: Mapping[str, Any], outputs: int
) -> tuple[dict[str, Any], str]:
    """The detail with whole outputs as far as they fit, and what is missing in words."""
    room = MOST_BYTES - weight(raw)
    if room < 0:
        return without_outputs(raw), "The outputs of steps: all together they are over 8 MB."
    if not api.capabilities.step_output:
        return dict(raw), ""
    steps = list(raw.get("steps") or [])
    cut = [place for place, step in enumerate(steps) if is_truncated(step.get("output"))]
    reads = [partial(output_of, api, workflow, instance, steps[n]) for n in cut[:outputs]]
    left = len(cut) - len(reads)
    for place, output in zip(cut, all_of(reads), strict=False):
        room -= weight(output)
        if output is None or room < 0:
            left += 1
        else:
            steps[place] = {**steps[place], "output": output}
    missing = f"The whole output of {left} steps." if left else ""
    return {**raw, "steps": steps}, missing


def output_of(api: cf.WorkflowsApi, workflow: str, instance: str, step: Mapping[str, Any]) -> Any:
    """The whole output of a step as JSON text, or None when it can't be had."""
    try:
        found = api.get_step_output(workflow, instance, name=step["name"], type=step["type"])
    except cf.CloudflareError:
        return None
    if isinstance(found, cf.StepStream) or found.output is None:
        return None
    return json.dumps(found.output, ensure_ascii=False)


def without_outputs(raw: Mapping[str, Any]) -> dict[str, Any]:
    steps = [
        {name: value for name, value in step.items() if name != "output"}
        for step in raw.get("steps") or []
    ]
    kept = {**raw, "steps": steps}
    return kept if weight(kept) <= MOST_BYTES else {**kept, "steps": [], "params": None}


def weight(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace"))
