"""The chaos run's short form, and proof that its hand and its audit do what they say."""

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chaos.audit import audit
from chaos.endpoint import request_key
from chaos.expected import asked_seeds, play, tournament_seed, voting_of
from chaos.forgery import forged
from chaos.given import GivenJob, jobs
from chaos.hand import KILLS, OTHERS, Action, Kind, schedule
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins

from rrm_queue.coordinator.claims import Dropped, fitting
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.database import Database
from rrm_queue.store.queue.recording import SentBatch

SHORT = ("--seed", "3", "--minutes", "0.75", "--kills", "10", "--matches", "1600")
PATIENCE = 420  # seconds; the short form takes about 120 on two cores
DISTRUST = {Action.LIMIT, Action.COUNTS, Action.FORGE, Action.OUTAGE, Action.MEMORY}
TARGETS = {
    Kind.WORKER: ["worker-0", "worker-1"],
    Kind.COORDINATOR: ["coordinator-0"],
    Kind.ENGINE: ["engine"],
    Kind.VALKEY: ["valkey"],
    Kind.POSTGRES: ["postgres"],
    Kind.JOB: ["job"],
}


@pytest.mark.timeout(PATIENCE + 60)
def test_a_job_survives_the_hand(tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    command = [sys.executable, "-m", "chaos", *SHORT, "--json", str(found)]
    process = subprocess.Popen(
        command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        output, _ = process.communicate(timeout=PATIENCE)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)  # it ends its fleet
            output, _ = process.communicate(timeout=60)
        print(output.decode())
    assert process.returncode == 0
    run = json.loads(found.read_text())
    assert run["differences"] == []
    killed = Counter(done["target"].split("-")[0] for done in run["done"] if _kills(done))
    assert set(killed) == {"worker", "coordinator", "engine", "valkey", "postgres"}
    assert run["figures"]["batches_lost"] > 0, "the hand must have cost something"
    assert {done["action"] for done in run["done"]} >= DISTRUST
    for cost in ("flushes_forged", "requests_refused", "answers_with_bad_counts"):
        assert run["figures"][cost] > 0, cost


def _kills(done: dict[str, Any]) -> bool:
    return done["action"] in (Action.KILL, Action.WIPE)


@given(
    seed=st.integers(0, 2**32),
    seconds=st.floats(10, 3600),
    kills=st.integers(0, 200),
    without=st.sets(st.sampled_from([Action.FILL, Action.PAUSE])),
)
def test_a_seed_gives_one_schedule(
    seed: int, seconds: float, kills: int, without: set[Action]
) -> None:
    options: dict[str, Any] = {"seconds": seconds, "kills": kills, "targets": TARGETS}
    deeds = schedule(seed, **options, without=without)
    assert deeds == schedule(seed, **options, without=without)
    assert sum(deed.action in (Action.KILL, Action.WIPE) for deed in deeds) == kills
    assert [deed.at for deed in deeds] == sorted(deed.at for deed in deeds)
    assert all(0 <= deed.at <= seconds and 0 <= deed.lasting <= 25 for deed in deeds)
    names = {name for names in TARGETS.values() for name in names}
    assert {deed.target for deed in deeds} <= names
    assert without.isdisjoint(deed.action for deed in deeds)
    if kills >= 20:
        done = {(deed.action, deed.target.split("-")[0]) for deed in deeds}
        strokes = {(action, kind.value) for action, kind in (*KILLS, *OTHERS)}
        assert {s for s in strokes if s[0] not in without} <= done, "everything has its turn"


def test_another_seed_gives_another_schedule() -> None:
    made = {tuple(schedule(s, seconds=60, kills=9, targets=TARGETS)) for s in range(50)}
    assert len(made) == 50


def test_the_judge_is_divided_mute_and_biased_at_times() -> None:
    ended = [play(job, t) for job in jobs(1, 1600, 3) for t in job.tournaments]
    matches = [match for one in ended for match in one.matches.values()]
    assert 1500 < len(matches) < 1800
    votes = Counter(len(match.votes) for match in matches)
    assert votes[2] > 500, "many pairs are clear"
    assert votes[3] > 300, "many are not"
    assert any(vote.samples > 1 for match in matches for vote in match.votes)
    assert {match.outcome.decided_by.value for match in matches} >= {"votes"}


@pytest.fixture
def whole(database: Database) -> tuple[Database, dict[str, GivenJob]]:
    """A store that holds two jobs as they must end."""
    given_jobs = {f"job-{job.strategy}": job for job in jobs(5, 120, 3)}
    with database.begin() as tx:
        for id_, job in given_jobs.items():
            _store(tx, id_, job)
    return database, given_jobs


TAMPERINGS = {
    "a vote is lost": "DELETE FROM votes WHERE ctid = (SELECT min(ctid) FROM votes)",
    "a number is missing": "UPDATE votes SET number = 7 WHERE ctid = (SELECT min(ctid) FROM votes)",
    "a vote says otherwise": """
        UPDATE votes SET verdict = CASE verdict WHEN 'first' THEN 'second' ELSE 'first' END
        WHERE ctid = (SELECT min(ctid) FROM votes)""",
    "a vote too many": """
        INSERT INTO votes SELECT match_id, 3, swapped, verdict, no_verdict, text, model, seed, 0, 0,
            0, 0, 0, 0, 0, 1, false, now() FROM votes WHERE match_id = (
            SELECT match_id FROM votes GROUP BY 1 HAVING count(*) = 2 LIMIT 1) AND number = 1""",
    "another seed": "UPDATE votes SET seed = seed + 1 WHERE ctid = (SELECT min(ctid) FROM votes)",
    "a winner is wrong": """
        UPDATE matches SET winner = first + second - winner
        WHERE id = (SELECT min(id) FROM matches WHERE winner IS NOT NULL)""",
    "a match is out": "UPDATE matches SET state = 'out' WHERE id = (SELECT min(id) FROM matches)",
    "a match is missing": "DELETE FROM matches WHERE id = (SELECT max(id) FROM matches)",
    "a match was played twice": """
        INSERT INTO matches (id, job_id, tournament_id, round, slot, first, second, state, winner,
            decided_by) OVERRIDING SYSTEM VALUE SELECT -1, job_id, tournament_id, 99, 0, first,
            second, state, winner, decided_by FROM matches LIMIT 1""",
    "slots are turned round": """
        UPDATE matches SET first = second, second = first
        WHERE id = (SELECT min(id) FROM matches)""",
    "a standing is off": """
        UPDATE standings SET elo = elo + 0.01 WHERE ctid = (SELECT min(ctid) FROM standings)""",
    "a standing is missing": """
        DELETE FROM standings WHERE ctid = (SELECT min(ctid) FROM standings)""",
    "a champion is wrong": "UPDATE tournaments SET champion = (champion + 1) % size WHERE id = 1",
    "a tournament is not done": "UPDATE tournaments SET state = 'running' WHERE id = 1",
    "a tournament is missing": "DELETE FROM tournaments WHERE id = 1",
    "matches are counted twice": "UPDATE jobs SET matches_done = matches_done + 1",
    "votes are counted twice": "UPDATE jobs SET votes = votes + 1",
    "tokens are not counted": "UPDATE jobs SET completion_tokens = completion_tokens - 1",
    "a job is partial": "UPDATE jobs SET state = 'partial'",
    "a batch is out": """
        INSERT INTO batches (job_id, queue, state, epoch) VALUES ('job-elo', 'q', 'out', 'e')""",
    "a candidate's text is another": "UPDATE candidates SET text = text || '!'",
    "half a job was left behind": """
        INSERT INTO jobs (id, source, state, strategy, seeding, judge, queue, voting, seed,
            priority, tournaments, tournaments_done, tournaments_failed, candidates, matches_done,
            matches_failed, votes, prompt_tokens, cached_tokens, completion_tokens,
            shareable_tokens, shared_tokens)
        SELECT 'half', source, 'queued', strategy, seeding, judge, queue, voting, seed, priority,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM jobs LIMIT 1""",
}


def test_a_whole_store_passes_and_no_tampering_does(
    whole: tuple[Database, dict[str, GivenJob]],
) -> None:
    database, given_jobs = whole
    with database.begin() as tx:
        assert list(audit(tx, given_jobs)) == []
    for what, statement in TAMPERINGS.items():
        with database.begin() as tx:
            assert tx.execute(text(statement)).rowcount > 0, what
            assert list(audit(tx, given_jobs)), f"not seen: {what}"
            tx.rollback()


def test_bad_counts_are_excused_only_where_the_engine_sent_them(
    whole: tuple[Database, dict[str, GivenJob]],
) -> None:
    database, given_jobs = whole
    job = given_jobs["job-knockout"]
    tournament = job.tournaments[0]
    match = next(iter(play(job, tournament).matches.values()))
    one, two = (tournament.texts[c] for c in (match.pairing.first, match.pairing.second))
    seeds = asked_seeds(job, tournament.prompt, one, two, match.votes[0])
    change = text("""
        UPDATE votes SET prompt_tokens = :count WHERE number = 1 AND match_id = (
            SELECT min(id) FROM matches WHERE job_id = 'job-knockout')""")
    sums = text("""
        UPDATE jobs SET prompt_tokens = (SELECT sum(v.prompt_tokens) FROM votes v JOIN matches m
            ON m.id = v.match_id WHERE m.job_id = jobs.id)""")
    for count, excused in ((0, True), (2**31 - 1, True), (-1, False)):
        with database.begin() as tx:
            assert tx.execute(change, {"count": count}).rowcount == 1
            tx.execute(sums)
            assert list(audit(tx, given_jobs)), "nothing excuses it"
            keys = frozenset(request_key(one, two, seed) for seed in seeds)
            assert (list(audit(tx, given_jobs, keys)) == []) is excused
            tx.rollback()


def test_no_forged_outcome_fits_its_batch() -> None:
    rows = [
        SimpleNamespace(id=1, job_id="a", token="1" * 32, matches=[11, 12]),
        SimpleNamespace(id=2, job_id="a", token="2" * 32, matches=[12, 13]),  # 12 was sent again
        SimpleNamespace(id=3, job_id="b", token="3" * 32, matches=[14]),
    ]
    sent = {row.id: SentBatch(row.job_id, row.token, frozenset(row.matches)) for row in rows}
    flushes = list(forged(rows))
    assert len(flushes) == 8
    fitted = fitting(flushes, sent, Dropped())
    votes = [vote for flush in fitted for report in flush.matches for vote in report.votes]
    assert {vote.number for vote in votes} == {-3, 0, 7, 1000, 1, 2, 3}
    assert all(v.swapped is (v.number % 2 == 1) for v in votes if 1 <= v.number <= 3)
    assert len(list(forged(rows[:1]))) == 5
    assert list(forged([])) == []


def _store(tx: Connection, id_: str, job: GivenJob) -> None:
    """The job's rows as an undisturbed run leaves them."""
    tournaments, candidates, matches, votes, standings = [], [], [], [], []
    first = int(tx.scalar(text("SELECT coalesce(max(id), 0) + 1 FROM tournaments")) or 1)
    number = int(tx.scalar(text("SELECT coalesce(max(id), 0) + 1 FROM matches")) or 1)
    for tournament_id, given_one in enumerate(job.tournaments, first):
        ended = play(job, given_one)
        count = len(ended.matches)
        tournaments.append(
            {
                "id": tournament_id,
                "job_id": id_,
                "key": given_one.key,
                "line": tournament_id,
                "prompt": given_one.prompt,
                "size": len(given_one.texts),
                "seed": tournament_seed(job, given_one),
                "state": "done",
                "planned": count,
                "decided": count,
                "champion": ended.standings[0].candidate,
            }
        )
        candidates += [
            {"tournament_id": tournament_id, "number": c, "key": f"c{c}", "text": answer}
            for c, answer in enumerate(given_one.texts)
        ]
        standings += [
            {"tournament_id": tournament_id, **to_builtins(line)} for line in ended.standings
        ]
        for position, match in ended.matches.items():
            matches.append(
                {
                    "id": number,
                    "job_id": id_,
                    "tournament_id": tournament_id,
                    "round": position.round,
                    "slot": position.slot,
                    "first": match.pairing.first,
                    "second": match.pairing.second,
                    "state": "done",
                    "winner": match.outcome.winner,
                    "decided_by": match.outcome.decided_by.value,
                }
            )
            votes += [_vote_row(number, vote) for vote in match.votes]
            number += 1
    _insert(tx, "jobs", [_job_row(id_, job, len(matches), votes)])
    for table, rows in {
        "tournaments": tournaments,
        "candidates": candidates,
        "matches": matches,
        "votes": votes,
        "standings": standings,
    }.items():
        _insert(tx, table, rows)


def _vote_row(match: int, vote: Any) -> dict[str, Any]:
    zero = dict.fromkeys(("seconds", "queue_seconds", "query_tokens", "slot_tokens"), 0)
    return {
        "match_id": match,
        **zero,
        "number": vote.number,
        "swapped": vote.swapped,
        "verdict": vote.verdict.value,
        "text": "",
        "model": "chaos",
        "seed": vote.seed,
        "samples": vote.samples,
        "prompt_tokens": vote.prompt_tokens,
        "cached_tokens": vote.cached_tokens,
        "completion_tokens": vote.completion_tokens,
        "neutralised": False,
    }


def _job_row(id_: str, job: GivenJob, matches: int, votes: list[dict[str, Any]]) -> dict[str, Any]:
    tokens = ("prompt_tokens", "cached_tokens", "completion_tokens")
    nothing = ("tournaments_failed", "matches_failed", "shareable_tokens", "shared_tokens")
    return {
        "id": id_,
        "source": "test",
        "state": "succeeded",
        "strategy": job.strategy,
        "seeding": "random",
        "judge": "{}",
        "queue": "test",
        "voting": json.dumps(to_builtins(voting_of(job))),
        "seed": job.seed,
        "priority": 1,
        "tournaments": len(job.tournaments),
        "tournaments_done": len(job.tournaments),
        "candidates": sum(len(tournament.texts) for tournament in job.tournaments),
        "matches_done": matches,
        "votes": len(votes),
        **{name: sum(vote[name] for vote in votes) for name in tokens},
        **dict.fromkeys(nothing, 0),
    }


def _insert(tx: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    names = ", ".join(rows[0])
    values = ", ".join(f":{name}" for name in rows[0])
    into = f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE VALUES ({values})"  # noqa: S608
    for row in rows:
        tx.execute(text(into), row)
