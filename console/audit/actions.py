"""What can be in the trail, and each of it as a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.audit.models import Entry


class AuditAction(StrEnum):
    """`subject:verb`, in the API's own words."""

    INSTANCE_CREATE = "instance:create"
    INSTANCE_CREATE_BATCH = "instance:create_batch"
    INSTANCE_PAUSE = "instance:pause"
    INSTANCE_RESUME = "instance:resume"
    INSTANCE_RESTART = "instance:restart"
    INSTANCE_RESTART_FROM = "instance:restart_from"
    INSTANCE_TERMINATE = "instance:terminate"
    INSTANCE_DELETE = "instance:delete"
    INSTANCE_EVENT = "instance:event"
    INSTANCE_SNAPSHOT = "instance:snapshot"
    BATCH_RESTART = "batch:restart"
    BATCH_TERMINATE = "batch:terminate"
    BATCH_DELETE = "batch:delete"
    WORKFLOW_PUT = "workflow:put"
    WORKFLOW_DELETE = "workflow:delete"
    WORKFLOW_TERMINATE_ALL = "workflow:terminate_all"
    WORKFLOW_PROTECT = "workflow:protect"
    WORKFLOW_UNPROTECT = "workflow:unprotect"
    ACCOUNT_CONNECT = "account:connect"
    ACCOUNT_RENAME = "account:rename"
    ACCOUNT_REMOVE = "account:remove"
    ACCOUNT_SETTINGS = "account:settings"
    ACCOUNT_RETENTION = "account:retention"
    ACCOUNT_REDACTION = "account:redaction"
    TOKEN_ADD = "token:add"  # noqa: S105 - a name, not a secret
    TOKEN_VERIFY = "token:verify"  # noqa: S105
    TOKEN_REPLACE = "token:replace"  # noqa: S105
    TOKEN_REMOVE = "token:remove"  # noqa: S105
    TOKEN_CHOOSE = "token:choose"  # noqa: S105
    TOKEN_LEND = "token:lend"  # noqa: S105
    TOKEN_RECALL = "token:recall"  # noqa: S105
    VAULT_ROTATE = "vault:rotate"
    SESSION_LOG_IN = "session:log_in"
    SESSION_LOG_IN_FAILED = "session:log_in_failed"
    SESSION_LOG_OUT = "session:log_out"
    SESSION_END = "session:end"
    USER_CREATE = "user:create"
    USER_PASSWORD = "user:password"  # noqa: S105
    USER_TWO_FACTOR = "user:two_factor"
    USER_EMAIL = "user:email"
    USER_SIGN_ON = "user:sign_on"
    USER_DISCONNECT = "user:disconnect"
    USER_REMOVE = "user:remove"
    MEMBER_INVITE = "member:invite"
    MEMBER_UNINVITE = "member:uninvite"
    MEMBER_JOIN = "member:join"
    MEMBER_ROLE = "member:role"
    MEMBER_REMOVE = "member:remove"
    MEMBER_LEAVE = "member:leave"
    DASHBOARD_CREATE = "dashboard:create"
    DASHBOARD_CHANGE = "dashboard:change"
    DASHBOARD_SHARE = "dashboard:share"
    DASHBOARD_UNSHARE = "dashboard:unshare"
    DASHBOARD_DELETE = "dashboard:delete"
    DASHBOARD_LINK = "dashboard:link"
    DASHBOARD_UNLINK = "dashboard:unlink"
    TRAIL_EXPORT = "trail:export"
    TRAIL_SEAL = "trail:seal"
    ACCESS_REFUSED = "access:refused"


