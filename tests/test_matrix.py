"""Every address, everybody, every method: walked from the URL table.

NEEDS is the one list of what each address asks for. An address that is not in it fails the first
test, so a new view says here whom it is for.
"""

from __future__ import annotations

import gzip
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from http.cookies import SimpleCookie
from itertools import product

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse
from django.middleware.csrf import _get_new_csrf_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from console.team.models import Account, Invitation, Removal, User
from console.team.roles import Action, Role, may
from console.team.sessions import seen_key
from console.vault.models import ApiToken
from tests.conftest import logged_in
from tests.factories import make_account, make_membership, make_token, make_user
from tests.views.trails import act
from workflows_ui.models import (
    Batch,
    Dashboard,
    DashboardLink,
    Panel,
    SeenInstance,
    Snapshot,
    Sweep,
)

pytestmark = pytest.mark.django_db

WORKFLOW, INSTANCE, ELSEWHERE = "checkout", "order-errored", "billing-*"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
READS, WRITES = ("GET", "HEAD"), ("POST",)
BOTH = READS + WRITES
# with the mark against forged requests, and once without
TRIES = (*((method, True) for method in METHODS), ("POST", False))
FEW_TRIES = (("GET", True), ("POST", True))

# whom an address is for, when it is not for who holds an Action
OPEN, LOGGED_IN, MEMBER = "open", "logged in", "member"
# 404 also for members: the row that the address names is another person's
OTHERS = "somebody else's"
# 403 for members, admins too: they see the row that the address names, and its owner changes it
OWNERS = "its owner's"
# 404 for everybody: sign-up after the first start, an issuer where there is none
NOT_HERE = "not here"


@dataclass(frozen=True)
class Need:
    who: str | Action
    methods: tuple[str, ...] = BOTH
    also: tuple[int, ...] = ()
    """What it may answer besides, to somebody who may come in."""


