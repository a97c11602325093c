"""The verbs that rate and diagnose, on real Postgres: each figure against one from elsewhere."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from kit.jobs import lines, play, submit_file
from kit.replays import as_lines, crowd, judge_all, rows

from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq as main
from rrm_queue.domain import JobId
from rrm_queue.local.stack import Addresses
from rrm_queue.ratings.leaderboard import leaderboard
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.views.no_verdict import no_verdict_sample
from rrm_queue.store.views.outcomes import generator_matches

ARENA = "arena-rank-0.1.1:bradley_terry"
Rrmq = Callable[..., Result]


@pytest.fixture
def rrmq(database: Database, servers: Addresses, broker: BrokerClient) -> Rrmq:
    """Runs a command line in this process; `return_value` is its exit code."""

    def run(*line: str, **changes: str) -> Result:
        environment = {
            "RRMQ_DATABASE_URL": database.url,
            "RRMQ_BROKER_URL": servers.broker_url,
            "COLUMNS": "80",
        }
        result = CliRunner().invoke(main, line, env=environment | changes, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result

    return run


def replayed(
    database: Database, broker: BrokerClient, file: bytes, recording: Path, **options: Any
) -> JobId:
    """A job of this file, judged to its end by the recording."""
    judge = {"kind": "replay", "argument": str(recording)}
    usual: dict[str, Any] = {"strategy": "pairs", "reference": False}
    job = submit_file(database, file, judge=judge, **(usual | options))
    judge_all(database, broker)
    return job


@pytest.mark.slow
def test_the_crowds_leaderboard_is_the_published_bradley_terry(
    database: Database, broker: BrokerClient, rrmq: Rrmq, tmp_path: Path
) -> None:
    """8,931 people's judgements through submit, dispatch, panel and record.

    Without the prior our ratings are arena-rank's to the accuracy of its optimiser, 0.02 points.
    The verb shows them with the prior, which pulls each to the mean by less than it is uncertain.
    """
    file, recorded = crowd()
    (tmp_path / "crowd.jsonl").write_bytes(as_lines(recorded))
    job = replayed(database, broker, as_lines(file), tmp_path / "crowd.jsonl")
    golden = {
        row["item"]: row
        for row in rows("ratings_reference.jsonl")
        if row["dataset"] == "llmfao_crowd" and row["method"].startswith(ARENA)
    }
    with database.begin() as tx:
        names, matches = generator_matches(tx, job)
    plain = leaderboard(names, matches, 0, prior_draws=0)
    assert {line.generator: line.bt for line in plain.rows} == pytest.approx(
        {name: row["score"] for name, row in golden.items()}, abs=0.02
    )

    shown = json.loads(rrmq("leaderboard", job, "--json").stdout)
    assert (shown["matches"], shown["own"], shown["unnamed"]) == (len(recorded), 0, 0)
    assert shown["clustered"]
    lines_of = {line["generator"]: line for line in shown["generators"]}
    assert lines_of.keys() == golden.keys()
    for name, row in golden.items():
        assert abs(row["score"] - lines_of[name]["bt"]) < (row["upper"] - row["lower"]) / 2
    assert np.std([lines_of[name]["bt"] for name in golden]) < np.std(
        [row["score"] for row in golden.values()]
    )
    drawn = sum(line["draws"] for line in shown["generators"]) / 2
    assert drawn == sum(line["winner"] is None for line in recorded)

    table = list(csv.DictReader(io.StringIO(rrmq("leaderboard", job, "--csv").stdout)))
    assert [(row["generator"], float(row["bt"])) for row in table] == [
        (line["generator"], line["bt"]) for line in shown["generators"]
    ]


def generated(sizes: list[int], models: list[str | None]) -> bytes:
    """The file of `lines`, its candidates written by these models in turn."""
    items = [json.loads(line) for line in lines(sizes).splitlines()]
    for item in items:
        for number, candidate in enumerate(item["candidates"]):
            candidate["generator"] = models[number % len(models)]
    return as_lines(items)


def test_what_a_leaderboard_leaves_out_is_said(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    job = submit_file(database, generated([4, 4], ["a", "b\x1b[2J", None, "a"]), strategy="elo")
    play(database, broker)
    table = rrmq("leaderboard", job).stdout
    assert "4 matches in 2 tournaments" in table
    assert "2 matches between two answers of one generator" in table
    assert "6 matches with an answer that names no generator" in table
    assert "fewer than 20 tournaments" in table
    assert "b\\x1b[2J" in table
    assert "\x1b" not in table
    unnamed = submit_file(database, lines([3]), id="ba9876543210", strategy="elo")
    play(database, broker)
    assert json.loads(rrmq("leaderboard", unnamed, "--json").stdout)["generators"] == []
    assert "3 matches with an answer that names no generator" in rrmq("leaderboard", unnamed).stdout


def test_results_show_intervals_where_they_are_few_or_asked_for(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    job = submit_file(database, lines([4, 4]), strategy="elo")
    play(database, broker)
    [first, _] = map(json.loads, rrmq("results", job, "--json").stdout.splitlines())
    assert list(first)[:3] == ["tournament", "champion", "standings"]
    for standing in first["standings"]:
        assert standing["bt_low"] < standing["bt"] < standing["bt_high"]
        assert standing["elo_low"] <= standing["elo_mean"] <= standing["elo_high"]
    assert [line["undefeated"] for line in first["standings"]] == [True, False, False, False]
    assert "95 %" in rrmq("results", job, "t1").stdout
    assert "95 %" not in rrmq("results", job, "t1", "--no-intervals").stdout
    bare = json.loads(rrmq("results", job, "--no-intervals", "--json").stdout.splitlines()[0])
    assert bare["standings"][0].keys() == first["standings"][0].keys()
    assert bare["standings"][0]["bt_low"] is None

    many = submit_file(database, lines([2] * 21), id="ba9876543210")
    play(database, broker)
    assert "95 %" not in rrmq("results", many).stdout
    asked = rrmq("results", many, "--intervals", "--csv").stdout
    assert all(row["bt_low"] for row in csv.DictReader(io.StringIO(asked)))


def test_diagnose_says_what_llmbar_published(
    database: Database, broker: BrokerClient, rrmq: Rrmq, tmp_path: Path
) -> None:
    """Both orders of a judge's recorded verdicts on labelled pairs, by subset."""
    published = rows("replay_llmbar_published.jsonl")
    judge = published[0]["judge"]
    recorded = [row for row in rows("replay_llmbar_verdicts.jsonl") if row["judge"] == judge]
    said = [
        {
            "tournament": row["id"],
            "first": first,
            "second": second,
            "winner": row[key],
            "no_verdict": None if row[key] else "no box",
        }
        for row in recorded
        for first, second, key in (("a", "b", "verdict_ab"), ("b", "a", "verdict_ba"))
    ]
    (tmp_path / "judge.jsonl").write_bytes(as_lines(said))
    pairs = [
        {
            "id": row["id"],
            "prompt": row["prompt"],
            "subset": row["subset"],
            "candidates": [
                {"id": "a", "text": row["response_a"]},
                {"id": "b", "text": row["response_b"]},
            ],
            "label": row["label"],
        }
        for row in rows("pairwise_llmbar.jsonl")
    ]
    job = replayed(
        database,
        broker,
        as_lines(pairs),
        tmp_path / "judge.jsonl",
        voting={"votes": 2, "order": "both", "stop": "never", "resamples": 0},
    )
    shape = json.loads(rrmq("diagnose", job, "--json").stdout)
    reports = {report["subset"]: report for report in shape["labels"]}
    assert reports["all"]["pairs"] == len(pairs)
    checked = 0
    for figures in published:
        if figures["judge"] != judge:
            continue
        ours = reports[figures["subset"]]["orders"]
        for key, share in (
            ("correct_False", ours["straight"]["estimate"]),
            ("correct_True", ours["swapped"]["estimate"]),
            ("correct_both", ours["both"]["estimate"]),
        ):
            hits, total = figures[key].split(" = ")[0].split(" / ")
            assert share == pytest.approx(int(hits) / int(total))
        checked += 1
    assert checked == 3

    uneven = [row for row in pairs if _length(row, "a") != _length(row, "b")]
    longer = sum((_length(row, "a") > _length(row, "b")) == (row["label"] == "a") for row in uneven)
    assert shape["labels_longer_wins"]["n"] == len(uneven)
    assert shape["labels_longer_wins"]["estimate"] == pytest.approx(longer / len(uneven))

    found = {finding["name"]: finding for finding in shape["findings"]}
    both = [row for row in recorded if row["verdict_ab"] and row["verdict_ba"]]
    flips = sum(row["verdict_ab"] != row["verdict_ba"] for row in both)
    assert found["flip_rate"]["n"] == len(both)
    assert found["flip_rate"]["estimate"] == pytest.approx(flips / len(both))
    firsts = sum((row["verdict_ab"] == "a") + (row["verdict_ba"] == "b") for row in recorded)
    spoken = sum(bool(row["verdict_ab"]) + bool(row["verdict_ba"]) for row in recorded)
    assert found["slot_bias"]["estimate"] == pytest.approx(firsts / spoken)
    assert found["no_verdict"]["estimate"] == pytest.approx(1 - spoken / (2 * len(recorded)))
    for width in ("60", "80", "120"):
        table = rrmq("diagnose", job, COLUMNS=width).stdout
        assert all(len(line) <= int(width) for line in table.splitlines())
        assert "flip rate" in table
        assert reports["all"]["subset"] in table