PHRASES: dict[str, tuple[str, str]] = {
    AuditAction.INSTANCE_CREATE: ("triggered", "trigger"),
    AuditAction.INSTANCE_CREATE_BATCH: ("triggered a batch on", "trigger a batch on"),
    AuditAction.INSTANCE_PAUSE: ("paused", "pause"),
    AuditAction.INSTANCE_RESUME: ("resumed", "resume"),
    AuditAction.INSTANCE_RESTART: ("restarted", "restart"),
    AuditAction.INSTANCE_RESTART_FROM: ("restarted from a step", "restart from a step"),
    AuditAction.INSTANCE_TERMINATE: ("terminated", "terminate"),
    AuditAction.INSTANCE_DELETE: ("deleted", "delete"),
    AuditAction.INSTANCE_EVENT: ("sent an event to", "send an event to"),
    AuditAction.INSTANCE_SNAPSHOT: ("kept a snapshot of", "keep a snapshot of"),
    AuditAction.BATCH_RESTART: ("restarted a batch of", "restart a batch of"),
    AuditAction.BATCH_TERMINATE: ("terminated a batch of", "terminate a batch of"),
    AuditAction.BATCH_DELETE: ("deleted a batch of", "delete a batch of"),
    AuditAction.WORKFLOW_PUT: ("created or modified", "create or modify"),
    AuditAction.WORKFLOW_DELETE: ("deleted", "delete"),
    AuditAction.WORKFLOW_TERMINATE_ALL: ("terminated all of", "terminate all of"),
    AuditAction.WORKFLOW_PROTECT: ("protected", "protect"),
    AuditAction.WORKFLOW_UNPROTECT: ("lifted the protection of", "lift the protection of"),
    AuditAction.ACCOUNT_CONNECT: ("connected", "connect"),
    AuditAction.ACCOUNT_RENAME: ("renamed", "rename"),
    AuditAction.ACCOUNT_REMOVE: ("removed", "remove"),
    AuditAction.ACCOUNT_SETTINGS: ("changed the settings of", "change the settings of"),
    AuditAction.ACCOUNT_RETENTION: ("changed the retention of", "change the retention of"),
    AuditAction.ACCOUNT_REDACTION: ("changed the redaction of", "change the redaction of"),
    AuditAction.TOKEN_ADD: ("added a token for", "add a token for"),
    AuditAction.TOKEN_VERIFY: ("verified a token for", "verify a token for"),
    AuditAction.TOKEN_REPLACE: ("replaced a token for", "replace a token for"),
    AuditAction.TOKEN_REMOVE: ("removed a token for", "remove a token for"),
    AuditAction.TOKEN_CHOOSE: ("chose a token for", "choose a token for"),
    AuditAction.TOKEN_LEND: ("lent a token to", "lend a token to"),
    AuditAction.TOKEN_RECALL: ("took back a token lent to", "take back a token lent to"),
    AuditAction.VAULT_ROTATE: ("sealed the vault with its first key", "seal the vault anew"),
    AuditAction.SESSION_LOG_IN: ("logged in", "log in"),
    AuditAction.SESSION_LOG_IN_FAILED: ("failed to log in", "log in"),
    AuditAction.SESSION_LOG_OUT: ("logged out", "log out"),
    AuditAction.SESSION_END: ("ended a session of", "end a session of"),
    AuditAction.USER_CREATE: ("created the user", "create the user"),
    AuditAction.USER_PASSWORD: ("changed the password of", "change the password of"),
    AuditAction.USER_TWO_FACTOR: ("changed the second factor of", "change the second factor of"),
    AuditAction.USER_EMAIL: ("changed the e-mail address of", "change the e-mail address of"),
    AuditAction.USER_SIGN_ON: ("connected single sign-on of", "connect single sign-on of"),
    AuditAction.USER_DISCONNECT: (
        "disconnected single sign-on of",
        "disconnect single sign-on of",
    ),
    AuditAction.USER_REMOVE: ("removed the user", "remove the user"),
    AuditAction.MEMBER_INVITE: ("invited", "invite"),
    AuditAction.MEMBER_UNINVITE: ("withdrew the invitation of", "withdraw the invitation of"),
    AuditAction.MEMBER_JOIN: ("joined", "join"),
    AuditAction.MEMBER_ROLE: ("changed the role of", "change the role of"),
    AuditAction.MEMBER_REMOVE: ("removed the member", "remove the member"),
    AuditAction.MEMBER_LEAVE: ("left", "leave"),
    AuditAction.DASHBOARD_CREATE: ("created the dashboard", "create the dashboard"),
    AuditAction.DASHBOARD_CHANGE: ("changed the dashboard", "change the dashboard"),
    AuditAction.DASHBOARD_SHARE: ("shared the dashboard", "share the dashboard"),
    AuditAction.DASHBOARD_UNSHARE: ("unshared the dashboard", "unshare the dashboard"),
    AuditAction.DASHBOARD_DELETE: ("deleted the dashboard", "delete the dashboard"),
    AuditAction.DASHBOARD_LINK: ("made a link to the dashboard", "make a link to the dashboard"),
    AuditAction.DASHBOARD_UNLINK: (
        "revoked a link to the dashboard",
        "revoke a link to the dashboard",
    ),
    AuditAction.TRAIL_EXPORT: ("exported the trail of", "export the trail of"),
    AuditAction.TRAIL_SEAL: ("sealed off", "seal off"),
    AuditAction.ACCESS_REFUSED: ("was refused", "reach"),
}
"""What was done, and the same as what somebody set out to do."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """An entry in words, in the pieces that a page may put links into."""

    who: str
    does: str
    thing: str
    ends: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.who, self.does, self.thing) if part) + self.ends


def describe(entry: Entry) -> str:
    """One English sentence without markup: who, what, to what, and how it ended."""
    return str(sentence_of(entry, _object(entry)))


def sentence_of(entry: Entry, thing: str) -> Sentence:
    """The entry in words about `thing`, which may be empty."""
    done, to_do = PHRASES.get(entry.action, (f"did {entry.action}", f"do {entry.action}"))
    who = entry.actor_name or "Somebody"
    match entry.outcome:
        case "attempted":
            return Sentence(who, f"set out to {_verb(to_do, thing)}", thing, ".")
        case "failed":
            return Sentence(who, f"could not {_verb(to_do, thing)}", thing, f"{_answer(entry)}.")
        case "unknown":
            ends = "; whether it happened is unknown."
            return Sentence(who, f"tried to {_verb(to_do, thing)}", thing, ends)
        case _:
            return Sentence(who, _verb(done, thing), thing, ".")


def _object(entry: Entry) -> str:
    if entry.instance_id:
        return f"instance {entry.instance_id} of {entry.workflow}"
    thing = entry.target or (f"workflow {entry.workflow}" if entry.workflow else "")
    if not thing:
        return entry.account_name
    return f"{thing} on {entry.account_name}" if entry.account_name else thing


def _verb(phrase: str, thing: str) -> str:
    return phrase if thing else phrase.removesuffix(" of").removesuffix(" for")


def _answer(entry: Entry) -> str:
    status = f"status {entry.upstream_status}" if entry.upstream_status is not None else ""
    code = f"code {entry.upstream_code}" if entry.upstream_code is not None else ""
    said = ", ".join(part for part in (status, code) if part)
    return f" ({said})" if said else ""
