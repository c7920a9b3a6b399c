"""What happens on the wire: faults over real sockets, limits, retries, and what leaks."""

from __future__ import annotations

import datetime as dt
import gzip
import socket
import ssl
import threading
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.cloudflare import fault_server as faults
from tests.cloudflare.conftest import TOKEN, make_client
from workflows_ui import cloudflare as cf
from workflows_ui.cloudflare.envelope import open_envelope
from workflows_ui.cloudflare.transport import MAX_BYTES, BearerAuth, Reply

NEW = cf.NewInstance(instance_id="one", params={"a": 1})
ROWS = faults.result([{"id": "one", "status": "running"}])
CREATED = faults.result({"id": "one", "status": "queued"})


def read(client: cf.CloudflareClient) -> cf.CursorPage:
    return client.list_instances("flow")


def write(client: cf.CloudflareClient) -> cf.CreatedInstance:
    return client.create_instance("flow", NEW)


def test_a_read_that_gets_no_answer_times_out_once(server, hasty):
    server.answer(faults.hang)
    with pytest.raises(cf.TimedOut) as caught:
        read(hasty)
    assert not caught.value.maybe_done
    assert len(server.seen) == 1


def test_a_write_that_gets_no_answer_may_be_done_and_is_sent_once(server, hasty):
    server.answer(faults.hang)
    with pytest.raises(cf.TimedOut) as caught:
        write(hasty)
    assert caught.value.maybe_done
    assert len(server.seen) == 1


@pytest.mark.parametrize("fault", [faults.drip_body, faults.drip_head])
def test_an_answer_that_drips_ends_at_the_time_limit(server, hasty, fault):
    server.answer(fault)
    with pytest.raises(cf.TimedOut):
        read(hasty)
    with pytest.raises(cf.TimedOut) as caught:
        write(hasty)
    assert caught.value.maybe_done


@pytest.mark.parametrize("fault", [faults.cut, faults.half, faults.half_chunked, faults.not_http])
def test_a_lost_connection_is_tried_three_times_by_a_read_and_once_by_a_write(
    server, client, fault
):
    server.answer(fault)
    with pytest.raises(cf.ConnectionFailed) as caught:
        read(client)
    assert not caught.value.maybe_done
    assert len(server.seen) == 3
    with pytest.raises(cf.ConnectionFailed) as caught:
        write(client)
    assert caught.value.maybe_done
    assert len(server.seen) == 4


def test_a_read_survives_a_lost_connection(server, client):
    server.answer(faults.cut, ROWS)
    assert read(client).items[0].id == "one"


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_read_survives_a_passing_trouble(server, client, status):
    server.answer(faults.html(status), faults.html(status), ROWS)
    assert read(client).items[0].id == "one"
    assert len(server.seen) == 3


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
def test_a_write_is_never_repeated_after_a_server_error(server, client, status):
    server.answer(faults.html(status))
    with pytest.raises(cf.ServerError) as caught:
        write(client)
    assert (caught.value.status, caught.value.maybe_done) == (status, True)
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 501])
def test_a_read_is_not_repeated_for_other_statuses(server, client, status):
    server.answer(faults.html(status, Retry_After="0"))
    with pytest.raises(cf.ApiError):
        read(client)
    assert len(server.seen) == 1


