"""The same thing by hand: wrangler and curl lines to copy. Never with a token in them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from urllib.parse import quote

from console.team.models import Account


@dataclass(frozen=True, slots=True)
class Command:
    label: str
    text: str


def instance_commands(account: Account, workflow: str, instance: str) -> list[Command]:
    path = f"/workflows/{quote(workflow, safe='')}/instances/{quote(instance, safe='')}"
    commands = [Command("Describe with curl", curl(account, path))]
    if account.needs_token:
        line = f"wrangler workflows instances describe {shlex.quote(workflow)}"
        commands.insert(0, Command("Describe with wrangler", f"{line} {shlex.quote(instance)}"))
    return commands


def workflow_commands(account: Account, workflow: str, status: str = "") -> list[Command]:
    """The list of instances as it is filtered by status."""
    query = f"?status={status}" if status else ""
    path = f"/workflows/{quote(workflow, safe='')}/instances{query}"
    commands = [Command("List with curl", curl(account, path))]
    if account.needs_token:
        option = f" --status {status}" if status else ""
        line = f"wrangler workflows instances list {shlex.quote(workflow)}{option}"
        commands.insert(0, Command("List with wrangler", line))
    return commands


def trigger_commands(account: Account, workflow: str) -> list[Command]:
    path = f"/workflows/{quote(workflow, safe='')}/instances"
    commands = [Command("Trigger with curl", trigger_with_curl(account, path))]
    if account.needs_token:
        line = f"wrangler workflows trigger {shlex.quote(workflow)} '{{}}'"
        commands.insert(0, Command("Trigger with wrangler", line))
    return commands


def version_commands(account: Account, workflow: str, version: str) -> list[Command]:
    path = f"/workflows/{quote(workflow, safe='')}/versions/{quote(version, safe='')}"
    return [
        Command("Version with curl", curl(account, path)),
        Command("Graph with curl", curl(account, f"{path}/graph")),
    ]


def trigger_with_curl(account: Account, path: str) -> str:
    return f"{curl(account, path)} -H 'Content-Type: application/json' -d '{{\"params\": {{}}}}'"


def curl(account: Account, path: str) -> str:
    """The token stays a shell variable."""
    if not account.needs_token:
        return f"curl {shlex.quote(f'{account.base_url}/cdn-cgi/local/explorer/api{path}')}"
    url = f"{account.base_url}/accounts/{account.account_id}{path}"
    return f'curl -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" {shlex.quote(url)}'
