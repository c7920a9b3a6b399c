"""An account's settings as the pages show them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from console.audit.redaction import Kept
from console.team.models import Account
from workflows_ui import cloudflare as cf
from workflows_ui.presenters.changes import NOT_TOLD, Change, Draft
from workflows_ui.presenters.definitions import retentions_told

ALWAYS_GOES = (
    "password",
    "passphrase",
    "secret",
    "token",
    "authorization",
    "api key",
    "private key",
    "credential",
    "cookie",
    "card",
    "cvv",
    "cvc",
    "iban",
    "ssn",
)
"""The words that no account can take off: `DEFAULT_PATTERNS` of the trail, to read."""


def retention_draft(account: Account, now: cf.Retention, then: cf.Retention, back: str) -> Draft:
    return Draft(
        title=f"Change the retention of {account.name}?",
        label="Change",
        back=back,
        before=asdict(now),
        changes=tuple(retention_changes(now, then)),
        notes=(
            "For instances of workflows that set none themselves, and that name none when they "
            "are created.",
        ),
    )


def retention_changes(now: cf.Retention, then: cf.Retention) -> Iterator[Change]:
    """The spans that are asked for and differ."""
    before = retentions_told(now)
    for field, value in retentions_told(then).items():
        if value is not None and value != before[field]:
            yield Change(field=field, now=(before[field] or NOT_TOLD,), then=(value,))


def kept_text(kept: Kept) -> str:
    """What the trail keeps, laid out; empty when it is a digest alone."""
    return json.dumps(json.loads(kept.text), indent=2, ensure_ascii=False) if kept.text else ""