def test_nothing_was_done_when_nobody_answers(server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = make_client(server, base_url=f"http://127.0.0.1:{port}")
    with pytest.raises(cf.ConnectionFailed) as caught:
        write(client)
    assert not caught.value.maybe_done
    assert not isinstance(caught.value, cf.TimedOut)


def test_a_closed_kept_connection_is_noticed(server, client):
    closed = threading.Event()

    def answer_and_close(talk):
        CREATED(talk)
        talk.sock.shutdown(socket.SHUT_RDWR)
        closed.set()

    server.answer(answer_and_close)
    assert write(client).id == "one"
    assert closed.wait(5)
    assert write(client).id == "one"
    assert len(server.seen) == 2


def test_connections_are_kept_between_clients(server):
    ports = []

    def note_port(talk):
        ports.append(talk.sock.getpeername()[1])
        ROWS(talk)

    server.answer(note_port)
    read(make_client(server))
    read(make_client(server))
    assert len(set(ports)) == 1


def test_a_connection_made_under_loose_rules_serves_no_strict_client(server):
    server.answer(ROWS)
    loose = make_client(server)
    read(loose)
    trusting = make_client(
        server, rules=cf.AddressRules(hosts=frozenset({f"127.0.0.1:{server.port}"}))
    )
    read(trusting)
    with pytest.raises(cf.AddressRefused):
        make_client(server, rules=cf.AddressRules())


@pytest.mark.parametrize(
    "fault",
    [faults.announce_too_much, faults.send_forever, faults.gzip_bomb(MAX_BYTES + 1)],
    ids=["announced", "endless", "bomb"],
)
def test_an_answer_over_the_limit_is_given_up(server, client, fault):
    server.answer(fault)
    with pytest.raises(cf.TooLarge):
        read(client)
    with pytest.raises(cf.TooLarge) as caught:
        write(client)
    assert caught.value.maybe_done


def test_a_compressed_answer_is_read(server, client):
    body = b'{"success":true,"result":[{"id":"z","status":"complete"}]}'
    server.answer(faults.http(gzip.compress(body), Content_Encoding="gzip"))
    assert read(client).items[0].id == "z"


def test_a_broken_compression_is_a_lost_answer(server, client):
    server.answer(faults.bad_gzip)
    with pytest.raises(cf.ConnectionFailed) as caught:
        write(client)
    assert caught.value.maybe_done


def test_a_redirect_is_not_followed(server, client):
    with faults.running() as inside:
        inside.answer(ROWS)
        server.answer(faults.http(status=302, Location=f"{inside.url}/secret"))
        with pytest.raises(cf.BadResponse) as caught:
            read(client)
        assert "redirect" in caught.value.message
        with pytest.raises(cf.BadResponse):
            write(client)
        assert inside.seen == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (faults.html(200), cf.BadResponse),
        (faults.http("", status=200), cf.BadResponse),
        (faults.http("[1]", status=200), cf.BadResponse),
        (faults.http('{"result":[]}'), cf.BadResponse),
        (faults.http('{"success":true,"result":[NaN]}'), cf.BadResponse),
        (faults.http("[" * 100_000), cf.BadResponse),
        (faults.http(b"\xff\xfe\x00"), cf.BadResponse),
        (faults.http('{"success":false,"errors":[{"code":1,"message":"no"}]}'), cf.ApiError),
        (faults.html(403), cf.Forbidden),
        (faults.html(404), cf.NotFound),
        (faults.html(500), cf.ServerError),
        (faults.html(418), cf.ApiError),
    ],
)
def test_an_answer_that_is_no_envelope_has_its_error(server, client, answer, kind):
    server.answer(answer)
    with pytest.raises(kind) as caught:
        read(client)
    assert type(caught.value) is kind


def test_a_success_that_says_no_is_an_error_even_with_a_result(server, client):
    server.answer(
        faults.http(
            '{"success":false,"errors":[{"code":10001,"message":"m"}],"result":{"status":"running"}}'
        )
    )
    with pytest.raises(cf.ApiError) as caught:
        client.get_instance("flow", "one")
    assert (caught.value.code, caught.value.status) == (10001, 200)


def test_a_challenge_page_is_explained(server, client):
    server.answer(faults.html(403, cf_mitigated="challenge", cf_ray="8f-AMS"))
    with pytest.raises(cf.BadResponse) as caught:
        write(client)
    assert "firewall" in caught.value.message
    assert (caught.value.ray_id, caught.value.maybe_done) == ("8f-AMS", False)


def test_an_unreadable_answer_to_a_write_leaves_it_open(server, client):
    for answer in (faults.html(200), faults.result({"no": "id"}), faults.result(None)):
        server.answer(answer)
        with pytest.raises(cf.BadResponse) as caught:
            write(client)
        assert caught.value.maybe_done
        assert caught.value.status == 200


def test_a_refused_write_was_not_done(server, client):
    server.answer(faults.failure(400, 10002, "workflows.api.error.body"))
    with pytest.raises(cf.Invalid) as caught:
        write(client)
    assert not caught.value.maybe_done


def test_an_empty_answer_is_enough_where_nothing_is_needed(server, client):
    server.answer(faults.http(status=204))
    assert client.send_event("flow", "one", "go", None) == cf.EventSent()
    assert client.delete_instance("flow", "one") == cf.InstanceDeleted()


@pytest.mark.parametrize(
    "answer", [faults.html, lambda s, **h: faults.failure(s, 971, "slow", **h)]
)
def test_a_rate_limit_says_when_to_come_back(server, client, answer):
    server.answer(answer(429, Retry_After="37"))
    with pytest.raises(cf.RateLimited) as caught:
        read(client)
    assert caught.value.retry_after == 37


def test_a_date_in_retry_after_counts_from_now():
    later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=4)
    headers = {"retry-after": format_datetime(later, usegmt=True)}
    with pytest.raises(cf.RateLimited) as caught:
        open_envelope(Reply(status=429, headers=headers, content=b""))
    assert 200 < caught.value.retry_after <= 240


@pytest.mark.parametrize("told", ["", "soon", "-5", "²", "Mon, 99 Foo 2026", "1" * 5000])
def test_an_odd_retry_after_breaks_nothing(told):
    reply = Reply(status=429, headers={"retry-after": told}, content=b"")
    assert reply.retry_after is None or reply.retry_after >= 0


