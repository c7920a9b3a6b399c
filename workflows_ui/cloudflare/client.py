"""The Workflows API of Cloudflare, one method per call.

Every method raises CloudflareError or one of its kinds and returns a frozen type. Reads are
retried when the failure is a passing one, writes are sent exactly once; the error of a write
says in `maybe_done` whether it may have taken effect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from workflows_ui.cloudflare import encoding, graphs, parsing
from workflows_ui.cloudflare import types as t
from workflows_ui.cloudflare import values as v
from workflows_ui.cloudflare.addresses import AddressRules, check_url
from workflows_ui.cloudflare.encoding import path_of, query_of
from workflows_ui.cloudflare.envelope import Envelope, open_envelope
from workflows_ui.cloudflare.errors import BadResponse
from workflows_ui.cloudflare.protocol import Capabilities, Direction
from workflows_ui.cloudflare.transport import (
    TIME_LIMIT,
    TIMEOUT,
    BearerAuth,
    BeforeCall,
    OnCall,
    Transport,
)

BASE_URL = "https://api.cloudflare.com/client/v4"
STREAM = "application/octet-stream"


class CloudflareClient:
    """A client for one account and one token; implements `WorkflowsApi`.

    `account_id` may be empty for the calls that need none. `rules` say which addresses may be
    talked to (AddressRefused otherwise), `on_call` is told of each HTTP request that was sent,
    `before_call` may raise a CloudflareError instead of it.
    `timeout` is seconds to connect and between two bytes, `time_limit` for a whole call.
    """

    capabilities = Capabilities()

    def __init__(
        self,
        *,
        account_id: str,
        token: str,
        base_url: str = BASE_URL,
        rules: AddressRules | None = None,
        timeout: tuple[float, float] = TIMEOUT,
        time_limit: float = TIME_LIMIT,
        user_agent_version: str = "dev",
        before_call: BeforeCall | None = None,
        on_call: OnCall | None = None,
    ) -> None:
        auth = BearerAuth(token)
        # An error report shows the locals of each frame.
        del token
        rules = rules or AddressRules()
        self.account_id = account_id
        self.base_url = check_url(base_url, kind="cloudflare", rules=rules)
        self._transport = Transport(
            base_url=self.base_url,
            rules=rules,
            auth=auth,
            timeout=timeout,
            time_limit=time_limit,
            version=user_agent_version,
            before_call=before_call,
            on_call=on_call,
        )

    def __repr__(self) -> str:
        return f"<CloudflareClient of account {self.account_id} at {self.base_url}>"

    @property
    def last_rate(self) -> t.CallRate | None:
        """The call budget as the last answer told it, None before one did (1.7)."""
        return self._transport.last_rate

    # Tokens and accounts

    def list_accounts(self, *, page: int = 1, per_page: int = 50) -> t.Page[t.Account]:
        """The accounts the token sees (1.5). Needs no account id."""
        query = query_of({"page": page, "per_page": per_page})
        envelope = self._get("/accounts", query)
        return _page(envelope, parsing.parse_account, "accounts", page=page, per_page=per_page)

    def verify_user_token(self) -> t.TokenStatus:
        """Whether a token owned by a user is valid (1.5). Needs no account id.

        An account-owned token is Unauthorized here with code 1000: ask `verify_account_token`.
        """
        return parsing.parse_token_status(self._get("/user/tokens/verify").result)

    def verify_account_token(self) -> t.TokenStatus:
        """Whether a token owned by the account is valid (1.5)."""
        path = path_of("accounts", self.account_id, "tokens", "verify")
        return parsing.parse_token_status(self._get(path).result)

    # Workflows

    def list_workflows(
        self, *, page: int = 1, per_page: int = 50, search: str | None = None
    ) -> t.Page[t.Workflow]:
        """One page of the workflows, with counts (4.1). `search` filters by name, 1 to 64 chars."""
        query = query_of({"page": page, "per_page": per_page, "search": search or None})
        envelope = self._get(self._path(), query)
        return _page(envelope, parsing.parse_workflow, "workflows", page=page, per_page=per_page)

    def get_workflow(self, workflow: str) -> t.Workflow:
        """One workflow (4.2). NotFound with code 10200."""
        return parsing.parse_workflow(self._get(self._path(workflow)).result)

    def put_workflow(self, workflow: str, definition: t.WorkflowDefinition) -> t.Workflow:
        """Create or change a workflow (4.3). Naming another script moves it there silently."""
        body = encoding.definition_body(definition)
        return self._write("PUT", self._path(workflow), parsing.parse_workflow, body=body)

    def delete_workflow(self, workflow: str) -> t.WorkflowDeleted:
        """Delete a workflow and all its instances (4.4). Running ones may take minutes to stop."""
        return self._write("DELETE", self._path(workflow), parsing.parse_workflow_deleted)

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
        """One page of the instances (4.5). Dates are of creation, both ends inclusive.

        `direction` is always sent: the API documents no default.
        """
        query = query_of(
            {
                "cursor": cursor or None,
                "per_page": per_page,
                "direction": direction,
                "status": status,
                "date_start": encoding.utc_text(date_start),
                "date_end": encoding.utc_text(date_end),
            }
        )
        envelope = self._get(self._path(workflow, "instances"), query)
        return t.CursorPage(
            items=parsing.parse_list(envelope.result, parsing.parse_row, "instances"),
            per_page=per_page,
            cursor=v.text(envelope.info.get("cursor")) or None,
        )

    def create_instance(self, workflow: str, new: t.NewInstance) -> t.CreatedInstance:
        """Create one instance (4.6). An id in use is a Conflict with code 10405.

        `params` is sent as the JSON value it is. The schema speaks of a text that holds JSON
        since August 2026, yet the API took values before and wrangler sends them to this day;
        and an API that takes any value would hand a text on to the workflow as a text, unseen,
        where one that insists on a text would refuse a value loudly.
        """
        body = encoding.instance_body(new)
        path = self._path(workflow, "instances")
        return self._write("POST", path, parsing.parse_created, body=body)

    def create_instances(
        self, workflow: str, new: Sequence[t.NewInstance]
    ) -> tuple[t.CreatedInstance, ...]:
        """Create 1 to 100 instances (4.7). Ids in use are left out of the answer: compare."""
        body = [encoding.instance_body(one) for one in new]
        path = self._path(workflow, "instances", "batch")
        return self._write("POST", path, _created_list, body=body)

    def terminate_instances(
        self, workflow: str, instance_ids: Sequence[str]
    ) -> t.InstancesTerminated:
        """Start a job that terminates 1 to 100 instances (4.8)."""
        path = self._path(workflow, "instances", "batch", "terminate")
        parse = parsing.parse_instances_terminated
        return self._write("POST", path, parse, body=list(instance_ids))

    def delete_instances(self, workflow: str, instance_ids: Sequence[str]) -> t.InstancesDeleted:
        """Delete 1 to 100 instances (4.9). Missing ones are entries of `errors`, code 10400."""
        path = self._path(workflow, "instances", "batch", "delete")
        body = {"instances": list(instance_ids)}
        return self._write("POST", path, parsing.parse_instances_deleted, body=body)

    def terminate_all_instances(self, workflow: str, *, status: str | None = None) -> str:
        """Start the job that terminates all, or all of one status (4.10): ok or already_running.

        Undocumented: known only from a hidden command of wrangler.
        """
        path = self._path(workflow, "instances", "terminate")
        query = query_of({"status": status})
        return self._write("PUT", path, parsing.parse_job_status, query=query)

    def get_terminate_job(self, workflow: str) -> str:
        """The workflow's terminate job: running or not_running (4.11)."""
        path = self._path(workflow, "instances", "terminate")
        return parsing.parse_job_status(self._get(path).result)

    def get_instance(
        self, workflow: str, instance_id: str, *, order: Direction = "asc", simple: bool = False
    ) -> t.InstanceDetail:
        """One instance with all its steps, or with `simple` without them (4.12).

        NotFound with code 10200 or 10400.
        """
        query = query_of({"order": order, "simple": "true" if simple else "false"})
        envelope = self._get(self._path(workflow, "instances", instance_id), query)
        return parsing.parse_detail(envelope.result)

    def delete_instance(self, workflow: str, instance_id: str) -> t.InstanceDeleted:
        """Stop and delete one instance, whatever its status (4.13)."""
        path = self._path(workflow, "instances", instance_id)
        return self._write("DELETE", path, parsing.parse_instance_deleted)

    def get_step_output(
        self,
        workflow: str,
        instance_id: str,
        *,
        name: str,
        type: str,
        attempt: int | None = None,
    ) -> t.StepOutput | t.StepStream:
        """The full output of one step (4.14): any JSON value, or bytes when it is a stream.

        `name` as in the detail, with its counter; `type` step or waitForEvent.
        """
        reply = self._transport.send(
            "GET",
            self._path(workflow, "instances", instance_id, "step"),
            query=query_of({"name": name, "type": type, "attempt": attempt}),
            accept=f"application/json, {STREAM}",
        )
        if reply.status == 200 and reply.media_type == STREAM:
            return t.StepStream(content=reply.content)
        return parsing.parse_step_output(open_envelope(reply).result)

    def change_instance_status(
        self,
        workflow: str,
        instance_id: str,
        action: t.InstanceAction,
        *,
        rollback: bool | None = None,
        restart_from: t.RestartFrom | None = None,
    ) -> t.StatusChanged:
        """Pause, resume, terminate or restart (4.15). Read the instance again for its status.

        `rollback` belongs to terminate, `restart_from` to restart. Conflict when its status does
        not allow the action (code 10401: it has ended).
        """
        body = encoding.status_body(action, rollback=rollback, restart_from=restart_from)
        path = self._path(workflow, "instances", instance_id, "status")
        return self._write("PATCH", path, parsing.parse_status_changed, body=body)

    def send_event(
        self, workflow: str, instance_id: str, event_type: str, payload: t.Json
    ) -> t.EventSent:
        """Send an event (4.16). The payload is always sent, also null: the API wants a body."""
        path = self._path(workflow, "instances", instance_id, "events", event_type)
        return self._write("POST", path, parsing.parse_event_sent, body=payload)

    # Versions and settings

    def list_versions(
        self, workflow: str, *, page: int = 1, per_page: int = 50
    ) -> t.Page[t.Version]:
        """One page of the versions, newest first (4.19)."""
        query = query_of({"page": page, "per_page": per_page})
        envelope = self._get(self._path(workflow, "versions"), query)
        return _page(envelope, parsing.parse_version, "versions", page=page, per_page=per_page)

    def get_version(self, workflow: str, version_id: str) -> t.Version:
        """One version (4.20). NotFound with code 10300."""
        path = self._path(workflow, "versions", version_id)
        return parsing.parse_version(self._get(path).result)

    def get_version_graph(self, workflow: str, version_id: str) -> t.VersionGraph:
        """The typed graph of a version (4.21); its `graph` is None when there is none."""
        path = self._path(workflow, "versions", version_id, "graph")
        return graphs.parse_version_graph(self._get(path).result)

    def get_version_dag(self, workflow: str, version_id: str) -> t.Json:
        """The older, untyped graph as it came (4.22)."""
        return self._get(self._path(workflow, "versions", version_id, "dag")).result

    def get_settings(self) -> t.Settings:
        """The account's defaults, in milliseconds (4.23)."""
        return parsing.parse_settings(self._get(self._path("settings")).result)

    def patch_settings(self, *, default_retention: t.Retention) -> t.Settings:
        """Change the account's default retention; a part that is None stays (4.23)."""
        body = {"default_retention": encoding.retention_body(default_retention)}
        return self._write("PATCH", self._path("settings"), parsing.parse_settings, body=body)

    def _path(self, *parts: str) -> str:
        return path_of("accounts", self.account_id, "workflows", *parts)

    def _get(self, path: str, query: str = "") -> Envelope:
        return open_envelope(self._transport.send("GET", path, query=query))

    def _write[T](
        self,
        method: str,
        path: str,
        parse: Callable[[object], T],
        *,
        query: str = "",
        body: Any = ...,
    ) -> T:
        """Send a write once. `...` is no body, as None is one."""
        sent = None if body is ... else encoding.json_body(body)
        reply = self._transport.send(method, path, query=query, body=sent)
        result = open_envelope(reply, writes=True).result
        try:
            return parse(result)
        except BadResponse as error:
            error.maybe_done = True
            error.status, error.ray_id = reply.status, reply.ray_id
            raise


def _page[T](
    envelope: Envelope, parse: Callable[[object], T], what: str, *, page: int, per_page: int
) -> t.Page[T]:
    return t.Page(
        items=parsing.parse_list(envelope.result, parse, what),
        page=page,
        per_page=per_page,
        total_count=v.whole(envelope.info.get("total_count")),
    )


def _created_list(value: object) -> tuple[t.CreatedInstance, ...]:
    return parsing.parse_list(value, parsing.parse_created, "instances")