def _length(row: dict[str, Any], which: str) -> int:
    [answer] = [c["text"] for c in row["candidates"] if c["id"] == which]
    return len(answer)


def test_a_silent_judge_is_seen(
    database: Database, broker: BrokerClient, rrmq: Rrmq, tmp_path: Path
) -> None:
    """Two of three matches have no verdict: a coin decides them, and everybody says so."""
    said = [
        {"tournament": f"t{n}", "first": "c0", "second": "c1", "winner": "c0" if n == 2 else None}
        | ({} if n == 2 else {"no_verdict": "truncated"})
        for n in range(3)
    ]
    (tmp_path / "silent.jsonl").write_bytes(as_lines(said))
    job = replayed(
        database,
        broker,
        lines([2, 2, 2]),
        tmp_path / "silent.jsonl",
        strategy="knockout",
        voting={"resamples": 0},
    )
    status = rrmq("status", job).stdout
    assert f"2 of 3 votes gave no verdict: `rrmq diagnose {job}` says why" in status
    assert "2 of 3 matches were tied and settled by a coin" in status
    assert "2 of 3 votes gave no verdict" in rrmq("status", job, "--watch").stdout
    found = {
        finding["name"]: finding
        for finding in json.loads(rrmq("diagnose", job, "--json").stdout)["findings"]
    }
    assert found["no_verdict: truncated"]["estimate"] == pytest.approx(2 / 3)
    assert found["coins"]["estimate"] == pytest.approx(2 / 3)
    assert found["draws"]["estimate"] == 0


