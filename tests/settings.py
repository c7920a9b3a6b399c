"""The console's settings with keys that belong to tests alone."""

from __future__ import annotations

import os

os.environ["CONSOLE_SECRET_KEY"] = "only-for-tests-" + "k" * 40
os.environ["CONSOLE_TOKEN_KEYS"] = "Zm9yLXRlc3RzLW9ubHktMzItYnl0ZXMtbG9uZy1rZXk="
os.environ.setdefault("CONSOLE_DATA_DIR", "/tmp/workflows-console-tests")  # noqa: S108

from console.settings import *  # noqa: F403
from console.settings import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
