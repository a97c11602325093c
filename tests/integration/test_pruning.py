"""`rrmq prune`: what requests for rewards left behind goes, and nothing that has work."""

import io
import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from kit.http_server import READ, http_server, settings_of
from kit.jobs import job_of, lines, play

import rrm_queue
from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq
from rrm_queue.domain import JobId
from rrm_queue.intake.appending import append_file
from rrm_queue.intake.reader import read
from rrm_queue.local.stack import Addresses
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue import appending, cohorts
from rrm_queue.store.queue.cohorts import NewCohort, Sample
from rrm_queue.store.queue.pruning import left_over, mark_left_over
from rrm_queue.views.cohorts import Partial

Prune = Callable[..., Result]


@pytest.fixture
def prune(database: Database, servers: Addresses) -> Prune:
    environment = {"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url}

    def run(*options: str) -> Result:
        return CliRunner().invoke(rrmq, ["prune", *options], env=environment)

    return run


def opened(database: Database, name: str, *, ephemeral: bool) -> JobId:
    """An open job with two tournaments that are not judged yet."""
    job = JobId(name.ljust(12, "0"))
    with database.begin() as tx:
        appending.open_job(tx, job_of(id=job, open=True, ephemeral=ephemeral, strategy="elo"), None)
        into = appending.read_open_job(tx, job)
    append_file(database, into, read(io.BytesIO(lines([3, 2])), name_lines=False), "rewards")
    return job


def jobs(database: Database) -> set[str]:
    with database.begin() as tx:
        return set(tx.scalars(text("SELECT id FROM jobs")))


def test_what_has_work_stays(database: Database, broker: BrokerClient, prune: Prune) -> None:
    left, kept = opened(database, "a", ephemeral=True), opened(database, "b", ephemeral=False)
    play(database, broker)
    waiting = opened(database, "c", ephemeral=True)
    assert "0 jobs" in prune().output  # the default: a day without work
    assert "0 jobs" in prune("--older-than", "1e300").output  # more than the server can count
    [line] = prune("--older-than", "0", "--dry-run", "--json").output.splitlines()
    told = json.loads(line)
    assert told.pop("bytes") == pytest.approx(2 * 350 + 5 * 210 + 4 * (200 + 230), rel=0.2)
    assert told == {"job": left, "ephemeral": True, "tournaments": 2, "votes": 4}
    table = prune("--older-than", "0", "--dry-run").output
    assert left in table
    assert "1 job with 4 votes, about 3." in table
    assert table.endswith("kB would be removed\n")
    assert jobs(database) == {left, kept, waiting}
    assert "1 job with 4 votes, about 3." in prune("--older-than", "0").output
    assert jobs(database) == {kept, waiting}


def test_jobs_that_have_ended_go_where_that_is_said(
    database: Database, broker: BrokerClient, prune: Prune
) -> None:
    job = opened(database, "a", ephemeral=False)
    play(database, broker)
    with database.begin() as tx:
        assert appending.close_job(tx, job)
    prune("--older-than", "0")
    refused = prune("--older-than", "0", "--ended")
    assert "--yes" in str(refused.exception or refused.output)
    assert jobs(database) == {job}
    prune("--older-than", "0", "--ended", "--yes")
    assert jobs(database) == set()


def test_a_server_and_python_answer_as_the_command_does(
    database: Database,
    broker: BrokerClient,
    servers: Addresses,
    prune: Prune,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = [opened(database, name, ephemeral=True) for name in "ab"]
    play(database, broker)
    printed = prune("--older-than", "0", "--dry-run", "--json").output
    shown = [json.loads(line) for line in printed.splitlines()]
    monkeypatch.setenv("RRMQ_DATABASE_URL", database.url)
    monkeypatch.setenv("RRMQ_BROKER_URL", servers.broker_url)
    assert [job._asdict() for job in rrm_queue.prune(0, dry_run=True)] == shown
    with http_server(settings_of(database, servers)) as server:
        asked = "/v1/prune?older_than=0"
        assert server.client(READ).post(asked).status_code == 403
        client = server.client()
        assert client.post("/v1/prune").text == "", "the default: a day without work"
        assert client.post(f"{asked}&dry_run=true").text == printed
        assert jobs(database) == set(left)
        assert client.post(asked).text == printed
    assert jobs(database) == set()
    assert rrm_queue.prune(0) == []


def test_a_cohort_that_gathers_keeps_its_job(database: Database, prune: Prune) -> None:
    job = JobId("a".ljust(12, "0"))
    with database.begin() as tx:
        appending.open_job(tx, job_of(id=job, open=True, ephemeral=True, strategy="elo"), None)
        new = NewCohort(job, "g", 2, "p", None, None, Partial.JUDGE, 600.0)
        (view,) = cohorts.lock_cohorts(tx, [new])
        cohorts.add_samples(tx, [(view.id, Sample(0, "an answer", None))])
    prune("--older-than", "0")
    assert jobs(database) == {job}


def test_an_answer_that_comes_meanwhile_keeps_its_job(
    database: Database, broker: BrokerClient
) -> None:
    job = opened(database, "a", ephemeral=True)
    play(database, broker)
    with database.begin() as tx:
        [found] = left_over(tx, 0, ended=False)
        into = appending.read_open_job(tx, job)
    row = {"id": "more", "prompt": "p", "candidates": ["1", "2"], "reference": "1"}
    more = io.BytesIO(json.dumps(row).encode())
    append_file(database, into, read(more, name_lines=False), "more")
    with database.begin() as tx:
        assert not mark_left_over(tx, found.job)
    assert jobs(database) == {job}
