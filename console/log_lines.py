"""What the log says, a line for each thing."""

from __future__ import annotations

import logging


class OneLineForRefusals(logging.Filter):
    """Django tells where in its code a person was refused; only a fault of ours is worth that."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "django.request" and record.levelno < logging.ERROR:
            record.exc_info = None
        return True