def test_each_request_that_was_sent_is_told(server):
    records: list[cf.CallRecord] = []
    client = make_client(server, on_call=records.append)
    server.answer(faults.cut, faults.html(503, cf_ray="first"), faults.result([], cf_ray="last"))
    client.list_instances("flow", status="running")
    path = "/accounts/0123456789abcdef0123456789abcdef/workflows/flow/instances"
    assert [(r.method, r.path, r.status, r.ray_id, r.attempt) for r in records] == [
        ("GET", path, None, "", 1),
        ("GET", path, 503, "first", 2),
        ("GET", path, 200, "last", 3),
    ]
    assert all(record.seconds >= 0 for record in records)


def test_a_failing_observer_does_not_undo_a_write(server, caplog):
    def observer(record):
        raise RuntimeError("observer")

    server.answer(CREATED)
    assert write(make_client(server, on_call=observer)).id == "one"
    assert "on_call failed" in caplog.text


def test_the_call_budget_is_remembered(server, client):
    assert client.last_rate is None
    server.answer(
        faults.result([], Ratelimit='"default";r=50;t=30', Ratelimit_Policy='"burst";q=100;w=60'),
        faults.result([]),
        faults.result([], Ratelimit="nonsense;r=x"),
    )
    rate = cf.CallRate(remaining=50, reset=30, quota=100, window=60)
    for _ in range(3):
        read(client)
        assert client.last_rate == rate


def test_the_environment_is_ignored(server, client, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing"))
    server.answer(ROWS)
    read(client)
    assert server.seen[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_the_headers_are_these(server):
    server.answer(faults.result([], Set_Cookie="track=me; Path=/"), ROWS)
    client = make_client(server, user_agent_version="1.2")
    read(client)
    read(client)
    headers = server.seen[1].headers
    assert headers["user-agent"] == "workflows-console/1.2"
    assert headers["accept"] == "application/json"
    assert "cookie" not in headers
    assert "content-type" not in headers


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "ключ", "nul\x00", "tab\t"])
def test_a_token_that_fits_no_header_is_not_sent(server, token):
    server.answer(ROWS)
    client = make_client(server, token=token)
    with pytest.raises(cf.Unauthorized) as caught:
        read(client)
    assert token not in str(caught.value)
    assert server.seen == []


def frames_of(traceback: TracebackType | None) -> Iterator[str]:
    while traceback is not None:
        # The test's own frames know the token.
        if "tests/cloudflare" not in traceback.tb_frame.f_code.co_filename:
            yield repr(traceback.tb_frame.f_locals)
        traceback = traceback.tb_next


def assert_no_token(error: BaseException) -> None:
    assert error.__cause__ is None
    assert error.__context__ is None
    for text in (str(error), repr(error), repr(error.args), repr(vars(error))):
        assert TOKEN not in text
    for text in frames_of(error.__traceback__):
        assert TOKEN not in text


@pytest.mark.parametrize(
    "answer",
    [
        faults.hang,
        faults.cut,
        faults.half,
        faults.half_chunked,
        faults.not_http,
        faults.bad_gzip,
        faults.announce_too_much,
        faults.http(status=302, Location="http://127.0.0.1:9/"),
        faults.html(200),
        faults.result({}),
        *(faults.html(status) for status in (400, 401, 403, 404, 409, 422, 429, 500, 503)),
    ],
)
def test_no_error_holds_the_token(server, hasty, answer):
    server.answer(answer)
    for call in (read, write):
        with pytest.raises(cf.CloudflareError) as caught:
            call(hasty)
        assert_no_token(caught.value)


def test_an_address_refused_at_connect_time_holds_no_token(server, monkeypatch):
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: inside)
    client = make_client(server, base_url="https://api.example.com", rules=cf.AddressRules())
    with pytest.raises(cf.AddressRefused) as caught:
        write(client)
    assert not caught.value.maybe_done
    assert_no_token(caught.value)


def test_no_repr_holds_the_token(server, client):
    for thing in (client, client._transport, BearerAuth(TOKEN)):
        assert TOKEN not in repr(thing)
        assert TOKEN not in str(thing)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for localhost and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_tls_checks_the_name_not_the_address_connected_to(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    names = []
    context.sni_callback = lambda sock, name, ctx: names.append(name)
    with faults.running(context) as server:
        server.answer(ROWS)
        client = make_client(server, base_url=f"https://localhost:{server.port}")
        with pytest.raises(cf.ConnectionFailed) as caught:
            write(client)
        assert "certificate" in caught.value.message
        assert not caught.value.maybe_done
        client._transport._session.verify = str(certificate)
        assert read(client).items[0].id == "one"
        by_address = make_client(server, base_url=f"https://127.0.0.1:{server.port}")
        by_address._transport._session.verify = str(certificate)
        with pytest.raises(cf.ConnectionFailed):
            read(by_address)
    assert names[0] == "localhost"
