"""Reads of the trail for one account's pages. No call goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from console.audit import acts
from console.audit import queries as audit
from console.audit.models import Entry
from console.team.models import Account, User
from console.team.roles import Role
from workflows_ui import cloudflare as cf
from workflows_ui.access import Seat
from workflows_ui.models import Snapshot
from workflows_ui.presenters.instances import snapshot_url
from workflows_ui.presenters.story import Story, forgot, story
from workflows_ui.presenters.trail import (
    LOOKS,
    NO_OUTCOME,
    ActLine,
    act_line,
    story_url,
    titles_in,
    veil,
)
from workflows_ui.queries.dashboards import dashboards_of


@dataclass(frozen=True, slots=True)
class TrailPage:
    """A page of lines; `older` and `newer` are the sequences to go on from."""

    lines: list[ActLine]
    older: int | None
    newer: int | None
    searched_to: datetime | None


def trail_page(seat: Seat, found: audit.Filter, place: acts.Place) -> TrailPage:
    """A page of the account's acts, newest first."""
    page = acts.acts(found, place)
    veiled = veil_titles(seat, [(act.head, act.entry) for act in page.acts])
    if found.text:
        # a search must not tell what a title has in it either
        page = replace(page, acts=[act for act in page.acts if act.sequence not in veiled])
    return _shown(page, seat.account)


def log_in_page(account: Account, people: Mapping[int, str], place: acts.Place) -> TrailPage:
    """A page of these people's log-ins and whatever else they did outside of any account."""
    return _shown(acts.log_ins(people, place), account)


def _shown(page: acts.ActPage, account: Account) -> TrailPage:
    lines = [act_line(act, account=account.slug) for act in page.acts]
    return TrailPage(lines, page.older, page.newer, page.searched_to)


def people_of(account: Account) -> dict[int, str]:
    """Members, and whoever else is in the account's trail: id -> name."""
    return audit.people_of(account.pk) | members_of(account)


def members_of(account: Account) -> dict[int, str]:
    """The account's members: id -> name."""
    return dict(User.objects.filter(accounts=account).values_list("pk", "username"))


def seen_log_ins(seat: Seat) -> dict[int, str]:
    """Whose log-ins a member may see: their own; an admin those of every member."""
    if seat.role == Role.ADMIN:
        return members_of(seat.account)
    return {seat.user.pk: seat.user.get_username()}


@dataclass(frozen=True, slots=True)
class SnapshotLink:
    """A copy that an act kept. `url` is empty where it has no page."""

    snapshot: Snapshot
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """Everything of one act. `told_origin` says whether address and session may be shown."""

    line: ActLine
    head: Entry
    rows: Sequence[Entry]
    parts: Sequence[ActLine]
    parts_left: int
    before: ActLine | None
    after: ActLine | None
    around: str
    snapshots: Sequence[SnapshotLink]
    told_origin: bool

    @property
    def is_open(self) -> bool:
        """Whether nobody knows how it ended."""
        return self.line.look in (NO_OUTCOME, LOOKS["unknown"])


def entry_view(seat: Seat, sequence: int) -> EntryView | None:
    """The act that an entry belongs to; None for one the member may not see."""
    account = seat.account
    act = acts.act_of(sequence)
    if act is None or not may_see(seat, act.head):
        return None
    head, slug, rows = act.head, account.slug, acts.rows_of(act.head)
    veil_titles(seat, [(head, act.entry, *rows)])
    parts = acts.parts_of(head) if act.parts else []
    before, after = acts.neighbours(head) if head.instance_id else (None, None)
    own = head.actor_id == seat.user.pk or head.account_id is None
    return EntryView(
        line=act_line(act, account=slug),
        head=head,
        rows=rows,
        parts=[act_line(acts.Told(head=part, part=part), account=slug) for part in parts],
        parts_left=sum(act.parts.values()) - len(parts),
        before=act_line(before, account=slug) if before else None,
        after=act_line(after, account=slug) if after else None,
        around=story_url(slug, head.workflow, head.instance_id) if head.instance_id else "",
        snapshots=snapshot_links(account, [head.sequence]),
        told_origin=own or seat.role == Role.ADMIN,
    )


def may_see(seat: Seat, head: Entry) -> bool:
    if head.account_id == seat.account.pk:
        return True
    return acts.is_about(head, seen_log_ins(seat))


def veil_titles(seat: Seat, told: Sequence[Sequence[Entry]]) -> set[int]:
    """Takes the titles of dashboards that the reader may not know out of these acts, each as its
    rows: those of others that are not shared now. An admin knows all. Says which acts had some.
    """
    titles = [set().union(*map(titles_in, rows)) for rows in told]
    if seat.role == Role.ADMIN or not any(titles):
        return set()
    known = {board.title for board in dashboards_of(seat.user, seat.account)}
    hidden = [
        rows
        for rows, asked in zip(told, titles, strict=True)
        if asked - known and rows[0].actor_id != seat.user.pk
    ]
    for row in chain.from_iterable(hidden):
        veil(row)
    return {rows[0].sequence for rows in hidden}


def acts_on(account: Account, workflow: str, instance: str) -> list[acts.Told]:
    """What people did to an instance, oldest first."""
    return acts.told_of(audit.story_of(account.pk, workflow, instance))


def story_of(
    account: Account, instance: str, done: Sequence[acts.Told], detail: cf.InstanceDetail
) -> Story:
    """What people (`done`) and the engine did to an instance, in one order of time."""
    ended = forgot(done)
    kept = snapshot_links(account, ended) if ended else []
    runs = {
        link.snapshot.attempt_sequence: link.url
        for link in kept
        if link.snapshot.instance_id == instance
    }
    return story(done, detail, runs, account=account.slug)


def snapshot_links(account: Account, attempts: Sequence[int]) -> list[SnapshotLink]:
    """The snapshots that these acts took, oldest first, without their content."""
    taken = Snapshot.objects.filter(account=account, attempt_sequence__in=attempts)
    return [
        SnapshotLink(kept, snapshot_url(kept, account.slug))
        for kept in taken.defer("packed").order_by("taken", "pk")
    ]
