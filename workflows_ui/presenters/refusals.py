"""Why an address or a token was not taken, as a sentence at its field.

In our words only: the upstream's own text may repeat the token that it was sent.
"""

from __future__ import annotations

from console.team.services.members import InvitationNeeded
from console.vault.models import ACTIVE
from workflows_ui import cloudflare as cf
from workflows_ui.presenters.trouble import trouble_of


def cloudflare_refusal(error: cf.CloudflareError) -> str:
    if isinstance(error, cf.AddressRefused):
        return error.message
    if isinstance(error, cf.Unauthorized):
        return "The API does not accept this token: it is wrong, has ended or was revoked."
    if isinstance(error, cf.Forbidden):
        return "The API knows this token, but does not let it read Workflows in this account."
    trouble = trouble_of(error)
    return f"{trouble.title}. {trouble.why} {trouble.next_step}"


def status_refusal(status: cf.TokenStatus | None) -> str:
    """Why a token that the API knows can't be used; empty for one that can, or isn't known."""
    if status is None or status.status == ACTIVE:
        return ""
    if status.status == "expired":
        return "This token has expired. Make a new one at Cloudflare."
    return f"The API calls this token “{status.status[:40]}”. Use one that is active."


def removed_refusal(removed: InvitationNeeded) -> str:
    return (
        f"You were removed from {removed.account.name}. A token of your own doesn't let you back "
        "in: ask one of its admins for an invitation."
    )


def local_refusal(error: cf.CloudflareError | InvitationNeeded) -> str:
    if isinstance(error, InvitationNeeded):
        return removed_refusal(error)
    if isinstance(error, cf.AddressRefused):
        return error.message
    if isinstance(error, cf.ConnectionFailed):
        return "Nothing answers at this address. Does wrangler dev run there, on this port?"
    return "Something answers, but no Workflows engine. It takes wrangler dev 4.86 or newer."
