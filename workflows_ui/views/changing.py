"""How a change goes that is shown before it is made: form, differences, and then once the act."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render

from workflows_ui import cloudflare as cf
from workflows_ui.access import Seat
from workflows_ui.forms.acts import ActForm
from workflows_ui.forms.changes import ConfirmForm
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.changes import Draft
from workflows_ui.presenters.questions import nothing_done
from workflows_ui.presenters.trouble import Trouble
from workflows_ui.services.sent_forms import form_sent
from workflows_ui.views.acting import once_page, sent_page

Act = Callable[[Draft, str], str]
"""Makes the change, with a reason, and returns where it leads."""


def change_page(
    request: ConsoleRequest,
    access: Seat,
    form: Form,
    *,
    read: Callable[[], Draft],
    draw: Callable[[Trouble | None], HttpResponse],
    act: Act,
) -> HttpResponse:
    """What was sent, as differences from what `read` finds now, or made once it is confirmed.

    `draw` draws the form again, with its errors or with the trouble.
    """
    confirmed = "go" in request.POST
    if not form.is_valid() or "edit" in request.POST:
        return draw(None)
    if confirmed and (led_to := sent_before(request, access)):
        return sent_page(request, led_to)
    try:
        draft = read()
    except cf.CloudflareError as error:
        return draw(nothing_done(error, access.account))
    if not draft.changes:
        form.add_error(None, "Nothing differs from what it is now.")
        return draw(None)
    if not confirmed:
        return diff_page(request, access, form, draft, ConfirmForm(draft=draft))
    return confirm_page(request, access, form, draft, draw, act)


def confirm_page(
    request: ConsoleRequest,
    access: Seat,
    form: Form,
    draft: Draft,
    draw: Callable[[Trouble | None], HttpResponse],
    act: Act,
) -> HttpResponse:
    """Makes the change if it is still the one that was confirmed."""
    confirm = ConfirmForm(request.POST, draft=draft)
    if not confirm.is_of(draft):
        return diff_page(request, access, form, draft, ConfirmForm(draft=draft), moved=True)
    if not confirm.is_valid():
        if "key" in confirm.errors:
            confirm.renew_key()
        return diff_page(request, access, form, draft, confirm)

    def again(trouble: Trouble) -> HttpResponse:
        if form.errors:
            return draw(None)
        return diff_page(request, access, form, draft, confirm, trouble=trouble)

    change = partial(act, draft, confirm.cleaned_data["reason"])
    return once_page(request, access, confirm, draft.back, change, again)


def sent_before(request: ConsoleRequest, access: Seat) -> str | None:
    """Where the form led when it was sent before; empty or None when it has led nowhere yet."""
    form = ActForm(request.POST)
    return form_sent(user=access.user, key=form.cleaned_data["key"]) if form.is_valid() else None


def diff_page(
    request: ConsoleRequest,
    access: Seat,
    form: Form,
    draft: Draft,
    confirm: ConfirmForm,
    *,
    moved: bool = False,
    trouble: Trouble | None = None,
) -> HttpResponse:
    """What would change. `moved` says that it is not what was confirmed."""
    ctx = {
        "access": access,
        "form": form,
        "draft": draft,
        "confirm": confirm,
        "moved": moved,
        "trouble": trouble,
    }
    status = 422 if moved or confirm.is_bound else 200
    return render(request, "changes/diff.html", ctx, status=status)
