"""Triggering many instances at once, and what became of a batch."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from console.audit.actions import AuditAction
from console.team.roles import Action
from workflows_ui import queries, services
from workflows_ui.access import Access, access_to
from workflows_ui.forms.batches import BatchForm
from workflows_ui.forms.workflows import PageNumber
from workflows_ui.htmx import render_page
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.addresses import address_of
from workflows_ui.presenters.batches import batch_fates, create_question, preview_of
from workflows_ui.presenters.questions import Question
from workflows_ui.presenters.trouble import Trouble
from workflows_ui.uploads import takes_a_file
from workflows_ui.views.acting import once_page


@takes_a_file
@require_http_methods(["GET", "HEAD", "POST"])
def batch_create(request: ConsoleRequest, account: str, workflow: str) -> HttpResponse:
    """Rows are given, looked at, and sent: three states of one form."""
    access = access_to(request, account)
    access.require(Action.INSTANCE_TRIGGER, workflow)
    if request.method != "POST":
        return rows_page(request, access, workflow, BatchForm())
    form = BatchForm(request.POST, request.FILES)
    if not form.is_valid():
        return rows_page(request, access, workflow, form, status=422)
    if request.POST.get("do") == "change":
        return rows_page(request, access, workflow, form)
    if request.POST.get("do") == "create":
        return created_page(request, access, workflow, form)
    form.renew_key()
    return preview_page(request, access, form, question_of(access, workflow, form))


def created_page(
    request: ConsoleRequest, access: Access, workflow: str, form: BatchForm
) -> HttpResponse:
    question = question_of(access, workflow, form)

    def create() -> str:
        batch = services.batches.batch_open(
            actor=access.actor,
            workflow=workflow,
            key=form.cleaned_data["key"],
            action=AuditAction.INSTANCE_CREATE,
        )
        try:
            services.batches.batch_create(
                batch, actor=access.actor, api=access.api, new=form.new_instances
            )
        finally:
            queries.instances.forget_instances(access, workflow, [])
        return question.back

    again = partial(preview_page, request, access, form, question)
    return once_page(request, access, form, question.back, create, again)


def question_of(access: Access, workflow: str, form: BatchForm) -> Question:
    key = str(form["key"].value())
    back = address_of("batch-detail", access.account.slug, workflow, key)
    return create_question(len(form.rows), workflow, back)


def rows_page(
    request: ConsoleRequest, access: Access, workflow: str, form: BatchForm, *, status: int = 200
) -> HttpResponse:
    ctx = {"access": access, "name": workflow, "form": form}
    return render(request, "batches/form.html", ctx, status=status)


def preview_page(
    request: ConsoleRequest,
    access: Access,
    form: BatchForm,
    question: Question,
    trouble: Trouble | None = None,
) -> HttpResponse:
    ctx = {
        "access": access,
        "name": question.workflow,
        "form": form,
        "question": question,
        "trouble": trouble,
        "preview": preview_of(form.new_instances, sum(row.id == "" for row in form.rows)),
        "can": access.api.capabilities,
    }
    return render(request, "batches/preview.html", ctx, status=422 if trouble else 200)


@require_safe
def batch_detail(request: ConsoleRequest, account: str, workflow: str, key: UUID) -> HttpResponse:
    access = access_to(request, account)
    access.require(Action.TRAIL_VIEW)
    batch = queries.batches.batch_of(access.account, workflow, key)
    if batch is None:
        raise Http404("No such batch.")
    errors_only = request.GET.get("show") == "errors"
    ctx = {
        "access": access,
        "name": workflow,
        "batch": batch,
        "reason": queries.batches.reason_of(batch),
        "errors_only": errors_only,
        "fates": batch_fates(
            batch, account, errors_only=errors_only, page=PageNumber.of(request.GET)
        ),
    }
    return render_page(request, "batches/detail.html", ctx, fragment="batch")
