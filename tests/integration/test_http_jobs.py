"""Jobs over HTTP on real servers: submitted, controlled, followed; the test is the worker."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from kit.http_server import HttpServer, http_server, is_problem, lines_of, settings_of
from kit.jobs import lines, play, submit_file
from kit.waiting import eventually

from rrm_queue.broker.client import BrokerClient
from rrm_queue.local.stack import Addresses
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue.control import cancel_job, pause_job
from rrm_queue.web.serving import HEAVY, HEAVY_WAITING

FILE = lines([3, 4])
ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(database: Database, servers: Addresses, broker: BrokerClient) -> Iterator[HttpServer]:
    settings = settings_of(
        database,
        servers,
        max_input=2_000_000,
    )
    with http_server(settings) as server:
        yield server


@pytest.fixture
def client(server: HttpServer) -> httpx2.Client:
    return server.client()


def jobs_in(database: Database) -> int:
    with database.begin() as tx:
        return int(tx.scalar(text("SELECT count(*) FROM jobs")))


def test_a_file_becomes_a_job_and_the_same_file_finds_it(
    client: httpx2.Client, database: Database
) -> None:
    options: dict[str, str | int] = {
        "strategy": "elo",
        "votes": 3,
        "order": "both",
        "name": "mine",
        "filename": "a.jsonl",
    }
    refused = is_problem(client.post("/v1/jobs", params=options, content=FILE), 422)
    assert refused["detail"] == "order=both takes an even number of votes"
    assert jobs_in(database) == 0
    options["votes"] = 4
    made = client.post("/v1/jobs", params=options, content=FILE)
    assert made.status_code == 201
    job = made.json()
    assert made.headers["location"] == f"/v1/jobs/{job['job']}"
    assert (job["tournaments"], job["candidates"], job["new"]) == (2, 7, True)
    again = client.post("/v1/jobs", params=options, content=gzip.compress(FILE))
    assert (again.status_code, again.json()["job"], again.json()["new"]) == (200, job["job"], False)
    status = client.get(made.headers["location"]).json()
    assert (status["strategy"], status["votes_per_match"]) == ("elo", 4)
    assert (status["name"], status["source"]) == ("mine", "a.jsonl")


def test_a_form_holds_several_files_and_options(client: httpx2.Client, database: Database) -> None:
    files = [
        ("file", ("one.jsonl", b'{"prompt": "p", "a": ["x", "y"], "reference": "x"}\n')),
        ("file", ("two.jsonl", b'{"prompt": "q", "a": ["x", "y"], "reference": "x"}\n')),
    ]
    fields = {"strategy": "elo", "map": "candidates=a", "on-no-verdict": "draw"}
    made = client.post("/v1/jobs?seed=7", files=files, data=fields)
    assert made.status_code == 201, made.text
    status = client.get(f"/v1/jobs/{made.json()['job']}").json()
    assert (status["source"], status["seed"]) == ("one.jsonl, two.jsonl", 7)
    with database.begin() as tx:
        assert tx.scalar(text("SELECT voting ->> 'on_no_verdict' FROM jobs")) == "draw"


def test_a_template_is_a_part_of_the_form_and_no_path_of_the_server(
    client: httpx2.Client, database: Database, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("first")
    for fields in ({"template": str(secret)}, {"judge": f"replay:{secret}"}):
        data = {"judge": "openai:m", **fields}
        answer = client.post("/v1/jobs", files={"file": ("f", FILE)}, data=data)
        said = is_problem(answer, 422)["detail"]
        assert "first" not in said
    assert jobs_in(database) == 0
    template = (ROOT / "examples" / "concise.jinja").read_bytes()
    files = {"file": ("f", FILE), "template": ("t.jinja", template)}
    made = client.post("/v1/jobs", files=files, data={"judge": "openai:m"})
    assert made.status_code == 201, made.text
    with database.begin() as tx:
        assert tx.scalar(text("SELECT judge ->> 'template' FROM jobs")) == template.decode()


BAD = [
    (b"", "the file is empty"),
    (b'{"prompt": "p"}\n', "candidates"),
    (b"\xff\xfe\x00not json", ""),
    (b'{"prompt": "p", "candidates": ["a", "b"]}\n', "reference"),
]


@pytest.mark.parametrize(("body", "words"), BAD)
def test_a_bad_file_leaves_nothing_behind(
    body: bytes, words: str, client: httpx2.Client, database: Database
) -> None:
    document = is_problem(client.post("/v1/jobs", content=body), 422)
    assert document["type"] == "urn:rrmq:bad-input"
    assert words in document["detail"]
    assert [problem["source"] for problem in document["problems"]] == ["request"]
    assert jobs_in(database) == 0


def test_what_is_too_large_is_refused_before_and_while_it_comes(
    client: httpx2.Client, database: Database
) -> None:
    long = lines([2]) * 20_000
    assert len(long) > 2_000_000
    is_problem(client.post("/v1/jobs", content=long), 413)

    def parts() -> Iterator[bytes]:
        for start in range(0, len(long), 65536):
            yield long[start : start + 65536]

    is_problem(client.post("/v1/jobs", content=parts()), 413)
    packed = gzip.compress(long)
    unpacked = is_problem(client.post("/v1/jobs", content=packed), 413)
    assert unpacked["type"] == "urn:rrmq:input-too-large"
    assert jobs_in(database) == 0


def test_a_job_is_paused_resumed_cancelled_and_deleted(
    client: httpx2.Client, database: Database
) -> None:
    job = submit_file(database, FILE)
    states = [client.post(f"/v1/jobs/{job}/{verb}").json()["state"] for verb in ("pause", "resume")]
    assert states == ["paused", "queued"]
    conflict = is_problem(client.delete(f"/v1/jobs/{job}"), 409)
    assert conflict["detail"] == f"job {job} is queued: cancel it first"
    assert client.post(f"/v1/jobs/{job}/cancel").json()["state"] == "cancelled"
    refused = is_problem(client.post(f"/v1/jobs/{job}/retry"), 409)
    assert refused["detail"] == f"job {job} was cancelled: submit it again, its votes are kept"
    assert client.delete(f"/v1/jobs/{job}").json()["job"] == job
    is_problem(client.get(f"/v1/jobs/{job}"), 404)


def test_what_is_not_there_is_said_as_the_command_says_it(
    client: httpx2.Client, database: Database
) -> None:
    job = submit_file(database, FILE)
    found = is_problem(client.get("/v1/jobs/zzz"), 404)
    assert found["detail"] == "No such job: no id begins with 'zzz'; `rrmq list` shows them"
    for path in (
        f"/v1/jobs/{job}/results?tournament=nowhere",
        f"/v1/jobs/{job}/votes?tournament=t0&match=9.9",
        f"/v1/jobs/{job}/votes?tournament=..%2F..%2Fetc",
        "/v1/jobs/..%2f..%2fetc%2fpasswd",
        "/v1/nothing",
    ):
        is_problem(client.get(path), 404)
    is_problem(client.get(f"/v1/jobs/{job}/votes"), 422)
    is_problem(client.get(f"/v1/jobs/{job}/votes?tournament=t0&match=first"), 422)
    is_problem(client.get(f"/v1/jobs/{job}/export?as=everything"), 422)
    is_problem(client.put(f"/v1/jobs/{job}"), 405)


def read_events(stream: Iterator[str], most: int) -> list[tuple[str, str, dict[str, object]]]:
    """The next events of a stream: name, id, data."""
    found: list[tuple[str, str, dict[str, object]]] = []
    event: dict[str, str] = {}
    for line in stream:
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value
        elif not line and "event" in event:
            found.append((event["event"], event.get("id", ""), json.loads(event["data"])))
            event = {}
            if len(found) == most:
                break
    return found


def test_events_tell_of_every_change_and_of_the_end(
    client: httpx2.Client, database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, FILE)
    with client.stream("GET", f"/v1/jobs/{job}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        stream = answer.iter_lines()
        [(name, first, status)] = read_events(stream, 1)
        assert (name, status["state"]) == ("status", "queued")
        with database.begin() as tx:
            pause_job(tx, job)
        [(name, _, status)] = read_events(stream, 1)
        assert (name, status["state"]) == ("status", "paused")
        client.post(f"/v1/jobs/{job}/resume")
        [(_, _, status)] = read_events(stream, 1)
        assert status["state"] == "queued"
        play(database, broker)
        seen = read_events(stream, 100)
    assert [name for name, _, _ in seen[:-1]] == ["status"] * (len(seen) - 1)
    name, last, status = seen[-1]
    assert (name, status["state"]) == ("end", "succeeded")
    assert first != last
    again = client.get(f"/v1/jobs/{job}/events", headers={"Last-Event-ID": last})
    assert again.status_code == 204
    late = client.get(f"/v1/jobs/{job}/events")
    assert "event: end" in late.text


def test_a_stream_ends_when_its_job_is_deleted(client: httpx2.Client, database: Database) -> None:
    job = submit_file(database, FILE)
    with client.stream("GET", f"/v1/jobs/{job}/events") as answer:
        stream = answer.iter_lines()
        read_events(stream, 1)
        with database.begin() as tx:
            cancel_job(tx, job)
            tx.execute(text("DELETE FROM jobs"))
        [(name, _, told)] = read_events(stream, 2)
    assert name == "gone"
    assert job in str(told["detail"])


def listeners(database: Database) -> int:
    listening = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
    )
    with database.begin() as tx:
        return int(tx.scalar(listening) or 0)


def test_many_streams_share_one_connection_and_one_look(
    server: HttpServer, client: httpx2.Client, database: Database
) -> None:
    job = submit_file(database, FILE)
    streams = [client.stream("GET", f"/v1/jobs/{job}/events") for _ in range(20)]
    answers = [stream.__enter__().iter_lines() for stream in streams]
    for answer in answers:
        read_events(answer, 1)
    eventually(lambda: listeners(database) == 1, "one connection listens for all")
    looks = 0
    look = server.serving.looks._look

    async def counted(asked: object) -> object:
        nonlocal looks
        looks += 1
        return await look(asked)  # type: ignore[arg-type]  # passed on as it came

    server.serving.looks._look = counted  # type: ignore[assignment]  # counts, and looks
    with database.begin() as tx:
        pause_job(tx, job)
    for answer in answers:
        [(_, _, status)] = read_events(answer, 1)
        assert status["state"] == "paused"
    assert 1 <= looks < len(streams) / 2  # each for itself would look at least once
    for stream in streams:
        stream.__exit__(None, None, None)


def test_the_list_of_an_empty_store_is_empty(client: httpx2.Client) -> None:
    assert lines_of(client.get("/v1/jobs")) == []


def test_a_stream_outlives_its_connection_to_the_store(
    client: httpx2.Client, database: Database
) -> None:
    job = submit_file(database, FILE)
    with client.stream("GET", f"/v1/jobs/{job}/events") as answer:
        stream = answer.iter_lines()
        read_events(stream, 1)
        with database.begin() as tx:
            tx.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
                )
            )
            pause_job(tx, job)
        [(name, _, status)] = read_events(stream, 1)
    assert (name, status["state"]) == ("status", "paused")


def test_large_requests_wait_for_their_turn_and_more_are_asked_to_come_again(
    server: HttpServer, client: httpx2.Client, database: Database
) -> None:
    job = submit_file(database, FILE)
    places = HEAVY + HEAVY_WAITING
    server.serving._heavy.take(places)
    refused = client.get(f"/v1/jobs/{job}/export?as=best")
    assert "large requests" in is_problem(refused, 503)["detail"]
    assert refused.headers["retry-after"] == "5"
    assert client.get(f"/v1/jobs/{job}").status_code == 200  # short ones go on
    server.serving._heavy.leave(places)
    assert client.get(f"/v1/jobs/{job}/export?as=best").status_code == 200


def test_a_stopping_server_says_so_and_ends_its_streams(
    server: HttpServer, client: httpx2.Client, database: Database
) -> None:
    job = submit_file(database, FILE)
    with client.stream("GET", f"/v1/jobs/{job}/events") as answer:
        stream = answer.iter_lines()
        read_events(stream, 1)
        loop = server.serving.changes._loop
        loop.call_soon_threadsafe(server.serving.stop)
        assert list(stream) == []
    health = client.get("/health")
    assert (health.status_code, health.json()["stopping"]) == (503, True)
