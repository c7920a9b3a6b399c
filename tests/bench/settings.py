"""The console's settings with one address more, which answers nothing."""

from __future__ import annotations

from console.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
