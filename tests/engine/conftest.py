from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.engine.engine import CURRENT, OLD, Engine
from tests.engine.raw_api import RawApi
from workflows_ui.cloudflare.local_dialects import forget_dialect


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    if CURRENT.missing and os.environ.get("CONSOLE_REQUIRE_ENGINE") == "1":
        pytest.fail(CURRENT.missing, pytrace=False)
    yield from _running(Engine(tools=CURRENT), missing=CURRENT.missing)


@pytest.fixture(scope="session")
def old_engine() -> Iterator[Engine]:
    yield from _running(Engine(tools=OLD), missing=OLD.missing)


@pytest.fixture(scope="session")
def raw(engine: Engine) -> Iterator[RawApi]:
    with RawApi(engine) as raw:
        yield raw


@pytest.fixture(scope="session")
def old_raw(old_engine: Engine) -> Iterator[RawApi]:
    with RawApi(old_engine) as raw:
        yield raw


def _running(engine: Engine, *, missing: str) -> Iterator[Engine]:
    if missing:
        pytest.skip(missing)
    with engine:
        # the port may have been that of an engine of the other version
        forget_dialect(engine.url)
        yield engine