NEEDS: dict[str, Need] = {
    "healthz": Need(OPEN, READS),
    "readyz": Need(OPEN, READS),
    "first-start": Need(NOT_HERE),
    # --- who it is
    "account_login": Need(OPEN),
    "account_logout": Need(OPEN),
    "account_inactive": Need(OPEN, READS),
    "account_signup": Need(OPEN),
    "openid_connect_login": Need(NOT_HERE),
    "openid_connect_callback": Need(NOT_HERE, READS),
    "issuer_confirm": Need(LOGGED_IN, READS, also=(404,)),  # there is no issuer
    "mfa_authenticate": Need(OPEN),
    "mfa_login_webauthn": Need(OPEN),
    "workflows_ui:join": Need(OPEN, also=(404,)),  # without the cookie of a link
    "workflows_ui:join-link": Need(OPEN, READS),
    "account_reauthenticate": Need(LOGGED_IN),
    "account_change_password": Need(LOGGED_IN),
    "usersessions_list": Need(LOGGED_IN),
    "mfa_index": Need(LOGGED_IN, READS),
    "mfa_reauthenticate": Need(LOGGED_IN),
    # 404 for who has none
    "mfa_activate_totp": Need(LOGGED_IN),
    "mfa_deactivate_totp": Need(LOGGED_IN, also=(404,)),
    "mfa_view_recovery_codes": Need(LOGGED_IN, READS, also=(404,)),
    "mfa_generate_recovery_codes": Need(LOGGED_IN),
    "mfa_download_recovery_codes": Need(LOGGED_IN, also=(404,)),
    "mfa_list_webauthn": Need(LOGGED_IN, READS),
    "mfa_add_webauthn": Need(LOGGED_IN),
    "mfa_reauthenticate_webauthn": Need(LOGGED_IN),
    "mfa_edit_webauthn": Need(OTHERS),
    "mfa_remove_webauthn": Need(OTHERS),
    # --- accounts
    "home": Need(LOGGED_IN, READS),
    "preferences": Need(LOGGED_IN, WRITES),
    "person": Need(LOGGED_IN),
    "person-email": Need(LOGGED_IN, also=(404,)),  # no mail goes out
    "person-issuer": Need(LOGGED_IN, also=(404,)),  # they are not connected
    "workflows_ui:connect": Need(LOGGED_IN, READS),
    "workflows_ui:connect-cloudflare": Need(LOGGED_IN),
    "workflows_ui:connect-local": Need(LOGGED_IN),
    "workflows_ui:connect-demo": Need(LOGGED_IN, WRITES),
    "workflows_ui:account-home": Need(MEMBER, READS),
    "workflows_ui:token-detail": Need(MEMBER, READS),
    "workflows_ui:connection-verify": Need(MEMBER, WRITES, also=(404,)),  # of local ones only
    "workflows_ui:token-add": Need(MEMBER, WRITES),
    "workflows_ui:token-replace": Need(OTHERS),
    "workflows_ui:token-verify": Need(OTHERS, WRITES),
    "workflows_ui:token-choose": Need(OTHERS, WRITES),
    "workflows_ui:token-lend": Need(OTHERS),
    "workflows_ui:token-recall": Need(OTHERS, WRITES),
    "workflows_ui:token-remove": Need(OTHERS),
    "workflows_ui:budget-detail": Need(Action.WORKFLOW_VIEW, READS),
    "workflows_ui:account-settings": Need(Action.ACCOUNT_MANAGE),
    "workflows_ui:account-redaction": Need(Action.ACCOUNT_MANAGE),
    "workflows_ui:redaction-example": Need(Action.ACCOUNT_MANAGE, WRITES),
    "workflows_ui:account-retention": Need(Action.ACCOUNT_MANAGE),
    "workflows_ui:account-second-factor": Need(Action.ACCOUNT_MANAGE, WRITES),
    # --- the trail and the team
    "workflows_ui:trail-list": Need(Action.TRAIL_VIEW, READS),
    "workflows_ui:trail-log-ins": Need(Action.TRAIL_VIEW, READS),
    "workflows_ui:trail-entry": Need(Action.TRAIL_VIEW, READS),
    "workflows_ui:trail-export": Need(Action.TRAIL_EXPORT, WRITES),
    "workflows_ui:member-list": Need(Action.MEMBER_VIEW, READS),
    "workflows_ui:member-leave": Need(MEMBER),
    "workflows_ui:member-detail": Need(Action.MEMBER_MANAGE),
    "workflows_ui:member-remove": Need(Action.MEMBER_MANAGE),
    "workflows_ui:invitation-create": Need(Action.MEMBER_MANAGE),
    "workflows_ui:invitation-withdraw": Need(Action.MEMBER_MANAGE),
    # --- dashboards: the one that is asked for is shared, and somebody else's
    "workflows_ui:dashboard-list": Need(Action.WORKFLOW_VIEW, READS),
    "workflows_ui:dashboard-new": Need(Action.WORKFLOW_VIEW),
    "workflows_ui:dashboard-detail": Need(Action.WORKFLOW_VIEW, READS),
    "workflows_ui:dashboard-tick": Need(Action.WORKFLOW_VIEW, READS),
    "workflows_ui:dashboard-start": Need(Action.WORKFLOW_VIEW, WRITES),
    "workflows_ui:dashboard-duplicate": Need(Action.WORKFLOW_VIEW, WRITES),
    "workflows_ui:dashboard-edit": Need(OWNERS),
    "workflows_ui:dashboard-share": Need(OWNERS, WRITES),
    "workflows_ui:dashboard-unshare": Need(Action.ACCOUNT_MANAGE),
    "workflows_ui:dashboard-delete": Need(Action.ACCOUNT_MANAGE),
    "workflows_ui:failure-group": Need(Action.WORKFLOW_VIEW, READS),
    "workflows_ui:link-list": Need(Action.ACCOUNT_MANAGE),
    "workflows_ui:link-revoke": Need(Action.ACCOUNT_MANAGE, WRITES),
    "workflows_ui:wall": Need(OPEN, READS, also=(404,)),  # no such link
    "workflows_ui:wall-tick": Need(OPEN, READS, also=(404,)),
    "workflows_ui:panel-detail": Need(Action.WORKFLOW_VIEW, READS),
    "workflows_ui:panel-new": Need(OWNERS),
    "workflows_ui:panel-edit": Need(OWNERS),
    "workflows_ui:panel-move": Need(OWNERS, WRITES),
    "workflows_ui:panel-remove": Need(OWNERS),
    # --- workflows
    "workflows_ui:workflow-list": Need(Action.WORKFLOW_VIEW, READS),
    "workflows_ui:workflow-detail": Need(Action.WORKFLOW_VIEW, READS),
    "workflows_ui:version-list": Need(Action.WORKFLOW_VIEW, READS),
    "workflows_ui:version-detail": Need(Action.WORKFLOW_VIEW, READS),
    "workflows_ui:workflow-create": Need(Action.WORKFLOW_WRITE),
    "workflows_ui:schedule-runs": Need(Action.WORKFLOW_WRITE, READS),
    "workflows_ui:workflow-settings": Need(Action.WORKFLOW_WRITE),
    "workflows_ui:workflow-protect": Need(Action.WORKFLOW_PROTECT),
    "workflows_ui:workflow-unprotect": Need(Action.WORKFLOW_PROTECT),
    "workflows_ui:workflow-delete": Need(Action.WORKFLOW_DELETE),
    # --- instances
    "workflows_ui:instance-trigger": Need(Action.INSTANCE_TRIGGER),
    "workflows_ui:instance-detail": Need(Action.WORKFLOW_VIEW, READS),
    "workflows_ui:step-output": Need(Action.WORKFLOW_VIEW, READS),
    "workflows_ui:instance-download": Need(Action.WORKFLOW_VIEW, READS),
    "workflows_ui:instance-pause": Need(Action.INSTANCE_PAUSE),
    "workflows_ui:instance-resume": Need(Action.INSTANCE_RESUME),
    "workflows_ui:instance-restart": Need(Action.INSTANCE_RESTART),
    "workflows_ui:instance-terminate": Need(Action.INSTANCE_TERMINATE),
    "workflows_ui:instance-delete": Need(Action.INSTANCE_DELETE),
    "workflows_ui:instance-event": Need(Action.INSTANCE_EVENT),
    # --- many instances at once
    "workflows_ui:batch-create": Need(Action.INSTANCE_TRIGGER),
    "workflows_ui:batch-detail": Need(Action.TRAIL_VIEW, READS),
    "workflows_ui:ticked-restart": Need(Action.INSTANCE_RESTART, WRITES),
    "workflows_ui:ticked-terminate": Need(Action.INSTANCE_TERMINATE, WRITES),
    "workflows_ui:ticked-delete": Need(Action.INSTANCE_DELETE, WRITES),
    "workflows_ui:sweep-start": Need(Action.INSTANCE_TERMINATE),
    "workflows_ui:sweep-detail": Need(Action.TRAIL_VIEW, READS),
    # 403 for whoever did not start it
    "workflows_ui:sweep-round": Need(Action.INSTANCE_TERMINATE, WRITES, also=(403,)),
    "workflows_ui:sweep-stop": Need(Action.INSTANCE_TERMINATE, WRITES),
    "workflows_ui:snapshot-detail": Need(Action.WORKFLOW_VIEW, READS),
    "workflows_ui:snapshot-download": Need(Action.WORKFLOW_VIEW, READS),
}


