"""The export `battles`, rated by arena-rank."""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from kit.jobs import submit_file
from kit.replays import as_lines, crowd, judge_all, rows

from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database

READER = Path(__file__).with_name("arena_reads.py")
GOLDEN = "arena-rank-0.1.1:bradley_terry"


def test_arena_rank_rates_the_crowd_as_published(
    database: Database,
    broker: BrokerClient,
    servers: Addresses,
    engine_python: Path,
    tmp_path: Path,
) -> None:
    """8,931 people's judgements, exported from a job that replayed them, in each kind of file."""
    file, recorded = crowd()
    recording = tmp_path / "crowd.jsonl"
    recording.write_bytes(as_lines(recorded))
    judge = {"kind": "replay", "argument": str(recording)}
    job = submit_file(database, as_lines(file), judge=judge, strategy="pairs", reference=False)
    judge_all(database, broker)
    environment = {"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url}
    files = [tmp_path / f"battles{ending}" for ending in (".jsonl", ".csv", ".parquet")]
    for path in files:
        line = ["export", job, "--as", "battles", "-o", str(path)]
        assert CliRunner().invoke(rrmq, line, env=environment, standalone_mode=False).exit_code == 0
    done = subprocess.run(
        [engine_python, READER, *files], check=True, capture_output=True, text=True
    )
    golden = {
        row["item"]: row["score"]
        for row in rows("ratings_reference.jsonl")
        if row["dataset"] == "llmfao_crowd" and row["method"].startswith(GOLDEN)
    }
    for rated in json.loads(done.stdout):
        assert rated == pytest.approx(golden, abs=0.01)
