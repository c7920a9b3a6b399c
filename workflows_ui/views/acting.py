"""How every act goes: it is asked about, done once, and the answer leads on or says why not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect

from console.audit.recording import TrailUnavailable
from workflows_ui import cloudflare as cf
from workflows_ui.access import Seat
from workflows_ui.forms.acts import ActForm, ForgettingForm
from workflows_ui.htmx import render_page, wants_fragment
from workflows_ui.http import ConsoleRequest
from workflows_ui.models import SentForm
from workflows_ui.presenters.questions import (
    Question,
    job_running,
    no_copy,
    nothing_done,
    state_changed,
    step_missing,
    unfinished,
    unknown_outcome,
)
from workflows_ui.presenters.trouble import Trouble
from workflows_ui.services.batches import Unfinished
from workflows_ui.services.instances import NoSnapshot, NotDone, StateForbids, StepMissing
from workflows_ui.services.sent_forms import (
    AlreadySent,
    form_claim_in_turn,
    form_led_to,
    form_release,
)
from workflows_ui.services.ticked import JobRunning


def posted(request: ConsoleRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def act_page(
    request: ConsoleRequest,
    access: Seat,
    form: ActForm,
    question: Question,
    act: Callable[[], str],
    **context: Any,
) -> HttpResponse:
    """Asks, or does what a valid form asks for, once. `act` returns where it leads."""
    again = partial(question_page, request, access, form, question, **context)
    if not form.is_valid():
        if "key" in form.errors and form.is_bound:
            form.renew_key()
        return again()
    return once_page(request, access, form, question.back, act, again)


def once_page(
    request: ConsoleRequest,
    access: Seat,
    form: ActForm,
    back: str,
    act: Callable[[], str],
    again: Callable[[Trouble], HttpResponse],
) -> HttpResponse:
    """Does what a valid form asks for, unless it was sent before. `again` draws the form with why
    it was not done; `back` is where a form leads that is still under way."""
    try:
        sent = form_claim_in_turn(user=access.user, key=form.cleaned_data["key"])
    except AlreadySent as before:
        return sent_page(request, before.led_to or back)
    try:
        led_to = act()
    except (cf.CloudflareError, NotDone) as error:
        trouble = refusal(access, form, sent, error)
        form_led_to(sent, back)  # a form that is spent all the same; others are free again
        return again(trouble)
    except TrailUnavailable:
        form_release(sent)
        raise
    form_led_to(sent, led_to)
    return redirect(led_to)


def sent_page(request: ConsoleRequest, led_to: str) -> HttpResponse:
    """Where the first sending of a form led."""
    messages.info(request, "This form was sent before. Nothing was done a second time.")
    return redirect(led_to)


def refusal(
    access: Seat, form: ActForm, sent: SentForm, error: cf.CloudflareError | NotDone
) -> Trouble:
    """Why the act was not done, or may have been; the form can be sent again either way."""
    if isinstance(error, StateForbids):
        form_release(sent)
        return state_changed(error.now, error.error, access.account)
    if isinstance(error, StepMissing) and error.error:
        form_release(sent)
        return step_missing(str(error), error.error, access.account)
    if isinstance(error, NoSnapshot) and error.error and isinstance(form, ForgettingForm):
        form_release(sent)
        form.offers_without = True
        return no_copy(error.error, access.account)
    if isinstance(error, JobRunning):
        form_release(sent)
        return job_running(access.account)
    if isinstance(error, Unfinished) and error.error:
        form_release(sent)
        return unfinished(error.error, access.account)
    lost = error if isinstance(error, cf.CloudflareError) else error.error
    assert lost is not None  # noqa: S101 - every other NotDone has one
    if error.maybe_done:
        form.renew_key()
        return unknown_outcome(lost, access.account)
    form_release(sent)
    return nothing_done(lost, access.account)


def question_page(
    request: ConsoleRequest,
    access: Seat,
    form: Form,
    question: Question,
    trouble: Trouble | None = None,
    **context: Any,
) -> HttpResponse:
    """The question as a page, or as a dialog on the page it was asked from."""
    context |= {
        "access": access,
        "form": form,
        "question": question,
        "trouble": trouble,
        "in_dialog": wants_fragment(request),
    }
    status = 422 if form.is_bound else 200
    return render_page(request, "acts/question.html", context, fragment="dialog", status=status)
