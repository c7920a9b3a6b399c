"""The people of an account."""

from __future__ import annotations

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.team.models import Membership
from console.team.reauthentication import confirm_identity
from console.team.roles import Action
from console.team.services.members import LastAdmin
from workflows_ui.access import Seat, seat_at
from workflows_ui.forms.members import MemberForm
from workflows_ui.http import ConsoleRequest
from workflows_ui.presenters.questions import Question
from workflows_ui.queries import members as queries
from workflows_ui.services import members as services
from workflows_ui.views.acting import posted, question_page

LAST_ADMIN = "An account always has an admin, and this is the last one. Make another admin first."


@require_safe
def member_list(request: ConsoleRequest, account: str) -> HttpResponse:
    seat = seat_at(request, account)
    seat.require(Action.MEMBER_VIEW)
    may_manage = seat.allows(Action.MEMBER_MANAGE)
    context = {
        "seat": seat,
        "rows": queries.members_of(seat.account),
        "may_manage": may_manage,
        "invitations": queries.invitations_of(seat.account) if may_manage else [],
    }
    return render(request, "members/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@confirm_identity()
def member_detail(request: ConsoleRequest, account: str, member: int) -> HttpResponse:
    """A member's role and limits."""
    seat = seat_at(request, account)
    seat.require(Action.MEMBER_MANAGE)
    membership = member_or_404(seat, member)
    form = MemberForm(
        posted(request), initial={"role": membership.role, "limits": membership.limits}
    )
    if form.is_valid():
        try:
            services.member_change(actor=seat.actor, membership=membership, **form.cleaned_data)
        except LastAdmin:
            form.add_error("role", LAST_ADMIN)
        else:
            messages.success(request, f"{membership.user} is {form.cleaned_data['role']} now.")
            return redirect("workflows_ui:member-list", account=account)
    context = {"seat": seat, "membership": membership, "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "members/detail.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@confirm_identity()
def member_remove(request: ConsoleRequest, account: str, member: int) -> HttpResponse:
    seat = seat_at(request, account)
    seat.require(Action.MEMBER_MANAGE)
    membership = member_or_404(seat, member)
    name, form = membership.user.get_username(), Form(posted(request))
    if form.is_valid():
        try:
            services.member_remove(actor=seat.actor, membership=membership)
        except LastAdmin:
            form.add_error(None, LAST_ADMIN)
        else:
            messages.success(request, f"{name} is removed from {seat.account.name}.")
            return redirect("workflows_ui:member-list", account=account)
    question = Question(
        title=f"Remove {name}?",
        consequence="Every page of this account closes to them at once, and the tokens that they "
        "keep here for it, lent ones too, are deleted. Only an invitation lets them back in. At "
        "Cloudflare their tokens stay valid until they are revoked there.",
        label="Remove",
        back=reverse("workflows_ui:member-list", args=[account]),
        of="Team",
        tone="bad",
    )
    return question_page(request, seat, form, question)


@require_http_methods(["GET", "HEAD", "POST"])
@confirm_identity()
def member_leave(request: ConsoleRequest, account: str) -> HttpResponse:
    seat = seat_at(request, account)
    form = Form(posted(request))
    if form.is_valid():
        membership = Membership.objects.get(account=seat.account, user=seat.user)
        try:
            services.member_leave(actor=seat.actor, membership=membership)
        except LastAdmin:
            form.add_error(None, LAST_ADMIN)
        else:
            messages.success(request, f"You have left {seat.account.name}.")
            return redirect("home")
    question = Question(
        title=f"Leave {seat.account.name}?",
        consequence="You see nothing of this account any more, and the tokens that you keep here "
        "for it, lent ones too, are deleted.",
        label="Leave",
        back=reverse("workflows_ui:member-list", args=[account]),
        of="Team",
        tone="bad",
    )
    return question_page(request, seat, form, question)


def member_or_404(seat: Seat, member: int) -> Membership:
    """The member of this account; a stranger's row is not found."""
    found = queries.member_of(seat.account, member)
    if found is None:
        raise Http404("No such member.")
    return found
