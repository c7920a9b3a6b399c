"""Which answer is which error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows_ui import cloudflare as cf
from workflows_ui.cloudflare.envelope import Envelope, open_envelope
from workflows_ui.cloudflare.transport import Reply


def reply(status: int, *errors: dict, **headers: str) -> Reply:
    body = {"success": False, "errors": list(errors), "messages": [], "result": None}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, content=json.dumps(body).encode())


def error_of(answer: Reply, *, writes: bool = False) -> cf.CloudflareError:
    with pytest.raises(cf.CloudflareError) as caught:
        open_envelope(answer, writes=writes)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, 10002, "workflows.api.error.body", cf.Invalid),
        (422, None, "no", cf.Invalid),
        (401, 1000, "Invalid API Token", cf.Unauthorized),
        (400, 1000, "Invalid API Token", cf.Unauthorized),
        (403, 1000, "Invalid API Token", cf.Unauthorized),
        (403, 9109, "Invalid access token", cf.Unauthorized),
        (401, 10000, "Authentication error", cf.Unauthorized),
        (403, 10000, "Authentication error", cf.Forbidden),
        (400, 10000, "Authentication error", cf.Unauthorized),
        (400, 6003, "Invalid request headers", cf.Unauthorized),
        (400, 9106, "Missing headers", cf.Unauthorized),
        (400, 9106, "workflows.api.error.of_a_workflow", cf.Invalid),
        (400, 7003, "Could not route to /x", cf.Invalid),
        (403, 10208, "workflows.api.error.workflow.cron_requires_paid_plan", cf.Forbidden),
        (404, 10200, "workflows.api.error.workflow.not_found", cf.NotFound),
        (404, 10400, "workflows.api.error.instance.not_found", cf.NotFound),
        (400, 10405, "workflows.api.error.instance.already_exists", cf.Conflict),
        (409, 10405, "workflows.api.error.instance.already_exists", cf.Conflict),
        (400, 10401, "workflows.api.error.instance.cannot_terminate", cf.Conflict),
        (409, None, "Instance not in a restartable state", cf.Conflict),
        (429, 10429, "slow down", cf.RateLimited),
        (500, 10001, "workflows.api.error.internal_server", cf.ServerError),
        (500, 10405, "workflows.api.error.instance.already_exists", cf.ServerError),
        (599, None, "?", cf.ServerError),
        (418, 1, "teapot", cf.ApiError),
        (451, 1, "law", cf.ApiError),
        (200, 10001, "workflows.api.error.internal_server", cf.ApiError),
    ],
)
def test_an_error_is_named_by_its_status_and_then_by_its_code(status, code, message, kind):
    error = error_of(reply(status, {"code": code, "message": message}))
    assert type(error) is kind
    assert (error.status, error.code, error.message) == (status, code, message)
    assert error.errors == (cf.ErrorItem(code=code, message=message),)


def test_an_error_quotes_the_ray():
    assert error_of(reply(404, cf_ray="8f2-AMS")).ray_id == "8f2-AMS"


def test_all_messages_and_the_chain_are_kept():
    error = error_of(
        reply(
            400,
            {
                "code": 6003,
                "message": "Invalid request headers",
                "error_chain": [{"code": 6111, "message": "Invalid format"}],
            },
            {"code": 7000, "message": "No route for that URI"},
        )
    )
    assert [item.code for item in error.errors] == [6003, 6111, 7000]
    assert str(error) == "Invalid request headers; Invalid format; No route for that URI"


def test_an_error_without_a_word_still_says_something():
    assert error_of(reply(404)).message == "The API answered HTTP 404 without saying why."


@pytest.mark.parametrize(
    ("status", "maybe"), [(200, True), (301, True), (400, False), (429, False), (500, True)]
)
def test_a_write_may_be_done_unless_the_api_refused_it(status, maybe):
    assert error_of(reply(status), writes=True).maybe_done is maybe
    assert error_of(reply(status)).maybe_done is False


def test_the_tree_lets_a_caller_catch_by_kind():
    assert issubclass(cf.TimedOut, cf.ConnectionFailed)
    assert issubclass(cf.TooLarge, cf.BadResponse)
    for kind in (cf.Invalid, cf.Unauthorized, cf.Forbidden, cf.NotFound, cf.Conflict):
        assert issubclass(kind, cf.ApiError)
    assert not issubclass(cf.BadResponse, cf.ApiError)


@pytest.mark.parametrize("blank", ["", " ", {"code": 7, "message": " "}])
def test_an_error_that_says_nothing_is_said_to_say_nothing(blank):
    outcome = attempt(json.dumps({"success": False, "errors": [blank]}).encode(), 200)
    assert outcome.message == "The API answered HTTP 200 without saying why."
    outcome = attempt(json.dumps({"errors": [blank, "why"]}).encode(), 400)
    assert outcome.message == "why"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    status=st.integers(200, 599),
    errors=JSON | st.lists(st.fixed_dictionaries({"code": JSON, "message": JSON}), max_size=3),
    rest=st.dictionaries(st.sampled_from(["success", "result", "result_info", "messages"]), JSON),
)
def test_any_json_is_a_result_or_a_cloudflare_error(status, errors, rest):
    outcome = attempt(json.dumps({**rest, "errors": errors}).encode(), status)
    if isinstance(outcome, cf.CloudflareError):
        assert outcome.message
        assert outcome.status == status
    else:
        assert rest["success"] is True
        assert status < 300
        assert isinstance(outcome.info, dict)


def attempt(content: bytes, status: int) -> Envelope | cf.CloudflareError:
    try:
        return open_envelope(Reply(status=status, headers={}, content=content))
    except cf.CloudflareError as error:
        return error


@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_cloudflare_error(content):
    with pytest.raises(cf.BadResponse):
        open_envelope(Reply(status=200, headers={}, content=content))


def test_half_a_surrogate_pair_is_made_showable():
    content = b'{"success":true,"result":{"a\\ud800":"x\\udfff \\ud83d\\ude00 \\\\ud800"}}'
    result = open_envelope(Reply(status=200, headers={}, content=content)).result
    assert result == {"a\ufffd": "x\ufffd \U0001f600 \\ud800"}
