"""Prints a `.env` for this machine: fresh keys, and a password for the demo log-in."""

from __future__ import annotations

import os
import secrets
import sys

from cryptography.fernet import Fernet

TEXT = """\
# Made by `make .env` for this machine only. README.md explains every variable.
CONSOLE_SECRET_KEY={secret_key}
CONSOLE_TOKEN_KEYS={token_key}
CONSOLE_DEMO_PASSWORD={demo_password}
"""

if __name__ == "__main__":
    os.fchmod(sys.stdout.fileno(), 0o600)
    sys.stdout.write(
        TEXT.format(
            secret_key=secrets.token_urlsafe(48),
            token_key=Fernet.generate_key().decode(),
            demo_password=secrets.token_hex(6),
        )
    )
