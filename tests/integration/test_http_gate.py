"""Who may call, and what a server bears: tokens, names, limits and hostile requests."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx2
import pytest
from kit.http_server import READ, WRITE, HttpServer, http_server, is_problem, settings_of
from kit.jobs import lines, submit_file
from kit.waiting import PATIENCE, eventually

from rrm_queue.actions.app import App
from rrm_queue.config import Secret, Settings
from rrm_queue.domain import JobId
from rrm_queue.errors import UsageFault
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database
from rrm_queue.web import body, serving
from rrm_queue.web.serve import listen, serve

MAX_BODY = 100_000


@pytest.fixture(scope="module")
def server(module_database: Database, servers: Addresses) -> Iterator[HttpServer]:
    settings = settings_of(
        module_database,
        servers,
        api_max_body=MAX_BODY,
        api_in_flight=20,
        max_input=1_000_000,
    )
    with http_server(settings) as server:
        yield server


@pytest.fixture(scope="module")
def job(module_database: Database) -> JobId:
    return submit_file(module_database, lines([3]))


def said(server: HttpServer, request: bytes, *, within: float = PATIENCE) -> bytes:
    """All that the server sends on a connection of this request, until it closes or resets it."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=within)) as peer:
        answer = b""
        with suppress(ConnectionError):
            peer.sendall(request)
            while part := peer.recv(65536):
                answer += part
        return answer


