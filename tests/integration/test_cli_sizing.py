"""`submit --dry-run` and the question before a large job, on real Postgres and a real terminal."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from kit.jobs import lines
from kit.waiting import PATIENCE

from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq as main
from rrm_queue.cli.options.flags import flag
from rrm_queue.errors import BadInput, UsageFault
from rrm_queue.local.stack import Addresses
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

Rrmq = Callable[..., Result]


@pytest.fixture
def environment(database: Database, servers: Addresses) -> dict[str, str]:
    return {"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url}


@pytest.fixture
def rrmq(environment: dict[str, str], broker: BrokerClient) -> Rrmq:
    def run(*line: str, **changes: str) -> Result:
        return CliRunner().invoke(main, line, env=environment | changes, standalone_mode=False)

    return run


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "answers.jsonl"
    path.write_bytes(lines([8, 16]))
    return str(path)


def jobs(database: Database) -> int:
    with database.begin() as tx:
        return tx.scalar(text("SELECT count(*) FROM jobs")) or 0


def estimated(result: Result) -> dict[str, Any]:
    assert result.exception is None
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_dry_run_counts_and_stores_nothing(database: Database, rrmq: Rrmq, file: str) -> None:
    options = ("--strategy", "elo", "--votes", "5", "--judge", "rrm-7b", "--dry-run")
    found = estimated(rrmq("submit", file, *options, "--json"))
    matches = 8 * 7 // 2 + 16 * 15 // 2
    assert (found["tournaments"], found["candidates"]) == (2, 24)
    assert found["matches_at_most"] == matches
    assert found["votes"] == {
        "expected": round(3.6336 * matches),
        "at_most": 5 * matches,
        "agreement": 0.8,
        "stops_early": False,
    }
    assert 0 < found["prompt_tokens"]["computed_when_shared"] < found["prompt_tokens"]["total"]
    assert "published" in found["rate"]["source"]
    assert found["gpu_hours"] == pytest.approx(3.6336 * matches / 5.15 / 3600 * 2)
    surer = estimated(rrmq("submit", file, *options, "--agreement", "0.95", "--json"))
    assert surer["votes"]["expected"] < found["votes"]["expected"]
    given = estimated(rrmq("submit", file, *options, "--rate", "10", "--gpus", "4", "--json"))
    assert given["gpu_hours"] == pytest.approx(3.6336 * matches / 10 / 3600 * 4)
    for width in ("60", "80", "120"):
        said = rrmq("submit", file, *options, COLUMNS=width).stdout
        assert all(len(line) <= int(width) for line in said.splitlines())
        assert f"at most {matches}" in said
    assert jobs(database) == 0


def test_a_dry_run_reckons_with_what_the_judge_took_before(
    database: Database, rrmq: Rrmq, file: str
) -> None:
    options = ("--judge", "rrm-7b")
    assert rrmq("submit", file, *options).exception is None
    with database.begin() as tx:
        tx.execute(
            text("""
                UPDATE jobs SET state = 'succeeded', votes = 7300, votes_reused = 100,
                    completion_tokens = 7200000, started_at = now() - interval '1 hour',
                    finished_at = now()
            """)
        )
    found = estimated(rrmq("submit", file, *options, "--dry-run", "--json"))
    assert found["rate"]["votes_per_second"] == pytest.approx(2)
    assert "1,000 tokens a vote" in found["rate"]["source"]
    assert found["gpu_hours"] is None
    other = estimated(rrmq("submit", file, "--judge", "rrm-32b", "--dry-run", "--json"))
    assert "published" in other["rate"]["source"]


def test_a_dry_run_needs_no_store(rrmq: Rrmq, file: str) -> None:
    away = "postgresql://me@127.0.0.1:1/x"
    options = ("--judge", "openai:m", "--dry-run", "--json")
    found = estimated(rrmq("submit", file, *options, RRMQ_DATABASE_URL=away))
    assert (found["rate"], found["hours"]) == (None, None)


def test_a_dry_run_sets_up_no_local_stack(tmp_path: Path, file: str) -> None:
    home = tmp_path / "home"
    settings = {"RRMQ_DATABASE_URL": "", "RRMQ_BROKER_URL": "", "RRMQ_HOME": str(home)}
    line = ["submit", file, "--judge", "rrm-7b", "--dry-run", "--json"]
    found = estimated(CliRunner().invoke(main, line, env=settings, standalone_mode=False))
    assert "published" in found["rate"]["source"]
    assert not home.exists()


def test_a_dry_run_refuses_what_a_submission_would(
    database: Database, rrmq: Rrmq, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(lines([2, 3]) + b'{"prompt": "x"}\n' + lines([2]))
    dry, real = (rrmq("submit", str(bad), *extra).exception for extra in (["--dry-run"], []))
    assert isinstance(dry, BadInput)
    assert str(dry) == str(real)


def test_without_a_terminal_nobody_is_asked(database: Database, rrmq: Rrmq, file: str) -> None:
    assert rrmq("submit", file, RRMQ_CONFIRM_ABOVE="1").exception is None
    assert jobs(database) == 1


@pytest.mark.parametrize(
    ("answer", "extra", "above", "made"),
    [("y", [], "1", 1), ("n", [], "1", 0), ("", ["--yes"], "1", 1), ("", [], "1000", 1)],
)
def test_a_person_is_asked_before_a_large_job(
    database: Database,
    environment: dict[str, str],
    broker: BrokerClient,
    file: str,
    answer: str,
    extra: list[str],
    above: str,
    made: int,
) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "rrm_queue.cli.main", "submit", file, *extra]
    if answer:
        os.write(ours, answer.encode() + b"\n")
    with subprocess.Popen(
        command,
        env=os.environ | environment | {"RRMQ_CONFIRM_ABOVE": above},
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        said, _ = process.communicate(timeout=PATIENCE)
    os.close(theirs)
    asked = os.read(ours, 10_000).decode() if answer else ""
    os.close(ours)
    assert ("22 matches, about 22 votes (above 1): submit?" in asked) == bool(answer)
    assert jobs(database) == made
    assert process.returncode == (0 if made else 130)
    assert bool(said) == bool(made)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--rate", "10"], "--rate goes with --dry-run"),
        (["--gpus", "4"], "--gpus goes with --dry-run"),
        (["--dry-run", "--watch"], "--watch does not go with --dry-run"),
    ],
)
def test_an_option_of_the_estimate_needs_one(
    rrmq: Rrmq, file: str, options: list[str], problem: str
) -> None:
    refused = rrmq("submit", file, *options).exception
    assert isinstance(refused, UsageFault)
    assert refused.spelled(flag) == f"{UsageFault.__doc__}".rstrip(".") + f": {problem}"
