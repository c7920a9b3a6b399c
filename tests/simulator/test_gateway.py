"""Credentials, routing, headers and the call budget."""

from __future__ import annotations

import pytest

from workflows_ui.simulator import Simulator
from workflows_ui.simulator.http import Request

ACCOUNT = "/client/v4/accounts/0123456789abcdef0123456789abcdef"


def ask(simulator, method, target, token="simulator-token", **headers):  # noqa: S107
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return simulator.handle(Request.build(method, target, headers))


def codes(answer):
    body = answer.json()
    assert body["success"] is False
    assert body["result"] is None
    return answer.status, [error["code"] for error in body["errors"]]


def test_without_credentials_9106(small):
    assert codes(ask(small, "GET", f"{ACCOUNT}/workflows", token=None)) == (400, [9106])


@pytest.mark.parametrize(
    ("headers", "inner"),
    [
        ({"Authorization": "simulator-token"}, 6111),
        ({"Authorization": "Bearer a b"}, 6111),
        ({"Authorization": "Bearer "}, 6111),
        ({"X-Auth-Key": "short", "X-Auth-Email": "a@example.com"}, 6103),
    ],
)
def test_malformed_credentials_6003(small, headers, inner):
    answer = ask(small, "GET", f"{ACCOUNT}/workflows", token=None, **headers)
    assert codes(answer) == (400, [6003])
    assert answer.json()["errors"][0]["error_chain"][0]["code"] == inner


@pytest.mark.parametrize(
    ("token", "path", "expected"),
    [
        ("stranger", f"{ACCOUNT}/workflows", (401, [10000])),
        ("stranger", "/client/v4/accounts", (403, [9109])),
        ("stranger", "/client/v4/user/tokens/verify", (401, [1000])),
        ("simulator-token", "/client/v4/user", (403, [9109])),
        ("simulator-expired-token", f"{ACCOUNT}/workflows", (401, [10000])),
        ("simulator-expired-token", "/client/v4/accounts", (403, [9109])),
        ("simulator-forbidden-token", f"{ACCOUNT}/workflows", (403, [10000])),
        ("simulator-token", f"/client/v4/accounts/{'f' * 32}/workflows", (403, [10000])),
        ("simulator-token", "/client/v4/accounts/XYZ/workflows", (400, [7003, 7000])),
        ("simulator-token", f"{ACCOUNT}/nothing", (404, [7003, 7000])),
        ("simulator-token", "/client/v4/nothing", (404, [7003, 7000])),
        ("simulator-token", f"{ACCOUNT}/workflows/checkout/nothing", (404, [7003, 7000])),
        ("simulator-token", f"{ACCOUNT}/workflows/nope", (404, [10200])),
    ],
)
def test_who_may_not_or_asks_for_nothing_known_is_told_so(small, token, path, expected):
    assert codes(ask(small, "GET", path, token=token)) == expected


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("simulator-token", "active"),
        ("simulator-read-token", "active"),
        ("simulator-forbidden-token", "active"),
        ("simulator-expired-token", "expired"),
    ],
)
def test_tokens_can_be_verified(small, token, status):
    for path in ("/client/v4/user/tokens/verify", f"{ACCOUNT}/tokens/verify"):
        assert ask(small, "GET", path, token=token).json()["result"]["status"] == status


def test_a_read_token_reads_and_writes_nothing(small):
    assert ask(small, "GET", f"{ACCOUNT}/workflows", "simulator-read-token").status == 200
    for method, path in [
        ("POST", "/workflows/checkout/instances"),
        ("PATCH", "/workflows/checkout/instances/order-waiting/status"),
        ("DELETE", "/workflows/checkout"),
        ("PUT", "/workflows/checkout"),
        ("PATCH", "/workflows/settings"),
    ]:
        answer = ask(small, method, ACCOUNT + path, "simulator-read-token")
        assert codes(answer) == (403, [10000])


def test_accounts_are_listed_by_name(small):
    answer = ask(small, "GET", "/client/v4/accounts").json()
    assert [each["name"] for each in answer["result"]] == ["Demo account"]
    assert answer["result_info"]["total_count"] == 1
    assert ask(small, "GET", "/client/v4/accounts?name=other").json()["result"] == []
    assert ask(small, "GET", "/client/v4/accounts?page=2").json()["result"] == []


def test_a_wrong_method_is_405_and_says_which_are_right(small):
    answer = ask(small, "PATCH", f"{ACCOUNT}/workflows/checkout")
    assert codes(answer) == (405, [7001])
    assert answer.headers["Allow"] == "DELETE, GET, PUT"


def test_head_answers_like_get_and_options_needs_no_credential(small):
    assert ask(small, "HEAD", f"{ACCOUNT}/workflows").status == 200
    assert ask(small, "OPTIONS", f"{ACCOUNT}/workflows", token=None).status == 204


def test_every_answer_carries_the_gateways_headers(small):
    rays = set()
    for path in (f"{ACCOUNT}/workflows", f"{ACCOUNT}/workflows/nope", "/client/v4/nope"):
        headers = ask(small, "GET", path).headers
        rays.add(headers["cf-ray"])
        assert headers["Ratelimit-Policy"] == '"default";q=1200;w=300'
        assert headers["Ratelimit"].startswith('"default";r=11')
    assert len(rays) == 3


def test_the_budget_is_counted_per_token_and_who_exceeds_it_is_shut_out(clock, small):
    for _ in range(1_200):
        assert ask(small, "GET", "/client/v4/user/tokens/verify").status == 200
    answer = ask(small, "GET", "/client/v4/user/tokens/verify")
    assert answer.status == 429
    assert answer.headers["Retry-After"] == "300"
    assert answer.headers["Ratelimit"] == '"default";r=0;t=300'
    assert ask(small, "GET", f"{ACCOUNT}/workflows", "simulator-read-token").status == 200
    clock.advance(299)
    assert ask(small, "GET", f"{ACCOUNT}/workflows").status == 429
    clock.advance(2)
    assert ask(small, "GET", f"{ACCOUNT}/workflows").status == 200


def test_the_budget_refills_after_five_minutes(clock, small):
    for _ in range(1_200):
        ask(small, "GET", "/client/v4/user/tokens/verify")
    clock.advance(301)
    answer = ask(small, "GET", f"{ACCOUNT}/workflows")
    assert answer.status == 200
    assert answer.headers["Ratelimit"] == '"default";r=1199;t=300'


def test_the_budget_can_be_switched_off(clock):
    simulator = Simulator(clock=clock, story="small", rate_limit=False)
    answers = [ask(simulator, "GET", "/client/v4/user/tokens/verify") for _ in range(1_300)]
    assert {answer.status for answer in answers} == {200}