def test_a_large_job_is_looked_at_in_part(database: Database) -> None:
    """What a look costs does not grow with the job, and its shares are the job's."""
    job = submit_file(database, lines([3] * 3000), strategy="elo")
    with database.begin() as tx:
        tx.execute(
            text("""
                INSERT INTO matches (job_id, tournament_id, round, slot, first, second, state,
                                     winner, decided_by)
                SELECT job_id, t.id, 1, slot, slot / 2, 1 + (slot + 1) / 2, 'done',
                       CASE WHEN slot = 2 THEN NULL ELSE slot / 2 END,
                       CASE WHEN slot = 1 THEN 'coin' ELSE 'votes' END
                FROM tournaments t, generate_series(0, 2) AS slot
            """)
        )
        tx.execute(text("UPDATE tournaments SET state = 'done'"))
        seen = no_verdict_sample(tx, job, 3000, 9000)
    assert not seen.whole
    assert 250 <= seen.matches <= 4000
    assert (seen.coins, seen.draws) == (seen.matches // 3, seen.matches // 3)


def test_nothing_judged_yet_is_no_fault(database: Database, rrmq: Rrmq) -> None:
    job = submit_file(database, lines([3]))
    assert "0 matches in 0 tournaments so far" in rrmq("leaderboard", job).stdout
    assert "no votes yet" in rrmq("diagnose", job).stdout
    assert json.loads(rrmq("diagnose", job, "--json").stdout)["labels"] == []
