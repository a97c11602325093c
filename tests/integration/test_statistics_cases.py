"""The inputs of ratings and agreement that once came out wrong, through the commands."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from kit.jobs import submit_file
from kit.replays import judge_all

from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq as main
from rrm_queue.domain import JobId, Verdict
from rrm_queue.judging.dialects import read_verdict
from rrm_queue.judging.kinds import KINDS
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database

CASES = Path(__file__).parents[3] / "shared" / "cases" / "statistics"
Rrmq = Callable[..., Result]

pytestmark = pytest.mark.skipif(not CASES.exists(), reason=f"{CASES} is not there")


@pytest.fixture
def rrmq(database: Database, servers: Addresses, broker: BrokerClient) -> Rrmq:
    environment = {"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url}

    def run(*line: str) -> Result:
        return CliRunner().invoke(main, line, env=environment, catch_exceptions=False)

    return run


def played(database: Database, broker: BrokerClient, file: str, judge: str, strategy: str) -> JobId:
    kind, _, argument = judge.partition(":")
    job = submit_file(
        database, (CASES / file).read_bytes(), strategy=strategy, reference=False,
        judge={"kind": kind, "argument": argument},
    )  # fmt: skip
    judge_all(database, broker)
    return job


@pytest.mark.parametrize(
    ("ties", "pairs", "right"), [("skip", 4, 1), ("half", 8, 5.5 / 8), ("match", 8, 5 / 8)]
)
def test_kappa_is_of_the_pairs_that_count(
    database: Database,
    broker: BrokerClient,
    rrmq: Rrmq,
    ties: str,
    pairs: int,
    right: float,
) -> None:
    """Four right verdicts; on four tie labels two verdicts, a tie and no verdict."""
    recording = CASES / "ties_rec.jsonl"
    job = played(database, broker, "ties.jsonl", f"replay:{recording}", "pairs")
    shape = json.loads(rrmq("diagnose", job, "--ties", ties, "--json").stdout)
    [report] = shape["labels"]
    assert (report["accuracy"]["n"], report["accuracy"]["estimate"]) == (pairs, right)
    assert report["kappa"]["n"] == pairs
    if ties == "skip":
        assert report["kappa"]["estimate"] == 1
        table = rrmq("diagnose", job).stdout
        assert "a small sample: 4 pairs" in table
        assert "left out: 4 pairs whose label is a tie" in table
        assert "needs 2 or more votes a match" in table
        assert "predicts" not in table


@pytest.mark.parametrize(
    ("file", "judge", "strategy"),
    [
        ("one_knockout.jsonl", "simulated:0.7", "knockout"),
        ("one_match.jsonl", "simulated:1", "pairs"),
    ],
)
def test_results_and_leaderboard_give_one_interval_of_the_same_matches(
    database: Database, broker: BrokerClient, rrmq: Rrmq, file: str, judge: str, strategy: str
) -> None:
    job = played(database, broker, file, judge, strategy)
    result = json.loads(rrmq("results", job, "--json").stdout)
    board = json.loads(rrmq("leaderboard", job, "--json").stdout)
    of_tournament = {
        row["generator"]: (row["bt"], row["bt_low"], row["bt_high"]) for row in result["standings"]
    }
    for row in board["generators"]:
        expected = of_tournament.pop(row["generator"])
        assert (row["bt"], row["low"], row["high"]) == pytest.approx(expected, abs=0.01)
    assert of_tournament == {}


def test_texts_that_a_person_reads_at_once_have_a_verdict() -> None:
    texts: list[Any] = (CASES / "judge_texts.txt").read_text().splitlines()
    usual = KINDS["openai"].dialect
    dialects = (usual, usual, "brackets", "scores")
    expected = (Verdict.FIRST, Verdict.SECOND, Verdict.FIRST, Verdict.SECOND)
    for text, dialect, verdict in zip(texts, dialects, expected, strict=True):
        found = read_verdict(text, finished=True, thinks=False, dialect=dialect)
        assert found.verdict is verdict, text


def test_a_template_that_asks_for_no_box_is_not_accepted_without_a_word(rrmq: Rrmq) -> None:
    template = CASES / "template_without_box.jinja"
    told = rrmq(
        "submit", str(CASES / "one_match.jsonl"), "--judge", "openai:model", "--strategy", "pairs",
        "--template", str(template), "--dry-run",
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    assert "the judge's prompt never asks for" in told.output
