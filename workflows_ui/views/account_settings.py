"""What an admin sets for an account."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from console.audit.redaction import keep
from console.team.reauthentication import confirm_identity
from console.team.roles import Action
from console.team.services import accounts
from workflows_ui import cloudflare as cf
from workflows_ui import queries, services
from workflows_ui.access import Access, Seat, access_to, seat_at
from workflows_ui.forms.account_settings import (
    ExampleForm,
    RedactionForm,
    RenameForm,
    RetentionForm,
    SecondFactorForm,
)
from workflows_ui.forms.acts import ActForm
from workflows_ui.htmx import render_page
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.account_settings import ALWAYS_GOES, kept_text, retention_draft
from workflows_ui.presenters.changes import Draft
from workflows_ui.presenters.trouble import Trouble
from workflows_ui.views.acting import once_page, posted
from workflows_ui.views.changing import change_page


@require_http_methods(["GET", "HEAD", "POST"])
def account_settings(request: ConsoleRequest, account: str) -> HttpResponse:
    """The account's name, and beside it who may come in."""
    seat = seat_at(request, account)
    seat.require(Action.ACCOUNT_MANAGE)
    form = rename_form(seat, posted(request))

    def rename() -> str:
        accounts.account_rename(actor=seat.actor, name=form.cleaned_data["name"])
        messages.success(request, f"The account is named {form.cleaned_data['name']}.")
        return request.path

    context = {"rename": form, "factor": factor_form(seat)}
    return setting_page(request, seat, form, rename, "account_settings/detail.html", context)


@require_POST
@confirm_identity(back="workflows_ui:account-settings")
def account_second_factor(request: ConsoleRequest, account: str) -> HttpResponse:
    """Whether members need a second factor. Only who has one may ask it of others."""
    seat = seat_at(request, account)
    seat.require(Action.ACCOUNT_MANAGE)
    form = factor_form(seat, request.POST)
    if form.is_valid():
        required = form.cleaned_data["required"]
        try:
            accounts.account_require_second_factor(
                seat.account, actor=seat.actor, required=required
            )
        except accounts.SecondFactorMissing:
            form.add_error("required", "Set up a second factor of your own first.")
        else:
            messages.success(request, "Saved.")
            return redirect("workflows_ui:account-settings", account=account)
    context = {"seat": seat, "rename": rename_form(seat), "factor": form}
    return render(request, "account_settings/detail.html", context, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def account_redaction(request: ConsoleRequest, account: str) -> HttpResponse:
    """What the trail leaves out of params."""
    seat = seat_at(request, account)
    seat.require(Action.ACCOUNT_MANAGE)
    form = RedactionForm(posted(request), account=seat.account)

    def redact() -> str:
        data = form.cleaned_data
        accounts.account_redact(
            actor=seat.actor,
            words=list(data["words"]),
            keep_params=data["keep_params"],
            reason=data["reason"],
        )
        messages.success(request, "Saved. It holds for whatever is written from now on.")
        return request.path

    context = {"form": form, "always": ALWAYS_GOES, "example": ExampleForm()}
    return setting_page(request, seat, form, redact, "account_settings/redaction.html", context)


@sensitive_post_parameters("example")
@require_POST
def redaction_example(request: ConsoleRequest, account: str) -> HttpResponse:
    """What the trail would keep of a pasted value, by the words that are typed. Nothing is kept."""
    seat = seat_at(request, account)
    seat.require(Action.ACCOUNT_MANAGE)
    example = ExampleForm(request.POST)
    typed = {name: request.POST.get(name, "") for name in ("words", "keep_params", "reason")}
    ctx = {
        "seat": seat,
        "form": RedactionForm(account=seat.account, initial=typed),
        "always": ALWAYS_GOES,
        "example": example,
    }
    if example.is_valid():
        kept = keep(example.cleaned_data["example"], example.rules())
        ctx |= {"kept": kept, "kept_text": kept_text(kept)}
    status = 422 if example.errors else 200
    template = "account_settings/redaction.html"
    return render_page(request, template, ctx, fragment="example", status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def account_retention(request: ConsoleRequest, account: str) -> HttpResponse:
    """The retention of instances that nobody else sets, at the upstream."""
    access = access_to(request, account)
    access.require(Action.ACCOUNT_MANAGE)
    if not access.api.capabilities.settings:
        raise cf.NotSupported("wrangler dev has no settings of an account.")
    if request.method != "POST":
        now = queries.account_settings.retention_now(access)
        return retention_page(request, access, RetentionForm(now=now))
    form = RetentionForm(request.POST)

    def read() -> Draft:
        now = queries.account_settings.retention_now(access)
        return retention_draft(access.account, now, form.retention(), request.path)

    return change_page(
        request,
        access,
        form,
        read=read,
        draw=partial(retention_page, request, access, form),
        act=partial(change_retention, request, access, form),
    )


def change_retention(
    request: ConsoleRequest, access: Access, form: RetentionForm, draft: Draft, reason: str
) -> str:
    services.account_settings.account_retention(
        actor=access.actor,
        api=access.api,
        retention=form.retention(),
        before=draft.before,
        reason=reason,
    )
    messages.success(request, "The retention is changed.")
    return reverse("workflows_ui:account-retention", args=[access.account.slug])


def retention_page(
    request: ConsoleRequest, access: Access, form: Form, trouble: Trouble | None = None
) -> HttpResponse:
    ctx = {"seat": access, "form": form, "trouble": trouble}
    status = 422 if form.errors or trouble else 200
    return render(request, "account_settings/retention.html", ctx, status=status)


def setting_page(
    request: ConsoleRequest,
    seat: Seat,
    form: ActForm,
    act: Callable[[], str],
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    """A setting of ours: its form, or once what it asks for."""

    def again(trouble: Trouble | None = None) -> HttpResponse:
        ctx = {"seat": seat, "trouble": trouble, **context}
        return render(request, template, ctx, status=422 if form.is_bound else 200)

    if not form.is_valid():
        if "key" in form.errors:
            form.renew_key()
        return again()
    return once_page(request, seat, form, request.path, act, again)


def rename_form(seat: Seat, data: QueryDict | None = None) -> RenameForm:
    return RenameForm(data, initial={"name": seat.account.name})


def factor_form(seat: Seat, data: QueryDict | None = None) -> SecondFactorForm:
    return SecondFactorForm(data, initial={"required": seat.account.require_second_factor})
