"""`rrmq export` on real jobs, read back by the libraries that its files are for."""

import csv
import io
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import evalica
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from kit.jobs import lines, play, received, submit_file
from kit.replays import as_lines, judge_all

from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq as main
from rrm_queue.cli.options.flags import flag
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobId, NoVerdict, Verdict, Vote
from rrm_queue.errors import UsageFault
from rrm_queue.judging.voting import wave
from rrm_queue.local.stack import Addresses
from rrm_queue.messages import BatchMatch, JudgeBatch, MatchReport
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

Rrmq = Callable[..., Result]


@pytest.fixture
def rrmq(database: Database, servers: Addresses) -> Rrmq:
    """Runs a command line in this process."""
    environment = {"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url}

    def run(*line: str) -> Result:
        return CliRunner().invoke(main, line, env=environment, standalone_mode=False)

    return run


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exception is None, result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


def moody(database: Database, broker: BrokerClient, *, seed: int, fickle: bool) -> None:
    """Plays everything with a judge that draws, falls silent, prefers a slot and errs.

    A `fickle` one says something else each time; the other repeats itself in each order.
    """
    chance = random.Random(seed)
    said: dict[tuple[int, bool], tuple[Verdict, NoVerdict | None]] = {}

    def vote(match: BatchMatch, number: int) -> Vote:
        swapped = number % 2 == 0
        choice = chance.choice(list(Verdict))
        new = (choice, NoVerdict.NO_BOX if choice is Verdict.NONE else None)
        verdict, reason = new if fickle else said.setdefault((match.match, swapped), new)
        return Vote(number, verdict, swapped, no_verdict=reason, text=f"Because {number}.")

    def judged(batch: JudgeBatch, match: BatchMatch) -> MatchReport:
        votes: list[Vote] = []
        while numbers := wave(votes, batch.voting):
            votes += [vote(match, number) for number in numbers]
        return MatchReport(match.match, votes)

    while dispatch(database, broker):
        for batch in list(received(broker)):
            reports = [judged(batch, match) for match in batch.matches]
            record(database, batch.outcomes("test", reports))


OUTCOMES = text("""
    SELECT t.key, m.round, m.slot, m.first, m.second, m.winner, m.decided_by
    FROM tournaments t JOIN matches m ON m.tournament_id = t.id
    WHERE t.job_id = :job ORDER BY t.id, m.round, m.slot
""")
RESULTS = text("""
    SELECT t.key, t.champion, s.candidate, s.rank, s.elo, s.bt
    FROM tournaments t JOIN standings s ON s.tournament_id = t.id
    WHERE t.job_id = :job ORDER BY t.id, s.candidate
""")


def ended(database: Database, job: JobId) -> list[Any]:
    with database.begin() as tx:
        return [*tx.execute(OUTCOMES, {"job": job}), *tx.execute(RESULTS, {"job": job})]


@pytest.mark.parametrize("fickle", [False, True])
@pytest.mark.parametrize(
    ("strategy", "on_no_verdict"), [("knockout", "coin"), ("elo", "abstain"), ("swiss", "draw")]
)
def test_a_job_replayed_from_its_own_export_ends_the_same(
    database: Database,
    broker: BrokerClient,
    rrmq: Rrmq,
    tmp_path: Path,
    strategy: str,
    on_no_verdict: str,
    fickle: bool,
) -> None:
    voting = {"votes": 3, "on_no_verdict": on_no_verdict}
    file = lines([2, 5, 8, 9])
    job = submit_file(database, file, strategy=strategy, voting=voting)
    moody(database, broker, seed=7, fickle=fickle)
    path = tmp_path / "verdicts.jsonl"
    assert rrmq("export", job, "--as", "verdicts", "-o", str(path)).exception is None
    again = submit_file(
        database,
        file,
        id="ba9876543210",
        strategy=strategy,
        voting=voting,
        judge={"kind": "replay", "argument": str(path)},
    )
    judge_all(database, broker)
    first = ended(database, job)
    assert first
    assert ended(database, again) == first


def test_preferences_load_as_trl_wants_them(
    database: Database, broker: BrokerClient, rrmq: Rrmq, tmp_path: Path
) -> None:
    job = submit_file(database, lines([4, 6]), strategy="elo")
    play(database, broker)
    for name, loader in (("p.jsonl", "json"), ("p.csv", "csv"), ("p.parquet", "parquet")):
        path = tmp_path / name
        line = ("export", job, "--as", "preferences", "--pairs", "decided", "-o", str(path))
        assert rrmq(*line).exception is None
        loaded = datasets.load_dataset(
            loader, data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")
        )
        assert loaded.num_rows == 6 + 15
        assert loaded.column_names[:3] == ["prompt", "chosen", "rejected"]
        assert "margin" not in loaded.column_names
        for row in loaded:
            assert int(row["chosen_id"][1:]) > int(row["rejected_id"][1:])
            assert row["chosen"] == f"It is {row['chosen_id'][1:]}."
            assert row["rating_margin"] > 0
    path = tmp_path / "m.parquet"
    assert rrmq("export", job, "--as", "preferences", "--messages", "-o", str(path)).exit_code == 0
    loaded = datasets.load_dataset(
        "parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert loaded[0]["chosen"] == [{"role": "assistant", "content": "It is 3."}]
    assert loaded[0]["prompt"] == [{"role": "user", "content": "Which is largest? (0)"}]
    assert loaded[0]["rejected"] == [{"role": "assistant", "content": "It is 0."}]


def test_a_knockout_gives_only_what_was_judged_unless_asked(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    job = submit_file(database, lines([8]))
    play(database, broker)
    decided = rows(rrmq("export", job, "--as", "preferences", "--pairs", "decided"))
    assert len(decided) == 7
    wider = ("export", job, "--as", "preferences", "--pairs", "decided", "--transitive")
    pairs = [(row["chosen_id"], row["rejected_id"]) for row in rows(rrmq(*wider))]
    assert len(pairs) == len(set(pairs)) > 7
    assert sum(chosen == "c7" for chosen, _ in pairs) == 7
    widest = rows(rrmq(*wider, "--most", "2"))
    assert len(widest) == 2
    margins = sorted((row["rating_margin"] for row in rows(rrmq(*wider))), reverse=True)
    assert [row["rating_margin"] for row in widest] == margins[:2]
    assert rows(rrmq(*wider, "--margin", "100000")) == []


def test_draws_and_coins_are_no_preferences(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    job = submit_file(database, lines([8, 9]), voting={"votes": 2})
    moody(database, broker, seed=1, fickle=True)
    with database.begin() as tx:
        coins = tx.scalar(text("SELECT count(*) FROM matches WHERE decided_by = 'coin'"))
    assert coins
    found = rows(rrmq("export", job, "--as", "preferences", "--pairs", "decided"))
    assert len(found) == 7 + 8 - coins
    battles = rows(rrmq("export", job, "--as", "battles"))
    assert sum(row["winner"] == "tie" for row in battles) == coins


def test_battles_load_in_evalica(
    database: Database, broker: BrokerClient, rrmq: Rrmq, tmp_path: Path
) -> None:
    job = submit_file(database, lines([5]), strategy="elo")
    play(database, broker)
    path = tmp_path / "battles.csv"
    evalicas = ("--battle-columns", "evalica", "-o", str(path))
    assert rrmq("export", job, "--as", "battles", *evalicas).exception is None
    command = [sys.executable, "-m", "evalica", "-i", str(path), "pairwise", "counting"]
    rated = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    scores = {row["item"]: float(row["score"]) for row in csv.DictReader(io.StringIO(rated))}
    assert scores == {f"c{number}": float(number) for number in range(5)}

    arena = pd.DataFrame(rows(rrmq("export", job, "--as", "battles")))
    words = {"model_a": evalica.Winner.X, "model_b": evalica.Winner.Y, "tie": evalica.Winner.Draw}
    result = evalica.counting(arena["model_a"], arena["model_b"], arena["winner"].map(words))
    assert result.scores.to_dict() == scores


EXPORTS = {
    "best": ("best",),
    "preferences": ("preferences", "--pairs", "decided"),
    "messages": ("preferences", "--pairs", "decided", "--messages"),
    "rankings": ("rankings",),
    "orders": ("rankings", "--per", "tournament"),
    "rewards": ("rewards",),
    "elos": ("rewards", "--reward", "elo"),
    "rates": ("rewards", "--reward", "win-rate"),
    "battles": ("battles",),
    "votes": ("votes",),
    "verdicts": ("verdicts",),
}
ONLY = {"messages": (".jsonl", ".parquet"), "verdicts": (".jsonl",)}
"""What cannot be written in every kind of file."""

LOADERS: dict[str, dict[str, Any]] = {
    ".jsonl": {"path": "json"},
    ".csv": {"path": "csv", "keep_default_na": False},
    ".parquet": {"path": "parquet"},
}


def as_cells(row: dict[str, Any]) -> dict[str, Any]:
    """A row as CSV can hold it: null is an empty cell, a list its JSON."""
    return {
        key: "" if value is None else json.dumps(value) if isinstance(value, list) else value
        for key, value in row.items()
    }


def test_every_kind_is_read_back_from_every_kind_of_file(
    database: Database, broker: BrokerClient, rrmq: Rrmq, tmp_path: Path
) -> None:
    """By `datasets`, as what trains or evaluates would load it; pandas reads the same."""
    texts = ["", "None", "=1+1\r\n", 'a "b", c', "\ud83d\udc4d 中"]
    answers = [{"id": f"c{place}", "text": said} for place, said in enumerate(texts)]
    file = [
        {"id": f"t{n}", "prompt": f"What\nis {n}?", "candidates": answers, "reference": "1"}
        for n in range(70)
    ]
    job = submit_file(database, as_lines(file), strategy="elo", voting={"votes": 3}, empty="keep")
    moody(database, broker, seed=3, fickle=True)
    with database.begin() as tx:
        votes = tx.scalar(text("SELECT count(*) FROM votes"))
    counts = {"best": 70, "rankings": 350, "orders": 70, "rewards": 350, "rates": 350, "elos": 350}
    counts |= {"battles": 700, "votes": votes or 0}
    for name, kind in EXPORTS.items():
        found = rows(rrmq("export", job, "--as", *kind))
        assert len(found) == counts.get(name, len(found)) > 0
        for ending in ONLY.get(name, LOADERS):
            path = tmp_path / f"{name}{ending}"
            assert rrmq("export", job, "--as", *kind, "-o", str(path)).exception is None
            loaded = datasets.load_dataset(
                **LOADERS[ending],
                data_files=str(path),
                split="train",
                cache_dir=str(tmp_path / "cache"),
            )
            assert loaded.column_names == list(found[0])
            expected = found if ending != ".csv" else [as_cells(row) for row in found]
            assert loaded.to_list() == expected, path.name
    orders = rows(rrmq("export", job, "--as", *EXPORTS["orders"]))
    best = rows(rrmq("export", job, "--as", "best"))
    assert [order["candidates"][0] for order in orders] == [row["candidate"] for row in best]
    for name, spread in (("rewards", 0.01), ("elos", 5e-7), ("rates", 1e-9)):
        frame = pd.read_parquet(tmp_path / f"{name}.parquet")
        by_answer = frame.pivot_table(index="tournament", columns="candidate", values="reward")
        assert by_answer.shape == (70, 5)
        assert by_answer.to_numpy().mean() == pytest.approx(0.5, abs=spread)


def test_messages_are_no_cells(
    database: Database, broker: BrokerClient, rrmq: Rrmq, tmp_path: Path
) -> None:
    """TRL would take a cell of JSON for the text itself, and train on it."""
    job = submit_file(database, lines([2]))
    play(database, broker)
    path = tmp_path / "messages.csv"
    line = ("export", job, "--as", "preferences", "--messages", "-o", str(path))
    assert isinstance(rrmq(*line).exception, UsageFault)
    assert not path.exists()


def test_what_is_not_finished_is_left_out_and_counted(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    job = submit_file(database, lines([2, 2, 2]))
    play(database, broker)
    with database.begin() as tx:
        tx.execute(text("UPDATE tournaments SET state = 'running' WHERE key = 't1'"))
    result = rrmq("export", job, "--as", "best")
    assert [row["tournament"] for row in rows(result)] == ["t0", "t2"]
    assert "left out: 1 tournament not finished" in result.stderr


def test_a_file_is_whole_or_not_there(
    database: Database,
    broker: BrokerClient,
    rrmq: Rrmq,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = submit_file(database, lines([2]))
    play(database, broker)
    path = tmp_path / "best.jsonl"
    path.write_text("mine")
    refused = rrmq("export", job, "--as", "best", "-o", str(path)).exception
    assert isinstance(refused, UsageFault)
    assert "--force" in refused.spelled(flag)
    assert path.read_text() == "mine"

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("rrm_queue.exports.best.Best.rows", interrupted)
        rrmq("export", job, "--as", "best", "-o", str(path), "--force")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [(path.name, "mine")]
    assert rrmq("export", job, "--as", "best", "-o", str(path), "--force").exception is None
    assert json.loads(path.read_text())["candidate"] == "c1"
    assert len(list(tmp_path.iterdir())) == 1
