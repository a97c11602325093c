"""What is ended while it writes leaves nothing behind: neither a half file nor a file beside it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kit.command import without_settings
from kit.jobs import lines, play, submit_file
from kit.waiting import PATIENCE, eventually

from rrm_queue.broker.client import BrokerClient
from rrm_queue.local.stack import Addresses
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

VERBS = {"report": ["-o", "out.html"], "export": ["--as", "votes", "-o", "out.jsonl"]}


@contextmanager
def locked(database: Database, table: str) -> Iterator[None]:
    """Nobody can read the table meanwhile."""
    with database.begin() as held:
        held.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
@pytest.mark.parametrize("verb", VERBS)
def test_an_ended_verb_leaves_nothing(
    verb: str,
    number: signal.Signals,
    code: int,
    database: Database,
    broker: BrokerClient,
    servers: Addresses,
    tmp_path: Path,
    ended: list[subprocess.Popen[bytes]],
) -> None:
    job = submit_file(database, lines([4]))
    play(database, broker)
    environment = without_settings() | {
        "RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url,
    }  # fmt: skip
    with locked(database, "votes"):
        process = subprocess.Popen(
            [sys.executable, "-m", "rrm_queue.cli.main", verb, job, *VERBS[verb]],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        ended.append(process)
        eventually(
            lambda: list(tmp_path.glob(".rrmq-*")) or process.poll() is not None, "it writes"
        )
        process.send_signal(number)
        _, complaint = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, complaint
    assert b"Traceback" not in complaint
    assert list(tmp_path.iterdir()) == []
