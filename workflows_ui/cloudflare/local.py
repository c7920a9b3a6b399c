"""The engine of `wrangler dev`, behind the same face as the API.

It has fewer calls, counts pages instead of giving cursors, and has habits of its own; what it
lacks is NotSupported without a call, see `capabilities`. Reading a missing instance would create
a phantom, so each call that addresses an instance makes sure first that it exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

from workflows_ui.cloudflare import encoding, parsing
from workflows_ui.cloudflare import types as t
from workflows_ui.cloudflare import values as v
from workflows_ui.cloudflare.addresses import AddressRules, check_url, is_loopback
from workflows_ui.cloudflare.encoding import path_of, query_of
from workflows_ui.cloudflare.envelope import Envelope
from workflows_ui.cloudflare.errors import (
    ALREADY_EXISTS,
    INSTANCE_NOT_FOUND,
    BadResponse,
    Conflict,
    ConnectionFailed,
    Invalid,
    NotFound,
    NotSupported,
)
from workflows_ui.cloudflare.local_answers import (
    open_local,
    parse_local_rows,
    with_derived_status,
    without_phantom_count,
)
from workflows_ui.cloudflare.local_dialects import (
    NEW,
    Dialect,
    find_dialect,
    forget_dialect,
    known_dialect,
)
from workflows_ui.cloudflare.local_ids import known_ids
from workflows_ui.cloudflare.protocol import Capabilities, Direction
from workflows_ui.cloudflare.steps import Steps
from workflows_ui.cloudflare.transport import TIME_LIMIT, TIMEOUT, OnCall, Reply, Transport

PAGE_SIZE = 100
MAX_PAGES = 100
"""Pages walked to find an id: the newest 10,000 instances."""


class LocalClient:
    """A client for one `wrangler dev`; implements `WorkflowsApi`."""

    def __init__(
        self,
        *,
        base_url: str,
        rules: AddressRules,
        timeout: tuple[float, float] = TIMEOUT,
        time_limit: float = TIME_LIMIT,
        user_agent_version: str = "dev",
        on_call: OnCall | None = None,
    ) -> None:
        self.base_url = check_url(base_url, kind="local", rules=rules)
        self._transport = Transport(
            base_url=self.base_url,
            rules=rules,
            timeout=timeout,
            time_limit=time_limit,
            version=user_agent_version,
            host_header=_host_header(self.base_url),
            on_call=on_call,
        )

    def __repr__(self) -> str:
        return f"<LocalClient at {self.base_url}>"

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do. Makes no call: until the first one, the newer one is assumed."""
        return (known_dialect(self.base_url) or NEW).capabilities

    @property
    def last_rate(self) -> t.CallRate | None:
        """None: there is no budget here."""
        return None

    # Workflows

    def list_workflows(
        self, *, page: int = 1, per_page: int = 50, search: str | None = None
    ) -> t.Page[t.Workflow]:
        """One page, cut and searched here: the engine sends all. Has no counts, no dates."""
        found = parsing.parse_list(self._get().result, parsing.parse_workflow, "workflows")
        wanted = [w for w in found if not search or search.lower() in w.name.lower()]
        first = (page - 1) * per_page
        return t.Page(
            items=tuple(wanted[first : first + per_page]),
            page=page,
            per_page=per_page,
            total_count=len(wanted),
        )

    def get_workflow(self, workflow: str) -> t.Workflow:
        """One workflow with counts, which may be 30 seconds old."""
        return without_phantom_count(parsing.parse_workflow(self._get(workflow).result))

    def put_workflow(self, workflow: str, definition: t.WorkflowDefinition) -> t.Workflow:
        _not_supported("Workflows of wrangler dev are defined in its configuration file.")

    def delete_workflow(self, workflow: str) -> t.WorkflowDeleted:
        """Delete all instances of a workflow. The workflow itself stays listed."""
        deleted = self._write("DELETE", (workflow,), parsing.parse_workflow_deleted)
        known_ids.forget(self.base_url, workflow)
        return deleted

    # Instances

    def list_instances(
        self,
        workflow: str,
        *,
        cursor: str | None = None,
        per_page: int = 50,
        direction: Direction = "desc",
        status: str | None = None,
        date_start: datetime | None = None,
        date_end: datetime | None = None,
    ) -> t.CursorPage[t.InstanceRow]:
        """One page, newest first whatever `direction` says; the cursor is a page number.

        Phantoms are left out, so a page may hold fewer rows than asked for. A sleeping or waiting
        instance says `running` here; only its detail tells.
        """
        page = _page_number(cursor)
        if status == t.InstanceStatus.ROLLING_BACK:
            return t.CursorPage(items=(), per_page=per_page)
        envelope = self._get(
            workflow,
            "instances",
            query={
                "page": page,
                "per_page": per_page,
                "status": status,
                "date_start": encoding.utc_text(date_start),
                "date_end": encoding.utc_text(date_end),
            },
        )
        rows = parse_local_rows(envelope.result)
        known_ids.add(self.base_url, workflow, (row.id for row in rows))
        pages = v.whole(envelope.info.get("total_pages")) or 1
        return t.CursorPage(
            items=rows, per_page=per_page, cursor=str(page + 1) if page < pages else None
        )

    def create_instance(self, workflow: str, new: t.NewInstance) -> t.CreatedInstance:
        """Create one instance; the answer is its id alone. Retention and hint are not sent.

        An id in use is a Conflict with code 10405. The old dialect would answer as if it had
        created it, so there the list is asked first.
        """
        if self._dialect().verb == "action" and self._exists(workflow, new.instance_id):
            raise Conflict(
                f"(instance.already_exists) “{new.instance_id}” is in use.", code=ALREADY_EXISTS
            )
        body = {"id": new.instance_id}
        if new.params is not t.NOTHING:
            body["params"] = new.params
        path = (workflow, "instances")
        created = self._write("POST", path, parsing.parse_created, body=body)
        known_ids.add(self.base_url, workflow, [created.id])
        return created

    def create_instances(
        self, workflow: str, new: Sequence[t.NewInstance]
    ) -> tuple[t.CreatedInstance, ...]:
        _not_supported("wrangler dev creates instances one by one.")

    def terminate_instances(
        self, workflow: str, instance_ids: Sequence[str]
    ) -> t.InstancesTerminated:
        _not_supported("wrangler dev terminates instances one by one.")

    def delete_instances(self, workflow: str, instance_ids: Sequence[str]) -> t.InstancesDeleted:
        """Delete up to 100 instances. Missing ones come back in `errors` and are not asked for."""
        if not self._dialect().capabilities.batch_delete:
            _not_supported("This version of wrangler dev deletes instances one by one.")
        missing = {i for i in dict.fromkeys(instance_ids) if not self._exists(workflow, i)}
        refused = tuple(_refused(i) for i in instance_ids if i in missing)
        present = [i for i in instance_ids if i not in missing]
        if not present:
            return t.InstancesDeleted(deleted=(), errors=refused)
        path = (workflow, "instances", "batch", "delete")
        parse = parsing.parse_instances_deleted
        done = self._write("POST", path, parse, body={"instances": present})
        known_ids.forget(self.base_url, workflow, *present)
        return replace(done, errors=(*refused, *done.errors))

    def terminate_all_instances(self, workflow: str, *, status: str | None = None) -> str:
        _not_supported("wrangler dev terminates instances one by one.")

    def get_terminate_job(self, workflow: str) -> str:
        _not_supported("wrangler dev has no terminate job.")

    def get_instance(
        self, workflow: str, instance_id: str, *, order: Direction = "asc", simple: bool = False
    ) -> t.InstanceDetail:
        """One instance. `order` and `simple` are applied here; see `with_derived_status`."""
        self._must_exist(workflow, instance_id)
        with _forgetting(self.base_url, workflow, instance_id):
            envelope = self._get(workflow, "instances", instance_id)
        raw = v.object_or_empty(envelope.result)
        detail = with_derived_status(parsing.parse_detail(raw))
        entries = v.list_or_empty(raw.get("steps"))
        if simple:
            return replace(detail, steps=())
        return replace(detail, steps=Steps(entries[::-1] if order == "desc" else entries))

    def delete_instance(self, workflow: str, instance_id: str) -> t.InstanceDeleted:
        """Stop and delete one instance. NotFound when it is not there, as the API says."""
        self._must_exist(workflow, instance_id)
        path = (workflow, "instances", instance_id)
        deleted = self._write("DELETE", path, parsing.parse_instance_deleted)
        known_ids.forget(self.base_url, workflow, instance_id)
        return replace(deleted, instance_id=deleted.instance_id or instance_id)

    def get_step_output(
        self,
        workflow: str,
        instance_id: str,
        *,
        name: str,
        type: str,
        attempt: int | None = None,
    ) -> t.StepOutput | t.StepStream:
        _not_supported("The detail of an instance of wrangler dev holds whole outputs already.")

    def change_instance_status(
        self,
        workflow: str,
        instance_id: str,
        action: t.InstanceAction,
        *,
        rollback: bool | None = None,
        restart_from: t.RestartFrom | None = None,
    ) -> t.StatusChanged:
        """Pause, resume, terminate or restart. Conflict when it has ended (terminate) or the step
        is not known (restart); pause and resume of an ended one do nothing and say its status."""
        dialect = self._dialect()
        if restart_from is not None and not dialect.capabilities.restart_from:
            _not_supported("This version of wrangler dev can only restart from the beginning.")
        if rollback is not None and not dialect.capabilities.rollback:
            _not_supported("This version of wrangler dev runs no rollback.")
        self._must_exist(workflow, instance_id)
        body = encoding.status_body(action, rollback=rollback, restart_from=restart_from)
        body[dialect.verb] = body.pop("status")
        path = (workflow, "instances", instance_id, "status")
        with _forgetting(self.base_url, workflow, instance_id):
            return self._write("PATCH", path, parsing.parse_status_changed, body=body)

    def send_event(
        self, workflow: str, instance_id: str, event_type: str, payload: t.Json
    ) -> t.EventSent:
        """Send an event. An ended instance takes it without a word, and nothing happens."""
        self._must_exist(workflow, instance_id)
        path = (workflow, "instances", instance_id, "events", event_type)
        with _forgetting(self.base_url, workflow, instance_id):
            sent = self._write("POST", path, parsing.parse_event_sent, body=payload)
        return replace(sent, instance_id=sent.instance_id or instance_id)

    # What only the API has

    def list_versions(
        self, workflow: str, *, page: int = 1, per_page: int = 50
    ) -> t.Page[t.Version]:
        _not_supported("wrangler dev keeps no versions.")

    def get_version(self, workflow: str, version_id: str) -> t.Version:
        _not_supported("wrangler dev keeps no versions.")

    def get_version_graph(self, workflow: str, version_id: str) -> t.VersionGraph:
        _not_supported("wrangler dev draws no graph.")

    def get_version_dag(self, workflow: str, version_id: str) -> t.Json:
        _not_supported("wrangler dev draws no graph.")

    def get_settings(self) -> t.Settings:
        _not_supported("wrangler dev has no settings.")

    def patch_settings(self, *, default_retention: t.Retention) -> t.Settings:
        _not_supported("wrangler dev has no settings.")

    # Which instances exist

    def _must_exist(self, workflow: str, instance_id: str) -> None:
        if not self._exists(workflow, instance_id):
            raise NotFound(
                f"Workflow instance “{instance_id}” not found.", code=INSTANCE_NOT_FOUND, status=404
            )

    def _exists(self, workflow: str, instance_id: str) -> bool:
        path_of(instance_id)
        if known_ids.has(self.base_url, workflow, instance_id):
            return True
        return any(instance_id == seen for seen in self._walk_ids(workflow))

    def _walk_ids(self, workflow: str) -> Iterator[str]:
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            page = self.list_instances(workflow, cursor=cursor, per_page=PAGE_SIZE)
            yield from (row.id for row in page.items)
            cursor = page.cursor
            if cursor is None:
                return

    # Calls

    def _dialect(self) -> Dialect:
        return find_dialect(self.base_url, self._transport)

    def _get(self, *parts: str, query: Mapping[str, object | None] | None = None) -> Envelope:
        return open_local(self._send("GET", parts, query=query_of(query or {})))

    def _write[T](
        self,
        method: str,
        parts: tuple[str, ...],
        parse: Callable[[object], T],
        *,
        body: Any = ...,
    ) -> T:
        """Send a write once. `...` is no body, as None is one."""
        sent = None if body is ... else encoding.json_body(body)
        reply = self._send(method, parts, body=sent)
        result = open_local(reply, writes=True).result
        try:
            return parse(result)
        except BadResponse as error:
            error.maybe_done, error.status = True, reply.status
            raise

    def _send(
        self, method: str, parts: tuple[str, ...], *, query: str = "", body: bytes | None = None
    ) -> Reply:
        path = path_of("workflows", *parts)
        try:
            root = self._dialect().root
            reply = self._transport.send(method, f"{root}{path}", query=query, body=body)
        except ConnectionFailed:
            # Whoever starts it again may start another version, on another store.
            forget_dialect(self.base_url)
            known_ids.forget(self.base_url)
            raise
        if reply.media_type != "application/json":
            # Not the engine: the Worker under development answers where the API is not.
            forget_dialect(self.base_url)
        return reply


@contextmanager
def _forgetting(base_url: str, workflow: str, instance_id: str) -> Iterator[None]:
    """Forgets an id that turns out not to exist, so that it is looked for before the next call."""
    try:
        yield
    except NotFound:
        known_ids.forget(base_url, workflow, instance_id)
        raise


def _host_header(base_url: str) -> str:
    """A Host the engine takes: it refuses all but loopback, also on a host the operator allowed."""
    parts = urlsplit(base_url)
    if is_loopback(parts.hostname or ""):
        return ""
    return f"localhost:{parts.port}" if parts.port else "localhost"


def _page_number(cursor: str | None) -> int:
    if not cursor:
        return 1
    if not (cursor.isascii() and cursor.isdigit() and 1 <= int(cursor[:9]) <= 10**6):
        raise Invalid("This cursor is not one of this list.")
    return int(cursor)


def _refused(instance_id: str) -> t.RefusedItem:
    return t.RefusedItem(
        id=instance_id,
        code=INSTANCE_NOT_FOUND,
        message="workflows.api.error.instance.not_found",
    )


def _not_supported(message: str) -> NoReturn:
    raise NotSupported(message)