# --- The table of addresses ------------------------------------------------------------------


def addresses(
    resolver: URLResolver | None = None, space: str = "", taken: frozenset[str] = frozenset()
) -> Iterator[tuple[str, frozenset[str]]]:
    """Every address by name, with the names of the values in it."""
    for entry in (resolver or get_resolver()).url_patterns:
        names = taken | set(entry.pattern.converters)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from addresses(entry, inner, names)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", names


ADDRESSES = dict(addresses())


def test_every_address_says_whom_it_is_for():
    assert set(ADDRESSES) == set(NEEDS)


# --- The world -------------------------------------------------------------------------------


def things_of(account: Account, user: User, version: str = "") -> dict[str, object]:
    """Values for every name in an address: one of each thing that an account has."""
    make_membership(account, user, Role.ADMIN)
    invitation = Invitation.objects.create(
        account=account,
        role=Role.VIEWER,
        digest=f"of-{account.slug}",
        by=user,
        expires=timezone.now() + timedelta(days=1),
    )
    snapshot = Snapshot.objects.create(
        account=account,
        workflow=WORKFLOW,
        instance_id=INSTANCE,
        attempt_sequence=1,
        status="errored",
        size=2,
        packed=gzip.compress(b'{"status": "errored", "steps": []}'),
    )
    board = Dashboard.objects.create(account=account, owner=user, title="Ours", shared=True)
    panel = Panel.objects.create(dashboard=board, kind="note", place=0, settings={"text": "a"})
    link = DashboardLink.objects.create(
        dashboard=board,
        digest=f"of-{account.slug}",
        made_by=user,
        expires=timezone.now() + timedelta(days=1),
    )
    failed = SeenInstance.objects.create(
        account=account,
        workflow=WORKFLOW,
        instance_id=INSTANCE,
        status="errored",
        fingerprint=f"of-{account.slug}",
        read=timezone.now(),
    )
    token = make_token(user, account)
    ApiToken.objects.filter(pk=token.pk).update(lent=ApiToken.Lent.TEAM)
    key = Authenticator.objects.create(user=user, type="webauthn", data={"name": "Key"})
    batch = Batch.objects.create(
        key=uuid.uuid4(),
        account=account,
        workflow=WORKFLOW,
        actor=user,
        action="instance:delete",
        ids=[INSTANCE],
    )
    acted = act(user, account)
    sweep = Sweep.objects.create(
        account=account,
        workflow=WORKFLOW,
        status="running",
        actor=user,
        attempt_sequence=acted,
    )
    return {
        "account": account.slug,
        "workflow": WORKFLOW,
        "instance": INSTANCE,
        "version": version,
        "secret": "no-such-secret",
        "sequence": acted,
        "member": make_membership(account, make_user()).pk,
        "token": token.pk,
        "invitation": invitation.pk,
        "snapshot": snapshot.pk,
        "dashboard": board.pk,
        "panel": panel.pk,
        "key": batch.key,
        "sweep": sweep.pk,
        "link": link.pk,
        "fingerprint": failed.fingerprint,
        "pk": key.pk,
    }