def raw(line: str, *headers: str, token: str | None = WRITE, body: bytes = b"") -> bytes:
    """A request as bytes, after which the connection is closed."""
    more = [f"Authorization: Bearer {token}"] if token else []
    head = [line, "Host: 127.0.0.1", "Connection: close", *more, *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def status(answer: bytes) -> int:
    """The status of an answer, 0 where the server closed the connection without one."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


def test_every_route_but_the_open_ones_needs_a_token(server: HttpServer, job: JobId) -> None:
    nobody = server.client(None)
    assert nobody.get("/health").json()["status"] == "ok"
    assert nobody.get("/docs").status_code == 200
    described = nobody.get("/openapi.json").json()
    asked = 0
    for path, methods in described["paths"].items():
        for method in methods.keys() - {"parameters"}:
            if path != "/health":
                answer = nobody.request(method, path.replace("{job}", job))
                assert is_problem(answer, 401)["detail"].startswith("give a token")
                assert answer.headers["www-authenticate"] == 'Bearer realm="rrmq"'
                asked += 1
    assert asked >= 15
    is_problem(nobody.get("/v1/nothing"), 401)


@pytest.mark.parametrize("given", ["Bearer wrong", f"Basic {WRITE}", f"Bearer {WRITE}x", "Bearer"])
def test_a_wrong_token_is_no_token(given: str, server: HttpServer) -> None:
    answer = server.client(None).get("/v1/jobs", headers={"Authorization": given})
    is_problem(answer, 401)
    assert "WWW-Authenticate" in answer.headers


def test_a_reading_token_changes_nothing(server: HttpServer, job: JobId) -> None:
    reader = server.client(READ)
    assert reader.get(f"/v1/jobs/{job}").status_code == 200
    assert reader.get("/metrics").status_code == 200
    for verb in ("pause", "resume", "retry", "cancel"):
        answer = reader.post(f"/v1/jobs/{job}/{verb}")
        assert is_problem(answer, 403)["detail"] == "this token may only read"
        assert "insufficient_scope" in answer.headers["www-authenticate"]
    is_problem(reader.delete(f"/v1/jobs/{job}"), 403)
    is_problem(reader.post("/v1/jobs", content=lines([2])), 403)
    assert reader.get(f"/v1/jobs/{job}").json()["state"] == "queued"


def test_the_printed_address_becomes_a_cookie_by_which_only_own_pages_write(
    server: HttpServer, job: JobId
) -> None:
    browser = server.client(None)
    is_problem(browser.get("/?token=wrong"), 401)
    answer = browser.get(f"/?token={WRITE}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs")
    kept = answer.headers["set-cookie"]
    assert "HttpOnly" in kept
    assert "samesite=strict" in kept.lower()
    assert browser.get(f"/v1/jobs/{job}").status_code == 200
    is_problem(browser.post(f"/v1/jobs/{job}/cancel"), 401)
    for foreign in (
        {"Origin": "http://evil.example"},
        {"Origin": f"http://127.0.0.1:{server.port + 1}"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": server.url},
        {"Sec-Fetch-Site": "none", "Origin": server.url},
    ):
        is_problem(browser.post(f"/v1/jobs/{job}/cancel", headers=foreign), 401)
        is_problem(browser.post("/control", headers=foreign), 401)
    assert browser.get(f"/v1/jobs/{job}").json()["state"] == "queued"
    for own in ({"Origin": server.url}, {"Sec-Fetch-Site": "same-origin"}):
        assert browser.post(f"/v1/jobs/{job}/pause", headers=own).json()["state"] == "paused"
        assert browser.post(f"/v1/jobs/{job}/resume", headers=own).json()["state"] == "queued"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "10.0.0.1"])
def test_another_name_is_refused_as_a_page_elsewhere_may_have_rebound_it(
    host: str, server: HttpServer
) -> None:
    request = f"GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    assert status(said(server, request)) in (400, 421)
    for known in ("localhost", "127.0.0.1:9999", "[::1]:80"):
        request = f"GET /health HTTP/1.1\r\nHost: {known}\r\nConnection: close\r\n\r\n".encode()
        assert status(said(server, request)) == 200


def test_answers_carry_safe_headers_and_the_id_of_the_request(server: HttpServer) -> None:
    client = server.client()
    answer = client.get("/v1/jobs", headers={"X-Request-ID": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers
    other = client.get("/v1/jobs", headers={"X-Request-ID": "not one\tword"})
    assert len(other.headers["x-request-id"]) == 16


def test_the_page_of_routes_runs_no_script_and_loads_nothing(server: HttpServer) -> None:
    answer = server.client(None).get("/docs")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    page = answer.text.lower()
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert "/v1/jobs/{job}/events" in page


def test_metrics_count_requests_by_their_route(server: HttpServer, job: JobId) -> None:
    client = server.client()
    client.get(f"/v1/jobs/{job}")
    found = client.get("/metrics").text
    counted = 'rrmq_http_requests_total{method="GET",route="/v1/jobs/{job}",status="200"}'
    assert counted in found
    assert str(job) not in found


HOSTILE = {
    "a huge header": (raw("GET /v1/jobs HTTP/1.1", f"X-A: {'a' * 200_000}"), {0, 400, 431}),
    "many headers": (raw("GET /v1/jobs HTTP/1.1", *["A: b"] * 30_000), {0, 400, 431}),
    "no request": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    "a bad length": (raw("POST /v1/jobs HTTP/1.1", "Content-Length: -1"), {400}),
    "two lengths": (
        raw("POST /v1/jobs HTTP/1.1", "Content-Length: 1", "Content-Length: 2", body=b"ab"),
        {400},
    ),
    "a smuggled request": (
        raw(
            "POST /v1/jobs HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked",
            body=b"0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n",
        ),
        {400, 422},
    ),
    "a path with bytes": (raw("GET /v1/jobs/%ff%fe HTTP/1.1"), {404}),
    "a path with NUL": (raw("GET /v1/jobs/a%00b HTTP/1.1"), {400}),
    "a query with NUL": (raw("GET /v1/jobs?before=%00 HTTP/1.1"), {400}),
    "a path that climbs": (raw("GET /v1/jobs/../../etc/passwd HTTP/1.1"), {404}),
    "another method": (raw("BREW /v1/jobs HTTP/1.1"), {405}),
    "a body of another type": (
        raw(
            "POST /v1/jobs/x/pause HTTP/1.1", "Content-Type: text/xml", "Content-Length: 1",
            body=b"<",
        ),
        {415},
    ),
    "a form of another type": (
        raw(
            "POST /v1/jobs HTTP/1.1", "Content-Type: multipart/mixed; boundary=x",
            "Content-Length: 0",
        ),
        {415},
    ),
    "a form without an end": (
        raw(
            "POST /v1/jobs HTTP/1.1", "Content-Type: multipart/form-data; boundary=x",
            "Content-Length: 56",
            body=b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nabcdefg',
        ),
        {400, 422},
    ),
    "a form without a boundary": (
        raw(
            "POST /v1/jobs HTTP/1.1", "Content-Type: multipart/form-data", "Content-Length: 1",
            body=b"x",
        ),
        {400},
    ),
    "an unknown option": (
        raw("POST /v1/jobs?constructor=x HTTP/1.1", "Content-Length: 1", body=b"x"), {422},
    ),
    "a body too long": (
        raw("POST /v1/jobs/x/pause HTTP/1.1", f"Content-Length: {MAX_BODY + 1}"), {413},
    ),
    "an upload too long": (raw("POST /v1/jobs HTTP/1.1", "Content-Length: 1000001"), {413}),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_request_is_refused_in_one_answer(name: str, server: HttpServer) -> None:
    request, allowed = HOSTILE[name]
    answer = said(server, request)
    assert status(answer) in allowed, answer[:500]
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert b"Traceback" not in answer
    assert server.client(None).get("/health").status_code == 200


WRONG = ["", "abc", "-1", "1e9", "99999999999999999999", "null", "[]", "\u202e", "a" * 5000]


@pytest.mark.parametrize("value", WRONG)
def test_wrong_values_everywhere_are_problems(value: str, server: HttpServer, job: JobId) -> None:
    client = server.client()
    described = client.get("/openapi.json").json()
    for path, methods in described["paths"].items():
        for one in methods.get("get", {}).get("parameters", ()):
            if one["in"] == "query" and path.startswith("/v1/") and "events" not in path:
                answer = client.get(path.replace("{job}", job), params={one["name"]: value})
                assert answer.status_code < 500, (path, one["name"], answer.text)
    for field in ("votes", "seed", "order", "priority", "strategy", "judge", "stop", "map", "new"):
        answer = client.post("/v1/jobs", params={field: value}, content=b"")
        is_problem(answer, 422)


def test_a_body_that_comes_too_slowly_is_given_up(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "SILENCE", 0.3)
    began = raw("POST /v1/jobs HTTP/1.1", "Content-Length: 1000", body=b"{")
    assert status(said(server, began)) == 408
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)) as peer:
        peer.sendall(raw("POST /v1/jobs HTTP/1.1", "Content-Length: 1000"))
        answer = b""
        peer.settimeout(0.05)
        end = time.monotonic() + PATIENCE
        while not answer and time.monotonic() < end:
            with suppress(ConnectionError):  # it may have answered and closed since
                peer.sendall(b"x")
            try:
                answer = peer.recv(65536)
            except TimeoutError:
                continue
    assert status(answer) == 408


def test_more_requests_than_places_are_asked_to_come_again(server: HttpServer, job: JobId) -> None:
    """Streams take the server's 20 places; what comes then is refused at once, also a body."""
    client = server.client()
    streams = [client.stream("GET", f"/v1/jobs/{job}/events") for _ in range(20)]
    kept = [stream.__enter__().iter_lines() for stream in streams]
    assert [next(lines_) for lines_ in kept] == ["retry: 2000"] * 20
    refused = client.get(f"/v1/jobs/{job}")
    assert "at most 20 requests" in is_problem(refused, 503)["detail"]
    assert refused.headers["retry-after"] == "1"
    for stream in streams:
        stream.__exit__(None, None, None)
    eventually(lambda: client.get(f"/v1/jobs/{job}").status_code == 200, "there is a place again")


def test_bodies_in_memory_are_bounded_together(server: HttpServer, job: JobId) -> None:
    client = server.client()
    taken = serving.HELD_BYTES - 10
    server.serving.held.take(taken)
    try:
        answer = client.post(f"/v1/jobs/{job}/pause", json={"some": "more than ten bytes"})
        assert answer.status_code == 200  # the route reads no body, so none is held
        assert server.serving.held.taken == taken
    finally:
        server.serving.held.leave(taken)


def test_a_token_has_a_rate(module_database: Database, servers: Addresses) -> None:
    settings = settings_of(
        module_database,
        servers,
        api_rate=1,
    )
    with http_server(settings) as server:
        client, reader = server.client(), server.client(READ)
        answers = [client.get("/v1/jobs/zzz") for _ in range(30)]
        refused = [one for one in answers if one.status_code == 429]
        assert refused
        assert is_problem(refused[0], 429)["detail"] == "too many requests with this token"
        assert int(refused[0].headers["retry-after"]) >= 1
        is_problem(reader.get("/v1/jobs/zzz"), 404)


def test_a_store_that_is_away_is_said_and_asked_for_again() -> None:
    settings = Settings(
        database_url=Secret("postgresql://rrmq:s3cret@127.0.0.1:1/rrmq"),
        broker_url=Secret("redis://127.0.0.1:1/0"),
    )
    with http_server(settings) as server:
        answer = server.client().get("/v1/jobs")
        document = is_problem(answer, 503)
        assert document["type"] == "urn:rrmq:store-unavailable"
        assert answer.headers["retry-after"] == "5"
        assert "s3cret" not in answer.text
        health = server.client(None).get("/health")
        assert health.status_code == 503
        assert health.json()["store"] is False


def test_thousands_of_silent_connections_leave_the_server_alive(server: HttpServer) -> None:
    """As many as this machine lets one process open; each is open and says nothing."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 30_000), hard))
    peers: list[socket.socket] = []
    try:
        most = min(2000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 3)
        peers += [
            socket.create_connection(("127.0.0.1", server.port), PATIENCE) for _ in range(most)
        ]
        assert httpx2.get(f"{server.url}/health", timeout=PATIENCE).status_code == 200
    finally:
        for peer in peers:
            peer.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104  # to be refused
def test_others_are_let_in_only_with_tokens_that_were_chosen(
    host: str, module_database: Database, servers: Addresses, tmp_path: Path
) -> None:
    settings = settings_of(module_database, servers, home=tmp_path)
    with App(settings) as app, pytest.raises(UsageFault, match="set RRMQ_API_TOKENS"):
        serve(app, host, 0, ready=print)


def test_small_answers_are_sent_at_once() -> None:
    """A connection that the server takes does not wait for more to send (TCP_NODELAY)."""

    async def taken() -> int:
        served = asyncio.Queue[asyncio.StreamWriter]()

        async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await served.put(writer)

        with closing(listen("127.0.0.1", 0)) as listener:
            server = await asyncio.start_server(take, sock=listener)
            _, mine = await asyncio.open_connection(*listener.getsockname())
            writer = await served.get()
            peer = writer.get_extra_info("socket")
            found = peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            mine.close()
            writer.close()
            server.close()
        return int(found)

    assert asyncio.run(taken()) == 1
