"""People, accounts and upstreams for all tests.

`account` stands at `upstream_url`, a port where nobody answers. A module that needs answers
overrides that one fixture: `def upstream_url(simulator): return simulator.base_url`.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from pytest_socket import socket_allow_hosts

from console import cache_server
from console.team.models import Account, User
from console.team.reauthentication import note_log_in
from console.team.roles import Role
from console.team.sessions import seen_key
from console.vault.models import ApiToken
from tests import fake_api, redis_server, watch
from tests.cloudflare import fault_server
from tests.factories import TOKEN, make_account, make_membership, make_token, make_user
from workflows_ui import budget, panels
from workflows_ui.cloudflare import transport
from workflows_ui.middleware import FirstStartMiddleware
from workflows_ui.queries import reads
from workflows_ui.simulator import Simulator, SimulatorServer

hypothesis.settings.register_profile(
    "console",
    # how long an example takes says how busy the machine is
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    # what chance finds is for whoever runs the tests, not for the next change that lands
    derandomize="CONSOLE_SAME_EXAMPLES" in os.environ,
)
hypothesis.settings.load_profile("console")


def pytest_configure() -> None:
    watch.watch_logs()
    watch.watch_reports()
    # WhiteNoise warns about a missing directory, and here a warning is an error
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What was logged after the last test counts as well."""
    if found := watch.seen():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("\n".join(found))  # noqa: T201


@pytest.fixture(autouse=True)
def _no_token_anywhere(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test, while its rows are still there."""
    marked = request.node.get_closest_marker("django_db") is not None
    if uses_database := marked or "db" in request.fixturenames:
        request.getfixturevalue("_django_db_helper")
    yield
    found = watch.seen() + (watch.leaks_in_tables() if uses_database else [])
    assert not found, found


@pytest.fixture(autouse=True)
def _only_this_machine() -> None:
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a process keeps between requests does not survive a test."""
    monkeypatch.setattr(transport, "BACKOFF", 0.01)
    FirstStartMiddleware.started = False
    cache.clear()
    reads.region.backend._cache.clear()
    panels.region.backend._cache.clear()
    budget.ours().storage.reset()
    yield
    FirstStartMiddleware.started = False


# --- Upstreams -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def closed_url() -> Iterator[str]:
    """An address that refuses connections: the port is taken and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/client/v4"


@pytest.fixture
def fault_upstream() -> Iterator[fault_server.FaultServer]:
    """A server that answers as badly as it is told."""
    with fault_server.running() as server:
        yield server


@pytest.fixture
def api() -> Iterator[fake_api.FakeApi]:
    """An API with tokens and accounts of the test's own making."""
    with fake_api.running() as running:
        yield running


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorServer]:
    """The simulator with its small story; shared by a module, so name what you trigger uniquely.
    What all modules trigger would push the story off the first page of a list."""
    with SimulatorServer(Simulator(story="small", rate_limit=False)) as server:
        yield server


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[redis_server.RedisServer]:
    with redis_server.running() as server:
        yield server


@pytest.fixture
def redis(shared_redis: redis_server.RedisServer) -> redis_server.RedisServer:
    """An empty cache server that runs; a test may kill it."""
    if shared_redis.process is None:
        shared_redis.start()
    shared_redis.client.flushall()
    return shared_redis


@pytest.fixture
def on_redis(
    redis: redis_server.RedisServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[redis_server.RedisServer]:
    """The console's cache and counts are on a cache server."""
    monkeypatch.setattr(cache_server, "AWAY_SECONDS", 0.2)
    cache_server.server_at.cache_clear()
    budget.everyones.cache_clear()
    settings.CACHE_URL = redis.url
    shared = {"BACKEND": "console.cache_backend.SharedCache", "LOCATION": redis.url}
    settings.CACHES = {"default": settings.CACHES["default"] | shared}
    yield redis
    cache_server.server_at(redis.url).client.close()


@pytest.fixture
def upstream_url(closed_url: str) -> str:
    """Where `account` stands. Override it to have an upstream that answers."""
    return closed_url


# --- People ----------------------------------------------------------------------------------


@pytest.fixture
def account(db: None, upstream_url: str) -> Account:
    return make_account(slug="acme", name="Acme", base_url=upstream_url)


@pytest.fixture
def member(account: Account) -> Callable[[str], User]:
    """Makes a member with a role and a token of their own."""

    def make(role: str) -> User:
        user = make_user(f"the-{role}")
        make_membership(account, user, role)
        make_token(user, account, TOKEN)
        return user

    return make


@pytest.fixture
def viewer(member: Callable[[str], User]) -> User:
    return member(Role.VIEWER)


@pytest.fixture
def operator(member: Callable[[str], User]) -> User:
    return member(Role.OPERATOR)


@pytest.fixture
def admin(member: Callable[[str], User]) -> User:
    return member(Role.ADMIN)


@pytest.fixture
def outsider(db: None) -> User:
    return make_user("the-outsider")


def logged_in(user: User, *, recently: bool = True) -> Client:
    """A browser in which the user is logged in, by default since a moment ago."""
    client = Client()
    client.force_login(user)
    if recently:
        session = client.session
        note_log_in(SimpleNamespace(session=session), user)
        session.save()
    # seen a moment ago: the next request writes nothing about it
    cache.add(seen_key(client.session.session_key), True)
    return client


@pytest.fixture
def logged_in_long_ago() -> Callable[[User], Client]:
    """Makes a browser whose session is good, but in which nobody lately confirmed who it is."""
    return lambda user: logged_in(user, recently=False)


@pytest.fixture
def viewer_client(viewer: User) -> Client:
    return logged_in(viewer)


@pytest.fixture
def operator_client(operator: User) -> Client:
    return logged_in(operator)


@pytest.fixture
def admin_client(admin: User) -> Client:
    return logged_in(admin)


@pytest.fixture
def outsider_client(outsider: User) -> Client:
    return logged_in(outsider)


# --- Secrets ---------------------------------------------------------------------------------


@pytest.fixture
def assert_secret(caplog: pytest.LogCaptureFixture) -> Callable[..., None]:
    """Asserts that a text is in no answer given, no session, no row and no log line."""

    def check(text: str, *responses: HttpResponse) -> None:
        for response in responses:
            assert text not in response.content.decode()
            assert text not in str(response.headers)
            assert text not in str(response.cookies)
        for session in Session.objects.all():
            assert text not in session.session_data
            assert text not in json.dumps(session.get_decoded())
        for row in ApiToken.objects.all():
            assert text.encode() not in bytes(row.sealed)
            assert text not in f"{row.label} {row.status} {row.problem} {row}"
        assert text not in caplog.text

    return check
