"""No view that acts on a workflow forgets to say on which: found by walking the addresses."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from console.team.models import Membership
from console.team.roles import Role
from tests.conftest import logged_in
from tests.factories import make_membership, make_token, make_user

LIMITED, FREE = "orders", "billing-run"
VALUES = {"account": "acme", "instance": "some-instance", "version": "v1"}
# ids of rows that there are none of: whether one may act is decided before they are looked up
IDS = {"IntConverter": 1, "UUIDConverter": UUID(int=0)}

pytestmark = pytest.mark.django_db


def patterns(resolver: URLResolver, outer: dict[str, object] | None = None):
    """Every address of ours with the kinds of all values in it, by name."""
    for entry in resolver.url_patterns:
        kinds = (outer or {}) | entry.pattern.converters
        if isinstance(entry, URLResolver):
            yield from patterns(entry, kinds)
        elif isinstance(entry, URLPattern):
            yield entry, kinds


WITH_A_WORKFLOW = sorted(
    entry.name for entry, kinds in patterns(get_resolver()) if "workflow" in kinds
)


def url_of(name: str, workflow: str) -> str:
    kinds = next(kinds for entry, kinds in patterns(get_resolver()) if entry.name == name)
    known = {"workflow": workflow, **VALUES}
    values = {key: known.get(key, IDS.get(type(kind).__name__)) for key, kind in kinds.items()}
    return reverse(f"workflows_ui:{name}", kwargs=values)


@pytest.fixture
def limited(account):
    user = make_user("limited")
    make_membership(account, user, Role.OPERATOR, limits=["billing-*"])
    make_token(user, account)
    return logged_in(user)


def statuses(client, url: str) -> tuple[int, int]:
    return client.get(url).status_code, client.post(url, {}).status_code


def test_the_walk_finds_the_addresses():
    assert {"instance-trigger", "instance-pause", "workflow-detail"} <= set(WITH_A_WORKFLOW)


@pytest.mark.parametrize("name", WITH_A_WORKFLOW)
def test_an_act_is_refused_on_a_workflow_out_of_bounds(limited, name):
    asked, sent = statuses(limited, url_of(name, LIMITED))
    assert sent in (403, 405)
    if sent == 405:
        assert asked != 403, "reading stays whole"


@pytest.mark.parametrize("name", WITH_A_WORKFLOW)
def test_within_bounds_limits_change_nothing(limited, operator_client, name):
    url = url_of(name, FREE)
    assert statuses(limited, url) == statuses(operator_client, url)


def test_limits_that_are_lifted_count_no_more(limited, operator_client):
    url = url_of("instance-pause", LIMITED)
    Membership.objects.update(limits=[])
    assert statuses(limited, url) == statuses(operator_client, url)
    assert limited.post(url, {}).status_code != 403
