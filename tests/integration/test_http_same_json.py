"""What a route answers is what the command prints with --json, byte by byte."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner
from kit.http_server import http_server, settings_of
from kit.jobs import lines, play, submit_file

from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq as main
from rrm_queue.domain import JobId
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database

Printed = Callable[..., str]


@pytest.fixture(scope="module")
def environment(module_database: Database, servers: Addresses) -> dict[str, str]:
    return {
        "RRMQ_DATABASE_URL": module_database.url,
        "RRMQ_BROKER_URL": servers.broker_url,
    }


@pytest.fixture(scope="module")
def job(module_database: Database, servers: Addresses) -> JobId:
    """A job that has ended, and another beside it that has not begun."""
    from rrm_queue.broker.app import create_app
    from rrm_queue.broker.client import redis_client

    client = redis_client(servers.broker_url)
    client.flushall()
    app = create_app(servers.broker_url)
    ended = submit_file(module_database, lines([3, 8]), name="two")
    play(module_database, BrokerClient(lambda: app, client))
    submit_file(module_database, lines([2]), id="fedcba987654", strategy="elo")
    app.close()
    client.close()
    return ended


@pytest.fixture(scope="module")
def client(module_database: Database, servers: Addresses, job: JobId) -> Iterator[httpx2.Client]:
    settings = settings_of(module_database, servers)
    with http_server(settings) as server:
        yield server.client()


@pytest.fixture
def printed(environment: dict[str, str]) -> Printed:
    def run(*line: str) -> str:
        result = CliRunner().invoke(main, line, env=environment, standalone_mode=False)
        assert not result.exception, result.exception
        return result.stdout

    return run


SAME = [
    ("/v1/jobs", ("list",)),
    ("/v1/jobs?limit=1", ("list", "--limit", "1")),
    ("/v1/jobs/{job}", ("status", "{job}")),
    ("/v1/jobs/{job}/results", ("results", "{job}")),
    ("/v1/jobs/{job}/results?tournament=t1", ("results", "{job}", "t1")),
    ("/v1/jobs/{job}/results?intervals=false", ("results", "{job}", "--no-intervals")),
    ("/v1/jobs/{job}/leaderboard", ("leaderboard", "{job}")),
    ("/v1/jobs/{job}/leaderboard?bootstrap=true", ("leaderboard", "{job}", "--bootstrap")),
    ("/v1/jobs/{job}/diagnose", ("diagnose", "{job}")),
    ("/v1/jobs/{job}/diagnose?ties=half", ("diagnose", "{job}", "--ties", "half")),
    ("/v1/jobs/{job}/bracket", ("bracket", "{job}")),
    ("/v1/jobs/{job}/bracket?tournament=t1", ("bracket", "{job}", "t1")),
    ("/v1/jobs/{job}/votes?tournament=t1", ("votes", "{job}", "t1")),
    ("/v1/jobs/{job}/votes?tournament=t0&match=1.0", ("votes", "{job}", "t0", "1.0")),
]


@pytest.mark.parametrize(("path", "line"), SAME, ids=lambda one: str(one))
def test_a_route_answers_what_the_command_prints(
    path: str, line: tuple[str, ...], client: httpx2.Client, printed: Printed, job: JobId
) -> None:
    answer = client.get(path.format(job=job))
    assert answer.status_code == 200, answer.text
    assert answer.text == printed(*(word.format(job=job[:6]) for word in line), "--json")


EXPORTS = [
    ("as=best", ("--as", "best")),
    (
        "as=preferences&pairs=decided&margin=0.1",
        ("--as", "preferences", "--pairs", "decided", "--margin", "0.1"),
    ),
    ("as=rewards&reward=bt", ("--as", "rewards", "--reward", "bt")),
    ("as=rankings&per=tournament", ("--as", "rankings", "--per", "tournament")),
    ("as=votes", ("--as", "votes")),
    ("as=verdicts", ("--as", "verdicts")),
]


@pytest.mark.parametrize(("query", "line"), EXPORTS, ids=lambda one: str(one))
def test_an_export_is_what_the_command_writes(
    query: str, line: tuple[str, ...], client: httpx2.Client, printed: Printed, job: JobId
) -> None:
    answer = client.get(f"/v1/jobs/{job}/export?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.content.decode() == printed("export", job, *line)
    assert "attachment" in answer.headers["content-disposition"]


def test_exports_as_csv_and_parquet_begin_as_such_files_do(
    client: httpx2.Client, job: JobId
) -> None:
    rows = client.get(f"/v1/jobs/{job}/export?as=best&format=csv").text.splitlines()
    assert rows[0] == "prompt,answer,candidate,generator,tournament,decided_by,tied"
    assert len(rows) == 3
    assert client.get(f"/v1/jobs/{job}/export?as=best&format=parquet").content[:4] == b"PAR1"


def test_a_report_is_a_page_that_reaches_nothing(client: httpx2.Client, job: JobId) -> None:
    answer = client.get(f"/v1/jobs/{job}/report?texts=false")
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert "Which is largest?" not in answer.text
    assert "Which is largest?" in client.get(f"/v1/jobs/{job}/report").text


def test_the_list_goes_on_page_by_page_and_can_be_narrowed(
    client: httpx2.Client, job: JobId
) -> None:
    first = client.get("/v1/jobs?limit=1")
    second = client.get(first.links["next"]["url"])
    third = client.get(second.links["next"]["url"])
    ids = [answer.json()["job"] for answer in (first, second)]
    assert ids == ["fedcba987654", job]
    assert third.text == ""
    assert "link" not in third.headers
    assert client.get("/v1/jobs?state=succeeded").json()["job"] == job
    both = client.get("/v1/jobs?state=succeeded&state=queued").text
    assert both == client.get("/v1/jobs").text


def test_an_estimate_is_what_a_dry_run_prints_and_stores_nothing(
    client: httpx2.Client, printed: Printed, tmp_path: Path
) -> None:
    before = client.get("/v1/jobs").text
    file = tmp_path / "answers.jsonl"
    file.write_bytes(lines([3, 8]))
    options = {"strategy": "elo", "votes": "3"}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    said = printed("submit", str(file), *words, "--dry-run", "--rate", "2", "--json")
    asked = {**options, "rate": "2", "filename": "answers.jsonl"}
    answer = client.post("/v1/estimates", content=file.read_bytes(), params=asked)
    assert answer.status_code == 200
    assert answer.text.strip() == said.strip()
    refused = client.post("/v1/estimates", content=file.read_bytes(), params={"agreement": "0.2"})
    assert refused.status_code == 422
    assert client.get("/v1/jobs").text == before