@pytest.fixture(autouse=True)
def _everything_is_on(settings) -> None:
    settings.WALL_LINKS = True


@pytest.fixture
def upstream_url(simulator) -> str:
    return simulator.base_url


@pytest.fixture
def own(account, simulator) -> dict[str, object]:
    version = simulator.simulator.account.workflows[WORKFLOW].versions[0]
    return things_of(account, make_user("owner"), version.id)


def address(name: str, values: dict[str, object]) -> str:
    return reverse(name, kwargs={key: values[key] for key in ADDRESSES[name]})


# --- Everybody -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    """`role` is empty for who is no member; `client` never keeps what one request left behind."""

    client: Client
    is_logged_in: bool = True
    role: str = ""
    limits: tuple[str, ...] = ()
    lacks_factor: bool = False
    tries: tuple[tuple[str, bool], ...] = TRIES
    """Few for somebody who is much like another in this list: it is the time that counts."""

    def may_come_in(self, need: Need, name: str) -> bool:
        if need.who in (OPEN, NOT_HERE):
            return True
        if need.who in (LOGGED_IN, OTHERS):
            return self.is_logged_in
        if self.lacks_factor or need.who == OWNERS:
            return False
        if need.who == MEMBER:
            return bool(self.role)
        workflow = WORKFLOW if "workflow" in ADDRESSES[name] else ""
        return may(self.role, Action(need.who), workflow=workflow, limits=self.limits)


def member_of(account: Account, role: str, limits: tuple[str, ...] = ()) -> Person:
    user = make_user("the-person")
    make_membership(account, user, role, limits=list(limits))
    make_token(user, account)
    return Person(logged_in(user), role=role, limits=limits, tries=FEW_TRIES if limits else TRIES)


def borrower_at(account: Account) -> Person:
    """An operator who acts with the token that the owner lends to the team."""
    person = member_of(account, Role.OPERATOR)
    ApiToken.objects.filter(owner__username="the-person").delete()
    return replace(person, tries=FEW_TRIES)


def stranger_of(account: Account) -> Person:
    """An admin elsewhere."""
    user = make_user("the-person")
    other = make_account(slug="other", base_url=account.base_url, account_id="1" * 32)
    make_membership(other, user, Role.ADMIN)
    make_token(user, other)
    return Person(logged_in(user))


def removed_from(account: Account) -> Person:
    """Once an admin, whose token is still there."""
    user = make_user("the-person")
    make_token(user, account)
    Removal.objects.create(account=account, user=user)
    return Person(logged_in(user), tries=FEW_TRIES)


def switched_off(account: Account) -> Person:
    person = member_of(account, Role.ADMIN)
    User.objects.filter(username="the-person").update(is_active=False)
    return replace(person, is_logged_in=False, tries=FEW_TRIES)


def without_factor(account: Account) -> Person:
    """An admin of an account that is closed to members without a second factor."""
    Account.objects.filter(pk=account.pk).update(require_second_factor=True)
    return replace(member_of(account, Role.ADMIN), lacks_factor=True, tries=FEW_TRIES)


