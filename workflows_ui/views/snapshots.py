"""Earlier runs of an instance, as they were kept."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from workflows_ui import cloudflare as cf
from workflows_ui import queries
from workflows_ui.access import Access, access_to
from workflows_ui.forms.instances import DownloadForm, StepFilterForm
from workflows_ui.htmx import render_page
from workflows_ui.http import ConsoleRequest
from workflows_ui.models import Snapshot
from workflows_ui.presenters.instances import snapshot_url
from workflows_ui.views import errors
from workflows_ui.views.instances import detail_context, part_download


@require_safe
def snapshot_detail(
    request: ConsoleRequest, account: str, workflow: str, instance: str, snapshot: int
) -> HttpResponse:
    access = access_to(request, account)
    kept, detail = kept_run(access, workflow, instance, snapshot)
    ctx = detail_context(access, workflow, instance, detail, StepFilterForm(request.GET)) | {
        "snapshot": kept,
        "download_url": snapshot_url(kept, account, "download"),
    }
    return render_page(
        request, "instances/snapshot.html", ctx, fragment="snapshot", ahead=("presets",)
    )


@require_safe
def snapshot_download(
    request: ConsoleRequest, account: str, workflow: str, instance: str, snapshot: int
) -> HttpResponse:
    access = access_to(request, account)
    _, detail = kept_run(access, workflow, instance, snapshot)
    form = DownloadForm(request.GET)
    if not form.is_valid():
        return errors.bad_request(request)
    return part_download(detail, f"{instance}-earlier", **form.cleaned_data)


def kept_run(
    access: Access, workflow: str, instance: str, snapshot: int
) -> tuple[Snapshot, cf.InstanceDetail]:
    kept = queries.snapshots.snapshot_of(access.account, workflow, instance, snapshot)
    if kept is None:
        raise Http404("No such snapshot.")
    return kept, cf.parse_detail(kept.content)
