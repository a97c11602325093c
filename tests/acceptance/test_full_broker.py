"""A broker that reaches its maxmemory in the middle of a job: nothing exits and nothing is lost."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.command import Rrmq, without_settings
from kit.waiting import eventually
from redis import Redis

from rrm_queue.broker.client import redis_client
from rrm_queue.local.stack import Addresses, LocalStack
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.schema import upgrade

QUEUE = "rrmq.judge.reference"
TOURNAMENTS = 3000
MATCHES = 3 * TOURNAMENTS
FULL_SECONDS = 25.0
"""Longer than a lease, and than a message may take from the queue to its lease."""

JOBS = text("SELECT state, matches_done, matches_failed, votes FROM jobs")
ROWS = text("""
    SELECT count(*) FILTER (WHERE state = 'done') AS done, max(attempt) AS attempts,
           (SELECT count(*) FROM votes) AS votes
    FROM matches
""")


@pytest.fixture
def own_servers(tmp_path: Path) -> Iterator[Addresses]:
    """Servers of this test's own, as it changes their settings."""
    stack = LocalStack(tmp_path / "servers")
    try:
        yield stack.ensure_services()
    finally:
        stack.down()


@pytest.fixture
def store(own_servers: Addresses) -> Iterator[Database]:
    database = Database(own_servers.database_url)
    upgrade(database)
    yield database
    database.close()


@pytest.fixture
def command(own_servers: Addresses, store: Database, tmp_path: Path) -> Rrmq:
    return Rrmq(
        without_settings()
        | {
            "RRMQ_DATABASE_URL": own_servers.database_url,
            "RRMQ_BROKER_URL": own_servers.broker_url,
            "RRMQ_HOME": str(tmp_path / "home"),
        }
    )


@pytest.fixture
def client(own_servers: Addresses) -> Iterator[Redis]:
    with redis_client(own_servers.broker_url) as client:
        yield client


def answers() -> bytes:
    """Knockouts of four answers."""
    return b"".join(
        json.dumps(
            {
                "id": f"t{number}",
                "prompt": f"Which is largest? ({number})",
                "candidates": [{"id": f"c{i}", "text": f"{i} {'x' * 2000}"} for i in range(4)],
                "reference": "3",
            }
        ).encode()
        + b"\n"
        for number in range(TOURNAMENTS)
    )


def test_a_full_broker_ends_no_process_and_the_job_ends_whole(
    command: Rrmq,
    store: Database,
    client: Redis,
    ended: list[subprocess.Popen[bytes]],
    tmp_path: Path,
) -> None:
    def job() -> tuple[str, int, int, int]:
        with store.begin() as tx:
            return tuple(tx.execute(JOBS).one())

    logs = []
    for name in ("coordinator", "worker"):
        log = tmp_path / f"{name}.log"
        with log.open("wb") as out:
            ended.append(
                subprocess.Popen(
                    command.argv(name), env=command.environment, stdout=out, stderr=out
                )
            )
        logs.append(log)
    command.ok("submit", "-", "--strategy", "knockout", "--judge", "reference", file=answers())
    eventually(lambda: job()[1] > 0, "matches are judged")
    worker = ended[-1]
    worker.send_signal(signal.SIGSTOP)
    eventually(lambda: client.llen(QUEUE) > 0, "a message waits")
    client.config_set("maxmemory", 1)
    worker.send_signal(signal.SIGCONT)
    time.sleep(FULL_SECONDS)
    eventually(lambda: client.llen(QUEUE) == 0, "it is taken while the broker is full")
    said = "".join(log.read_text() for log in logs)
    assert [process.poll() for process in ended] == [None, None], said
    assert job()[0] == "running"
    assert "out of memory" in said
    assert "Traceback" not in said, said
    client.config_set("maxmemory", 0)
    eventually(lambda: job()[0] != "running", "the job has ended")
    assert [process.poll() for process in ended] == [None, None]
    assert job() == ("succeeded", MATCHES, 0, MATCHES)
    with store.begin() as tx:
        assert tuple(tx.execute(ROWS).one()) == (MATCHES, 0, MATCHES)
