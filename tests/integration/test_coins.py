"""Where a coin or a tie, and not the judge, puts an answer first, everything says so."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kit.jobs import submit_file
from kit.replays import as_lines, judge_all

from rrm_queue.actions import jobs
from rrm_queue.actions.app import App
from rrm_queue.actions.rewards.answers import rewards_shape
from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq as main
from rrm_queue.config import Secret, Settings
from rrm_queue.domain import JobId
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database
from rrm_queue.store.views.groups import find_group, judged_groups
from rrm_queue.views.rewards import RewardFormula, RewardKind

Rows = list[dict[str, Any]]
Rrmq = Callable[..., str]


@pytest.fixture
def app(servers: Addresses, database: Database) -> Iterator[App]:
    settings = Settings(database_url=Secret(database.url), broker_url=Secret(servers.broker_url))
    with App(settings) as app:
        yield app


@pytest.fixture
def rrmq(database: Database, servers: Addresses) -> Rrmq:
    environment = {"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url}

    def run(*line: str) -> str:
        return (
            CliRunner()
            .invoke(main, line, env=environment, standalone_mode=False, catch_exceptions=False)
            .stdout
        )

    return run


def prompts(*texts: str) -> Rows:
    """A prompt for each text; its words are the answers."""
    return [
        {
            "id": words,
            "prompt": f"What is {words}?",
            "candidates": [
                {"id": f"c{number}", "text": word, "generator": f"g{number}"}
                for number, word in enumerate(words.split())
            ],
        }
        for words in texts
    ]


def recorded(rows: Rows) -> Rows:
    """The later first letter wins, in either order of the two; the same one is a tie."""
    found = []
    for row in rows:
        for one, two in combinations(row["candidates"], 2):
            tied = one["text"][0] == two["text"][0]
            winner = None if tied else max((one, two), key=lambda answer: answer["text"])
            line = {"tournament": row["id"], "first": one["id"], "second": two["id"]}
            found.append(line | {"winner": winner and winner["id"]})
    return found


@pytest.fixture
def judged(
    database: Database, broker: BrokerClient, tmp_path: Path
) -> Callable[[Rows, str], JobId]:
    def judge(rows: Rows, strategy: str) -> JobId:
        recording = tmp_path / "recording.jsonl"
        recording.write_bytes(as_lines(recorded(rows)))
        job = submit_file(
            database, as_lines(rows), strategy=strategy, reference=False,
            judge={"kind": "replay", "argument": str(recording)},
        )  # fmt: skip
        judge_all(database, broker)
        return job

    return judge


Judged = Callable[[Rows, str], JobId]


def of_prompt(rows: Rows) -> dict[str, dict[str, Any]]:
    return {row["tournament"]: row for row in rows}


def read(lines: str) -> Rows:
    return [json.loads(line) for line in lines.splitlines()]


def test_a_coins_champion_is_told_from_the_judges(judged: Judged, rrmq: Rrmq, app: App) -> None:
    """Coins all the way, or votes."""
    job = judged(prompts("a1 a2 a3 a4", "a b c d", "a b"), "knockout")
    results = of_prompt(read(rrmq("results", job, "--json")))
    said = {key: (row["decided_by"], row["tied"]) for key, row in results.items()}
    assert said == {
        "a1 a2 a3 a4": ("coin", True),
        "a b c d": ("votes", False),
        "a b": ("votes", False),
    }
    by_coin = results["a1 a2 a3 a4"]["standings"]
    assert [row["rank"] for row in by_coin] == [1, 2, 3, 3]
    assert {(row["wins"], row["losses"]) for row in by_coin} == {(0, 0)}
    assert {round(row["bt"], 6) for row in by_coin} == {1000}
    table = csv.DictReader(io.StringIO(rrmq("results", job, "--csv")))
    assert {(row["tournament"], row["decided_by"]) for row in table} == {
        ("a1 a2 a3 a4", "coin"), ("a b c d", "votes"), ("a b", "votes"),
    }  # fmt: skip
    assert "a coin settled a match that the champion won" in rrmq("results", job, "a1 a2 a3 a4")

    [note] = jobs.ending(app, jobs.view(app, job), most_results=20).notes[-1:]
    assert note == (
        f"1 of 3 champions rests on a coin: `rrmq export {job} --as best --drop-tied` "
        "leaves them out"
    )


def test_exports_say_what_rests_on_a_coin(judged: Judged, rrmq: Rrmq) -> None:
    job = judged(prompts("a1 a2 a3 a4", "a b c d"), "knockout")
    best = of_prompt(read(rrmq("export", job, "--as", "best")))
    assert (best["a1 a2 a3 a4"]["decided_by"], best["a1 a2 a3 a4"]["tied"]) == ("coin", True)
    assert (best["a b c d"]["decided_by"], best["a b c d"]["tied"]) == ("votes", False)
    kept = read(rrmq("export", job, "--as", "best", "--drop-tied"))
    assert [row["tournament"] for row in kept] == ["a b c d"]
    for kind, equal in (("elo", 0.5), ("bt", 0.5), ("win-rate", 0.5)):
        rewards = read(rrmq("export", job, "--as", "rewards", "--reward", kind))
        assert {row["reward"] for row in rewards if row["tournament"] == "a1 a2 a3 a4"} == {equal}
        assert len({row["reward"] for row in rewards if row["tournament"] == "a b c d"}) > 1
    pairs = read(rrmq("export", job, "--as", "preferences", "--pairs", "decided", "--transitive"))
    assert {row["tournament"] for row in pairs} == {"a b c d"}
    assert {row["decided_by"] for row in pairs} == {"votes", "transitive"}
    ranked = read(rrmq("export", job, "--as", "rankings", "--per", "tournament"))
    assert [(row["decided_by"], row["tied"]) for row in ranked] == [
        ("coin", True), ("votes", False),
    ]  # fmt: skip
    battles = read(rrmq("export", job, "--as", "battles"))
    assert {row["winner"] for row in battles if row["decided_by"] == "coin"} == {"tie"}
    assert "tie" not in {row["winner"] for row in battles if row["decided_by"] == "votes"}
    verdicts = read(rrmq("export", job, "--as", "verdicts"))
    assert {row["winner"] for row in verdicts if row["decided_by"] == "coin"} == {None}


def test_an_equal_is_a_tie_unless_it_has_the_same_text(judged: Judged, rrmq: Rrmq) -> None:
    """Two different answers are first, or one text twice, or one alone, or all are one text."""
    job = judged(prompts("a b1 b2", "a b b", "a b c", "a a"), "elo")
    results = read(rrmq("results", job, "--json"))
    assert [(row["tournament"], row["decided_by"], row["tied"]) for row in results] == [
        ("a b1 b2", "tie", True), ("a b b", "votes", False), ("a b c", "votes", False),
        ("a a", "equal", False),
    ]  # fmt: skip
    kept = read(rrmq("export", job, "--as", "best", "--drop-tied"))
    assert [row["tournament"] for row in kept] == ["a b b", "a b c", "a a"]
    ranked = read(rrmq("export", job, "--as", "rankings"))
    assert [row["tied"] for row in ranked if row["tournament"] == "a b1 b2"] == [True, True, False]
    assert "the votes do not tell which is best" in " ".join(
        rrmq("results", job, "a b1 b2").split()
    )


def test_trainers_get_equal_rewards_for_what_only_a_coin_tells_apart(
    judged: Judged, database: Database
) -> None:
    """A knockout of two equal answers: its only match is a coin's, and no reward is missing."""
    job = judged(prompts("a1 a2", "a b"), "knockout")
    with database.begin() as tx:
        groups = judged_groups(tx, [find_group(tx, job, key) for key in ("a1 a2", "a b")])
    for kind in RewardKind:
        tied, told = (
            rewards_shape(group._replace(keys=["0", "1"]), RewardFormula(kind)) for group in groups
        )
        assert tied["error"] is None
        assert tied["rewards"][0] == tied["rewards"][1] is not None
        assert tied["ranks"] == [1, 1]
        worse, better = told["rewards"]
        assert worse is not None
        assert better is not None
        assert worse < better