PEOPLE: dict[str, Callable[[Account], Person]] = {
    "anonymous": lambda account: Person(Client(), is_logged_in=False),
    "switched off": switched_off,
    "stranger": stranger_of,
    "removed": removed_from,
    "viewer": lambda account: member_of(account, Role.VIEWER),
    "operator": lambda account: member_of(account, Role.OPERATOR),
    "operator with a lent token": borrower_at,
    "operator elsewhere": lambda account: member_of(account, Role.OPERATOR, (ELSEWHERE,)),
    "admin without a second factor": without_factor,
    "admin": lambda account: member_of(account, Role.ADMIN),
}


# --- What happens ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    response: HttpResponse
    written: tuple[str, ...]
    asked: int

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def leads_to_log_in(self) -> bool:
        return self.status == 302 and self.response.url.startswith("/person/login/")


WRITE = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM) \"(\w+)\"", re.IGNORECASE)
LEAVES_A_TRACE = {"audit_entry"}  # the trail says who was refused


def ask(person: Person, simulator, method: str, url: str, *, marked: bool) -> Outcome:
    """One request, whose traces in the database, the cookies and the caches are taken back."""
    client = person.client
    kept = {name: cookie.value for name, cookie in client.cookies.items()}
    client.handler.enforce_csrf_checks = True
    headers = {}
    if marked:
        client.cookies["csrftoken"] = mark = _get_new_csrf_string()
        headers["X-CSRFToken"] = mark
    cache.clear()
    if session := kept.get("sessionid"):
        cache.add(seen_key(session), True)
    simulator.simulator.calls.reset()
    before = transaction.savepoint_create()
    try:
        with CaptureQueriesContext(connection) as queries:
            response = client.generic(method, url, headers=headers)
            response.getvalue()
    finally:
        transaction.savepoint_rollback(before)
        client.cookies = SimpleCookie(kept)
    written = {found[2] for query in queries if (found := WRITE.match(query["sql"]))}
    return Outcome(response, tuple(written - LEAVES_A_TRACE), len(simulator.simulator.calls))


def complaint(name: str, method: str, person: Person, outcome: Outcome, *, marked: bool) -> str:
    """What is wrong with the answer; empty when it is as the table says."""
    need, status = NEEDS[name], outcome.status
    let_in = person.may_come_in(need, name)
    if not marked:
        expected = status == 403
    elif not person.is_logged_in and need.who not in (OPEN, NOT_HERE):
        expected = outcome.leads_to_log_in
    elif method not in need.methods:
        expected = status == 405
    elif need.who == OTHERS:
        expected = status == (403 if person.lacks_factor and "account" in ADDRESSES[name] else 404)
    elif need.who == NOT_HERE:
        expected = status == 404 or name == "openid_connect_login"
    elif let_in:
        expected = (status < 500 and status not in (403, 404, 405)) or status in need.also
    else:
        expected = status == (403 if person.role else 404)
    did = method in need.methods and let_in and marked and need.who != OTHERS
    if expected and (did or not (outcome.written or outcome.asked)):
        return ""
    return (
        f"{method} {name} marked={marked}: {status}, wrote {outcome.written}, {outcome.asked} calls"
    )


@pytest.mark.parametrize("kind", PEOPLE)
def test_everybody_gets_what_is_theirs_and_nothing_else(kind, account, own, simulator):
    person = PEOPLE[kind](account)
    wrong = []
    for name, (method, marked) in product(NEEDS, person.tries):
        outcome = ask(person, simulator, method, address(name, own), marked=marked)
        wrong.append(complaint(name, method, person, outcome, marked=marked))
    assert not any(wrong), "\n".join(filter(None, wrong))


# --- Another account's -----------------------------------------------------------------------

PLACES = {"account", "workflow", "instance", "version", "secret"}
"""Names in an address that name nothing of ours; whatever else is there is the id of a row."""


@pytest.fixture
def foreign(upstream_url) -> dict[str, object]:
    other = make_account(slug="other", base_url=upstream_url, account_id="1" * 32)
    return things_of(other, make_user("other-owner"))


@pytest.mark.parametrize("name", [name for name, taken in ADDRESSES.items() if taken - PLACES])
def test_an_id_of_another_account_is_not_found(name, account, own, foreign, simulator):
    person = Person(logged_in(User.objects.get(username="owner")), role=Role.ADMIN)
    for key in ADDRESSES[name] - PLACES:
        url = address(name, own | {key: foreign[key]})
        for method in NEEDS[name].methods:
            outcome = ask(person, simulator, method, url, marked=True)
            assert outcome.status == 404, (method, url)
            assert (outcome.written, outcome.asked) == ((), 0)
